import type { PrismaClientLike } from '../../data/tenant-database.ts';
import { createDeadlines } from '../../resilience/deadlines.ts';
import type { TenantId } from '../../tenancy/ids.ts';
import { eventCatalogue } from '../catalogue.ts';
import { type RetryPolicy, usualRetries } from './event-failure.ts';
import type { EventSource } from './event-source.ts';
import { EventWorker, type WorkerTimes } from './event-worker.ts';
import { type ReplayCounts, replayEvents } from './replay-events.ts';
import type { HandlingApp } from './run-handler.ts';

/** How long handlers may take, in milliseconds. */
export interface HandlerTimes {
  /** Each; 8,000 by default, which is less than a transaction may take. */
  readonly handlerMs: number;
  /** Each when the app stops; 1,000 by default. */
  readonly stopMs: number;
  /** All in one transaction together; no further one is begun then. 100 by default. */
  readonly togetherMs: number;
}

/** With what an app reacts to events. */
export interface EventOptions {
  readonly source: EventSource;
  /** Handles nothing by itself, for one who only replays. */
  readonly isIdle?: boolean;
  readonly retries?: Partial<RetryPolicy>;
  readonly times?: Partial<WorkerTimes & HandlerTimes>;
}

/** The handlers of a running app. */
export interface RunningHandlers {
  /** Waits until the app has passed a place in the log of a tenant: handled, or set aside, whatever concerns it. */
  reached(tenantId: TenantId, seq: number): Promise<void>;
  /** Hands the app again what lies after a place; see `replayEvents`. */
  replay(tenantId: TenantId, after: number): Promise<ReplayCounts>;
  stop(): Promise<void>;
}

/**
 * Begins to hand an app the events that it has handlers for.
 *
 * @throws for a handler of a type that the event catalogue does not have
 */
export function startHandlers<Client extends PrismaClientLike>(
  app: Omit<HandlingApp<Client>, 'source' | 'retries' | 'times' | 'stopping'>,
  { source, isIdle = false, retries, times = {} }: EventOptions,
): RunningHandlers {
  const unknown = Object.keys(app.handlers).filter((type) => !eventCatalogue().has(type));
  if (unknown.length > 0)
    throw new Error(`There are no events ${unknown.join(', ')} for the app ${app.app} to handle.`);
  const stopping = new AbortController();
  const { handlerMs = 8_000, stopMs = 1_000, togetherMs = 100 } = times;
  const handling = {
    ...app,
    source,
    retries: { ...usualRetries, ...retries },
    times: { deadlines: createDeadlines(handlerMs), lastDeadlines: createDeadlines(stopMs), togetherMs },
    stopping: stopping.signal,
  };
  const forget = source.onHint(Object.keys(app.handlers), () => undefined); // a replay asks for them too
  const worker = isIdle ? undefined : new EventWorker(handling, times);
  return {
    async reached(tenantId, seq) {
      await worker?.reached(tenantId, seq);
    },
    replay: (tenantId, after) => replayEvents(handling, tenantId, after),
    async stop() {
      stopping.abort();
      forget();
      await worker?.stop();
    },
  };
}
