import type { BackoffBounds } from './backoff.ts';
import { pause, pauseAfter } from './backoff.ts';
import type { Events } from './events.ts';
import type { OperationFailed } from './failure.ts';
import type { RefusedMutation } from './records.ts';
import type { Kept } from './sync-kept.ts';
import type { SyncServer } from './sync-server.ts';
import type { SyncState } from './sync-state.ts';

/** What synchronising tells, beside what the client tells of its connection. */
export interface SyncEvents {
  /** How many of the user's edits are on their way. */
  readonly pending: number;
  /** An edit met a change that somebody else had made, and was not applied. */
  readonly conflict: RefusedMutation;
  /** An edit is against a rule, and was not applied. */
  readonly rejected: RefusedMutation;
  /** The past was lost, for this reason (`CURSOR_EXPIRED`, ...): the records are loaded anew. The queue stays. */
  readonly resync: string;
  /** The records, or the user's view of them, have changed. */
  readonly records: undefined;
  /** Something went wrong and is tried again: at once, after a pause, or when asked to (`retry`). */
  readonly failure: OperationFailed;
}

/** What both directions of synchronising work with. */
export interface SyncContext {
  readonly entities: readonly string[];
  readonly state: SyncState;
  readonly server: SyncServer;
  readonly events: Events<SyncEvents>;
  readonly backoff: BackoffBounds;
  /** Whether trying again makes sense without anything having changed here. */
  readonly mayPass: (failure: OperationFailed) => boolean;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Rings when there may be something to do: an edit, an answer, a wish to try again. */
  readonly bell: Bell;
  /** Rings, before the bell does, when trying again is worth it now: there is a network, or the user wants to. */
  readonly nudge: Bell;
  readonly commit: Kept['commit'];
}

/** Something to wait for. */
export interface Bell {
  ring(): void;
  /** Resolves with the next ring. Taken before an attempt, it tells of a ring during the attempt as well. */
  next(): Promise<void>;
}

/** Makes a bell. */
export function createBell(): Bell {
  let next = Promise.withResolvers<void>();
  return {
    ring() {
      next.resolve();
      next = Promise.withResolvers();
    },
    next: () => next.promise,
  };
}

/** Resolves with the promise, or when the signal is aborted. */
export async function orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const stop = Promise.withResolvers<void>();
  const end = () => stop.resolve();
  signal.addEventListener('abort', end);
  await Promise.race([promise, stop.promise]);
  signal.removeEventListener('abort', end);
}

/** What the pause after a failed attempt depends on. */
export interface FailedAttempt {
  readonly failure: OperationFailed;
  /** How many there were in a row. */
  readonly failures: number;
  /** Whether it is known to pass; by default as the context judges. */
  readonly mayPass?: boolean;
  /** The ring that was the next one when the attempt began. */
  readonly rung: Promise<void>;
}

/**
 * Waits before another attempt. Where the failure may pass by itself, for a pause that only a nudge ends: edits that are
 * made meanwhile do not. Else until the bell rings.
 */
export async function rest(attempt: FailedAttempt, context: SyncContext): Promise<void> {
  const { failure, failures, rung, mayPass = context.mayPass(failure) } = attempt;
  const { events, backoff, signal, nudge } = context;
  if (failure.code !== 'OFFLINE') events.tell('failure', failure);
  if (!mayPass) return await orAborted(rung, signal);
  const enough = new AbortController();
  const either = AbortSignal.any([enough.signal, signal]);
  const milliseconds = (failure.retryAfterSeconds ?? 0) * 1000 + pauseAfter(failures, backoff);
  await Promise.race([pause(milliseconds, either), orAborted(nudge.next(), either)]);
  enough.abort();
}
