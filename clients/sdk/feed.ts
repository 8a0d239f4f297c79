import { type BackoffBounds, pause, pauseAfter } from './backoff.ts';
import type { Connection } from './connection.ts';
import { failureOf, mayPass, OperationFailed } from './failure.ts';
import { type FeedEvent, readFeedEvent } from './feed-event.ts';
import { createHandover, type Handover } from './handover.ts';
import type { Answer } from './http.ts';
import type { Subscriber } from './operations.ts';

/** An answer of a subscription, and where in the log it ends. */
export interface FeedAnswer<Data> extends Answer<Data> {
  /** Undefined for subscriptions that do not resume. */
  readonly cursor: string | undefined;
}

export interface FeedOptions {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** A cursor; undefined starts now. */
  readonly after: string | undefined;
  /** Leaves it. */
  readonly signal?: AbortSignal | undefined;
  readonly backoff: BackoffBounds;
}

/** So many answers wait for a slow consumer; what comes then is fetched anew when it has caught up. */
const mostWaiting = 256;
/** After so many batches in a row that do not join, the server is at fault. */
const mostGaps = 3;

/** The answers of a subscription that cannot resume: it ends with `INTERRUPTED` when the connection breaks. */
export function openPlainFeed<Data>(
  connection: Connection,
  { query, variables, signal }: Pick<FeedOptions, 'query' | 'variables' | 'signal'>,
): AsyncIterableIterator<FeedAnswer<Data>> {
  const handover = createHandover<FeedAnswer<Data>>({
    signal,
    onLeave: () => running.stop(),
    onEmpty: () => undefined,
  });
  const running = connection.run({
    request: () => ({ query, variables }),
    next: ({ data, errors = [] }) =>
      handover.give({ data: data as Data, errors, correlationId: undefined, cursor: undefined }),
    ended: handover.end,
    interrupted: () =>
      handover.end(
        new OperationFailed('The connection broke, and this subscription cannot resume.', { code: 'INTERRUPTED' }),
      ),
  });
  return handover.iterator;
}

/**
 * The answers of a subscription with a variable `$after`, over any number of connections. It goes on where its last batch
 * ended: one that does not begin there is not handed over, and the feed is opened again at the own cursor. It ends by
 * throwing when the server says that it may not go on, and when the loop over it is left.
 */
export function openFeed<Data>(connection: Connection, options: FeedOptions): AsyncIterableIterator<FeedAnswer<Data>> {
  const handover: Handover<FeedAnswer<Data>> = createHandover({
    signal: options.signal,
    onLeave: () => attempts.stop(),
    onEmpty: () => attempts.refill(),
  });
  let cursor = options.after;
  let gaps = 0;

  const attempts = createAttempts(connection, options.backoff, {
    request: () => ({ query: options.query, variables: { ...options.variables, after: cursor ?? null } }),
    next({ data, errors = [] }) {
      const event = readFeedEvent(data);
      const fault = findFault(event, errors);
      if (fault) {
        if (mayPass(fault)) attempts.again(fault);
        else handover.end(fault);
      } else if (event?.kind === 'batch' && cursor !== undefined && event.from !== undefined && event.from !== cursor) {
        gaps += 1;
        if (gaps < mostGaps) attempts.again();
        else handover.end(new OperationFailed('The batches of the server do not join.', { code: 'NOT_RESUMABLE' }));
      } else if (event?.kind === 'batch' || event?.kind === 'resync') {
        gaps = 0;
        cursor = event.kind === 'batch' ? event.to : event.from;
        handover.give({ data: data as Data, errors, correlationId: undefined, cursor });
        attempts.succeeded(handover.waiting() >= mostWaiting);
      }
    },
    ended(failure) {
      const isOver = failure?.code === 'UNAUTHENTICATED' && attempts.areGood() && connection.renew();
      if (failure === undefined || isOver || mayPass(failure)) attempts.again(failure);
      else handover.end(failure);
    },
    // The connection runs it again by itself, from the cursor that it has come to.
    interrupted: () => undefined,
  });
  attempts.open();
  return handover.iterator;
}

/** Why an event cannot be handed over, if it cannot. */
function findFault(event: FeedEvent | undefined, errors: Answer<unknown>['errors']): OperationFailed | undefined {
  if (event === undefined) return failureOf(errors);
  if (event.kind !== 'unreadable') return undefined;
  return new OperationFailed(`To resume, the subscription selects ${event.missing}.`, { code: 'NOT_RESUMABLE' });
}

/** One subscription that is opened as often as it takes. */
function createAttempts(connection: Connection, backoff: BackoffBounds, subscriber: Subscriber) {
  let running: { stop(): void } | undefined;
  let waiting: AbortController | undefined;
  let failures = 0;
  let held = false;

  const open = () => {
    running = connection.run(subscriber);
  };
  const stop = () => {
    waiting?.abort();
    running?.stop();
    running = undefined;
  };
  return {
    open,
    stop,
    /** Whether the last one brought something. */
    areGood: () => failures === 0,
    /** Opens it again, after a pause. */
    again(failure?: OperationFailed) {
      stop();
      failures += 1;
      const asked = (failure?.retryAfterSeconds ?? 0) * 1000;
      const mine = new AbortController();
      waiting = mine;
      const ends = AbortSignal.any([mine.signal, connection.closing]);
      void pause(asked + pauseAfter(failures, backoff), ends).then(() => {
        if (!mine.signal.aborted) open();
      });
    },
    /** Something was handed over; too much of it waits when the feed is held. */
    succeeded(hold: boolean) {
      failures = 0;
      held = hold;
      if (hold) stop();
    },
    /** All that waited was taken. */
    refill() {
      if (!held) return;
      held = false;
      open();
    },
  };
}
