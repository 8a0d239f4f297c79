import type { PrismaClientLike } from '../../data/tenant-database.ts';
import type { TenantId } from '../../tenancy/ids.ts';
import { eventCatalogue } from '../catalogue.ts';
import type { HandlingApp } from './apply-event.ts';
import { type RetryPolicy, usualRetries } from './event-failure.ts';
import type { EventSource } from './event-source.ts';
import { EventWorker, type WorkerTimes } from './event-worker.ts';
import { type ReplayCounts, replayEvents } from './replay-events.ts';

/** With what an app reacts to events. */
export interface EventOptions {
  readonly source: EventSource;
  /** Handles nothing by itself, for one who only replays. */
  readonly isIdle?: boolean;
  readonly retries?: Partial<RetryPolicy>;
  readonly times?: Partial<WorkerTimes>;
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
  app: Omit<HandlingApp<Client>, 'source' | 'retries'>,
  { source, isIdle = false, retries, times }: EventOptions,
): RunningHandlers {
  const unknown = Object.keys(app.handlers).filter((type) => !eventCatalogue().has(type));
  if (unknown.length > 0)
    throw new Error(`There are no events ${unknown.join(', ')} for the app ${app.app} to handle.`);
  const handling = { ...app, source, retries: { ...usualRetries, ...retries } };
  const forget = source.onHint(Object.keys(app.handlers), () => undefined); // a replay asks for them too
  const worker = isIdle ? undefined : new EventWorker(handling, times);
  return {
    async reached(tenantId, seq) {
      await worker?.reached(tenantId, seq);
    },
    replay: (tenantId, after) => replayEvents(handling, tenantId, after),
    async stop() {
      forget();
      await worker?.stop();
    },
  };
}
