import type { SubgraphResponse } from '../../kernel/subgraph/connection.ts';

/** As many events wait for a reader at most, and as many characters of them; whoever has more does not keep up. */
const maxWaiting = 256;
const maxWaitingCharacters = 4 * 1024 * 1024;

/**
 * The events of a subscription that come whether they are read or not. Some wait; with more of them the stream breaks off
 * behind those that wait, as it does when it is ended with an error.
 */
export class PushedEvents implements AsyncIterableIterator<SubgraphResponse, undefined> {
  readonly #onLeave: () => void;
  readonly #onEnd: () => void;
  readonly #waiting: SubgraphResponse[] = [];
  #characters = 0;
  #asked: PromiseWithResolvers<IteratorResult<SubgraphResponse, undefined>> | undefined;
  #end: { readonly error: Error | undefined } | undefined;

  /**
   * @param onLeave Called when nobody wants events any more, unless they have ended.
   * @param onEnd Called when nothing comes any more, for whatever reason.
   */
  constructor(onLeave: () => void, onEnd: () => void) {
    this.#onLeave = onLeave;
    this.#onEnd = onEnd;
  }

  /** @param characters How large it is. */
  push(event: SubgraphResponse, characters: number): void {
    if (this.#end) return;
    if (this.#asked) {
      this.#asked.resolve({ done: false, value: event });
      this.#asked = undefined;
    } else if (this.#waiting.length < maxWaiting && this.#characters + characters <= maxWaitingCharacters) {
      this.#waiting.push(event);
      this.#characters += characters;
    } else {
      this.end(new Error('The events of the subgraph are not read as fast as they come.'));
      this.#onLeave();
    }
  }

  /** What waits is still read. */
  end(error?: Error): void {
    if (this.#end) return;
    this.#end = { error };
    this.#onEnd();
    if (this.#asked) this.#asked.resolve(this.#takeEnd());
    this.#asked = undefined;
  }

  next(): Promise<IteratorResult<SubgraphResponse, undefined>> {
    const event = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#characters = 0;
    if (event) return Promise.resolve({ done: false, value: event });
    if (this.#end) return this.#takeEnd();
    this.#asked = Promise.withResolvers();
    return this.#asked.promise;
  }

  async return(): Promise<IteratorResult<SubgraphResponse, undefined>> {
    const isLeft = !this.#end;
    this.#waiting.length = 0;
    this.end();
    if (isLeft) this.#onLeave();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** An error is told once. */
  async #takeEnd(): Promise<IteratorResult<SubgraphResponse, undefined>> {
    const error = this.#end?.error;
    this.#end = { error: undefined };
    if (error) throw error;
    return { done: true, value: undefined };
  }
}
