import { GraphQLError } from 'graphql';
import { errorDetailNames } from '../../kernel/errors/codes.ts';
import { createEnding } from '../../kernel/resilience/on-abort.ts';
import { StreamEndedError, type SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import { isDataObject } from '../execute/own-values.ts';
import { answerEvent } from './answer-event.ts';
import { StreamAnswer } from './answers.ts';
import { type FollowedOperation, hasSameSource } from './followed-operation.ts';
import type { Groups } from './groups.ts';
import type { Member } from './member.ts';
import { openSource } from './open-source.ts';
import { SourceEvents, type Taken } from './source-events.ts';
import { cursorAfter, isUnread } from './source-plan.ts';
import { codeOf, somethingFailed, unavailable } from './stream-errors.ts';

/** What passes by itself: a source that breaks off for it is opened again. */
const passing: ReadonlySet<unknown> = new Set([
  'INTERNAL',
  'SUBGRAPH_UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'RATE_LIMITED',
]);

/** Why what runs for a group is ended, when nobody is left in it. An error is costly to make. */
const over = new DOMException('The subscription has ended.', 'AbortError');

/** Errors without data are no event: some servers say so why there are none. */
function isRefusal(response: SubgraphResponse): boolean {
  return isDataObject(response) && response.data === undefined && Array.isArray(response.errors);
}

/** By what the subgraph itself says; what it does not say does not pass. */
function mayPass({ errors }: SubgraphResponse): boolean {
  return passing.has(codeOf(errors));
}

/**
 * Members that follow the same operation from the same cursor on: one source, one execution for each event, and one text
 * of each answer, whatever their number. A group without cursors has one member.
 *
 * An event is taken when some member can take its answer. Members who cannot are left behind with the cursor that they
 * are at. When the source breaks off it is opened again at the cursor, and nobody notices.
 */
export class Group {
  operation: FollowedOperation;
  /** Where its members are; null where nothing has come yet, and where there are no cursors. */
  cursor: string | null;
  /** Undefined once the source is open; the errors for which it is not, none where nobody has waited for it. */
  readonly opened: Promise<readonly GraphQLError[] | undefined>;
  readonly #settleOpened: (errors: readonly GraphQLError[] | undefined) => void;
  readonly #groups: Groups;
  readonly #members = new Set<Member>();
  readonly #ending = createEnding();
  readonly #context: RequestContext;
  #source: SourceEvents | undefined;
  /** Whether it begins a subscription, whose client is told when the source cannot be opened. */
  #isFresh: boolean;
  #failures = 0;
  #retryAt = 0;
  #wake: (() => void) | undefined;

  constructor(groups: Groups, operation: FollowedOperation, cursor: string | null, isFresh: boolean) {
    const { principal, correlationId, forwardedHeaders } = operation.request.context;
    const { promise, resolve } = Promise.withResolvers<readonly GraphQLError[] | undefined>();
    this.#groups = groups;
    this.operation = operation;
    this.cursor = cursor;
    this.opened = promise;
    this.#settleOpened = resolve;
    this.#isFresh = isFresh;
    if (!isFresh) resolve(undefined);
    const { signal } = this.#ending;
    this.#context = { principal, correlationId, signal, ...(forwardedHeaders && { forwardedHeaders }) };
  }

  get isOpen(): boolean {
    return this.#source !== undefined;
  }

  add(member: Member): void {
    this.#members.add(member);
    member.enter(this);
    if (member.isReady) this.wake();
  }

  /** The last member takes the source with it. */
  remove(member: Member): void {
    this.#members.delete(member);
    if (this.#members.size === 0) this.#close();
  }

  /** Everyone goes on in another group, which is at the same cursor. */
  moveInto(other: Group): void {
    const members = [...this.#members];
    this.#close();
    for (const member of members) other.add(member);
  }

  /** Somebody wants more. */
  wake(): void {
    this.#wake?.();
  }

  /** Looks whether the supergraph is still the one that it runs on. */
  reconsider(): void {
    this.#source?.interrupt();
    this.#wake?.();
  }

  /** Follows the source until nobody is left. */
  async run(): Promise<void> {
    try {
      while (this.#members.size > 0) await this.#step();
    } catch (cause) {
      this.#groups.noteFailure(this.operation.source.subgraph, this.#context, cause);
      this.#end([somethingFailed(this.#context)]);
    }
  }

  async #step(): Promise<void> {
    if (this.#groups.isOld(this.operation)) return await this.#plan();
    const wait = this.#retryAt - performance.now();
    if (!this.#isFresh && !this.#isWanted()) return await this.#sleep();
    if (!this.#source) return wait > 0 ? await this.#sleep(wait) : await this.#open();
    await this.#follow(await this.#source.take());
  }

  #isWanted(): boolean {
    for (const { isReady } of this.#members) if (isReady) return true;
    return false;
  }

  /** Waits for a member that wants more, or for so many milliseconds. */
  async #sleep(ms?: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }

  async #open(): Promise<void> {
    const { source, admitted } = this.operation;
    try {
      const opened = await openSource({ source, admitted, context: this.#context, cursor: this.cursor });
      if (Symbol.asyncIterator in opened) this.#begin(new SourceEvents(opened));
      else await this.#refuse(opened);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #begin(source: SourceEvents): void {
    this.#source = source;
    this.#isFresh = false;
    this.#settleOpened(undefined);
    // They may have gone while it was opened.
    if (this.#members.size === 0) this.#close();
  }

  /** The subgraph says why there are no events, or no more of them. */
  async #refuse(response: SubgraphResponse): Promise<void> {
    const { errors = [] } = await this.#answer(response);
    const [first] = errors;
    if (!first) throw new Error('There is neither a stream nor an error.');
    if (this.#resumes && !this.#isFresh && mayPass(response)) this.#fail(first);
    else this.#end(errors);
  }

  get #resumes(): boolean {
    return this.operation.source.cursor !== undefined;
  }

  #fail(cause: unknown): void {
    if (this.#members.size === 0) return;
    const { subgraph } = this.operation.source;
    this.#source?.leave();
    this.#source = undefined;
    if (this.#failures === 0) this.#groups.noteFailure(subgraph, this.#context, cause);
    if (this.#isFresh || !this.#resumes) {
      this.#end([unavailable(subgraph)]);
    } else {
      this.#failures += 1;
      this.#retryAt = performance.now() + this.#groups.retryDelay(this.#failures);
    }
  }

  async #follow(taken: Taken): Promise<void> {
    switch (taken.kind) {
      case 'interrupted':
        return;
      case 'event':
        return isRefusal(taken.event) ? await this.#refuse(taken.event) : await this.#tell(taken.event);
      case 'ended':
        return this.#end([]);
      case 'failed': {
        const { cause } = taken;
        return cause instanceof StreamEndedError ? await this.#refuse({ errors: cause.errors }) : this.#fail(cause);
      }
    }
  }

  async #tell(event: SubgraphResponse): Promise<void> {
    const { cursor, subgraph } = this.operation.source;
    // Whoever is at a cursor would never get it otherwise: the next event begins behind it.
    if (cursor && this.cursor !== null && isUnread(cursor, event)) return this.#fail(unavailable(subgraph));
    const to = cursor && cursorAfter(cursor, event);
    const { data, errors } = await this.#answer(event);
    const answer = new StreamAnswer(data, errors);
    const standing = { operation: this.operation, cursor: this.cursor };
    this.#failures = 0;
    for (const member of this.#members) {
      if (member.isReady) {
        this.#deliver(member, answer);
      } else if (cursor) {
        this.#members.delete(member);
        member.stand(standing);
      }
    }
    if (this.#members.size === 0) return this.#close();
    // Who comes to the cursor of before would not get what was told without another.
    if (to === undefined) this.#groups.unlist(this);
    else this.#groups.list(this, this.operation, to);
  }

  /** A reader that fails is no concern of the others. */
  #deliver(member: Member, answer: StreamAnswer): void {
    try {
      member.deliver(answer);
    } catch (cause) {
      this.#members.delete(member);
      this.#groups.noteFailure(this.operation.source.subgraph, this.#context, cause);
      member.end([somethingFailed(this.#context)]);
    }
  }

  #answer(event: SubgraphResponse) {
    const { admitted, source } = this.operation;
    const { plan, variables, served } = admitted;
    const { eventDeadlineMs, onSubgraphFailure } = this.#groups.parts;
    const args = {
      plan,
      variables,
      supergraph: served.supergraph,
      connections: served.connections,
      context: this.#context,
      onSubgraphFailure,
      keptExtensions: errorDetailNames,
      eventDeadlineMs,
    };
    return answerEvent(args, source.subgraph, event);
  }

  /** Goes on by the supergraph that is served now: with the same source, where that is still the one. */
  async #plan(): Promise<void> {
    const before = this.operation;
    const next = await this.#groups.readmit(before);
    if (this.#members.size === 0) return;
    if (next instanceof GraphQLError) return this.#end([next]);
    if (!hasSameSource(before, next)) {
      this.#source?.leave();
      this.#source = undefined;
    }
    this.#groups.list(this, next, this.cursor);
  }

  #end(errors: readonly GraphQLError[]): void {
    const members = [...this.#members];
    this.#settleOpened(errors);
    this.#close();
    for (const member of members) member.end(errors);
  }

  #close(): void {
    this.#members.clear();
    this.#groups.forget(this);
    this.#source?.leave();
    this.#source = undefined;
    this.#settleOpened([]);
    this.#ending.end(over);
    this.#wake?.();
  }
}
