import type { GraphQLError } from 'graphql';
import type { AnswerReader, AnswerStream, StreamAnswer } from './answers.ts';
import type { FollowedOperation } from './followed-operation.ts';
import type { Group } from './group.ts';

/** Where a member is that is in no group. */
export interface Standing {
  readonly operation: FollowedOperation;
  readonly cursor: string | null;
}

/**
 * One subscription of one client. It gets what its group gets; one that cannot keep up stands alone with its cursor and
 * nothing else, until its reader wants more.
 */
export class Member implements AnswerStream {
  // What each answer looks at stands together.
  #isReady = false;
  #isOver = false;
  #reader: AnswerReader | undefined;
  #group: Group | undefined;
  #standing: Standing | undefined;
  #errors: readonly GraphQLError[] | undefined;
  #stopListening = () => {};
  readonly #rejoin: (member: Member, standing: Standing) => void;

  /** @param rejoin Finds a group for a member that wants more. */
  constructor(rejoin: (member: Member, standing: Standing) => void) {
    this.#rejoin = rejoin;
  }

  /** Whether it can take an answer. */
  get isReady(): boolean {
    return this.#isReady;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** @param stopListening Called when it is over. */
  onOver(stopListening: () => void): void {
    this.#stopListening = stopListening;
  }

  read(reader: AnswerReader): void {
    this.#reader = reader;
    if (this.#errors) reader.end(this.#errors);
    else this.resume();
  }

  resume(): void {
    if (this.#isOver || !this.#reader) return;
    this.#isReady = true;
    const standing = this.#standing;
    this.#standing = undefined;
    if (standing) this.#rejoin(this, standing);
    else this.#group?.wake();
  }

  leave(): void {
    if (this.#isOver) return;
    const group = this.#group;
    this.#finish();
    group?.remove(this);
  }

  /** Ends it, and tells the reader. */
  stop(): void {
    const group = this.#group;
    this.end([]);
    group?.remove(this);
  }

  /** It is in a group from now on. */
  enter(group: Group): void {
    this.#group = group;
  }

  /** It is in no group any more, and goes on from here when it wants more. */
  stand(standing: Standing): void {
    this.#group = undefined;
    this.#standing = standing;
  }

  /** Only when it is ready. */
  deliver(answer: StreamAnswer): void {
    this.#isReady = false;
    if (this.#reader?.deliver(answer)) this.#isReady = !this.#isOver;
  }

  end(errors: readonly GraphQLError[]): void {
    if (this.#isOver) return;
    this.#errors = errors;
    this.#finish();
    this.#reader?.end(errors);
  }

  #finish(): void {
    this.#isOver = true;
    this.#isReady = false;
    this.#group = undefined;
    this.#standing = undefined;
    this.#stopListening();
  }
}
