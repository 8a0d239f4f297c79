import type { GraphQLError } from 'graphql';
import type { WrittenData } from '../execute/written-data.ts';
import { answerText, formatErrors } from '../server/door-answer.ts';

/** One answer of a subscription. Whoever reads the same subscription gets the same object. */
export class StreamAnswer {
  readonly data: WrittenData;
  readonly errors: readonly GraphQLError[];
  #text: string | undefined;
  #bytes: Buffer | undefined;

  constructor(data: WrittenData, errors: readonly GraphQLError[] = []) {
    this.data = data;
    this.errors = errors;
  }

  /** The answer as JSON, written once for all who get it. */
  get text(): string {
    this.#text ??=
      this.errors.length === 0
        ? `{"data":${this.data.text}}`
        : answerText({ errors: formatErrors(this.errors), data: this.data as never });
    return this.#text;
  }

  /** The same in UTF-8. */
  get bytes(): Buffer {
    this.#bytes ??= Buffer.from(this.text);
    return this.#bytes;
  }
}

/** What a door does with the answers of one subscription. Nothing here is waited for. */
export interface AnswerReader {
  /** Takes an answer, and tells whether it can take another one. When it cannot, it asks for more by `resume`. */
  deliver(answer: StreamAnswer): boolean;
  /**
   * Nothing comes any more: the subscription is complete, its request has ended or, with errors, it has broken off.
   * Called once, and not after it was left.
   */
  end(errors: readonly GraphQLError[]): void;
}

/**
 * A subscription that has begun. Answers are handed out when there is a reader, as fast as it takes them. What it cannot
 * take is not kept for it: where the field has a cursor it is asked for again, else it is not asked for before.
 */
export interface AnswerStream {
  /** Begins to hand out answers; they may come before it returns. Called once. */
  read(reader: AnswerReader): void;
  /** The reader can take an answer again. */
  resume(): void;
  /** Ends the subscription at once. Nothing is handed out any more. */
  leave(): void;
}

/** A subscription that has begun, or the errors that say why it has not. */
export type Subscription =
  | { readonly kind: 'started'; readonly answers: AnswerStream }
  | { readonly kind: 'refused'; readonly errors: readonly GraphQLError[] };

/** A stream that can be left at any time, also while the next value is awaited. */
export interface LeavableStream<Value> extends AsyncIterableIterator<Value, undefined> {
  return(): Promise<IteratorResult<Value, undefined>>;
}

/**
 * The answers one by one, for those who wait for each. One answer is taken in advance. Rejects with the first error of a
 * subscription that breaks off.
 */
export function iterateAnswers(answers: AnswerStream): LeavableStream<StreamAnswer> {
  const ended: IteratorResult<StreamAnswer, undefined> = { done: true, value: undefined };
  let ahead: StreamAnswer | undefined;
  let asked: PromiseWithResolvers<IteratorResult<StreamAnswer, undefined>> | undefined;
  let isRead = false;
  let end: { readonly error: GraphQLError | undefined } | undefined;

  function finish(error: GraphQLError | undefined): void {
    end ??= { error };
    if (!asked) return;
    if (end.error) asked.reject(end.error);
    else asked.resolve(ended);
    asked = undefined;
    end = { error: undefined };
  }

  const reader: AnswerReader = {
    deliver(value) {
      if (!asked) {
        ahead = value;
        return false;
      }
      asked.resolve({ done: false, value });
      asked = undefined;
      return true;
    },
    end: ([error]) => finish(error),
  };

  return {
    next() {
      asked = Promise.withResolvers();
      const { promise } = asked;
      if (ahead) {
        asked.resolve({ done: false, value: ahead });
        asked = undefined;
        ahead = undefined;
        if (!end) answers.resume();
      } else if (end) {
        finish(undefined);
      } else if (!isRead) {
        isRead = true;
        answers.read(reader);
      }
      return promise;
    },
    async return() {
      ahead = undefined;
      answers.leave();
      end = { error: undefined };
      finish(undefined);
      return ended;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
