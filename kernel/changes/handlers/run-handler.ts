import type { AuditRecord } from '../../audit/audit-record.ts';
import { newEntityId } from '../../data/entity-id.ts';
import type { PrismaClientLike, TenantDatabase, TenantTransaction } from '../../data/tenant-database.ts';
import type { Deadlines } from '../../resilience/deadlines.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { createServicePrincipal } from '../../tenancy/service-principal.ts';
import { eventCatalogue } from '../catalogue.ts';
import type { Change } from '../change.ts';
import { completeChange, type UnplacedChange } from '../insert-changes.ts';
import type { SealKeys } from '../sealing/seal-keys.ts';
import { HandlerLeft, type RetryPolicy } from './event-failure.ts';
import { type EventContext, type EventHandlers, eventIdOf, type Reaction } from './event-handler.ts';
import type { EventSource } from './event-source.ts';

/** How long handlers may take. */
export interface HandlingTimes {
  /** Less than a transaction may take, so that a handler that never ends is one that fails. */
  readonly deadlines: Deadlines;
  /** What is left to one when its app stops. */
  readonly lastDeadlines: Deadlines;
  /** After so many milliseconds a transaction begins with no further event: others may wait for the rows that it changes. */
  readonly togetherMs: number;
}

/** An app that handles events. */
export interface HandlingApp<Client extends PrismaClientLike> {
  readonly app: string;
  readonly handlers: EventHandlers<Client>;
  readonly database: TenantDatabase<Client>;
  readonly source: EventSource;
  readonly retries: RetryPolicy;
  readonly times: HandlingTimes;
  /** Aborted when the app stops: no event is begun after that. */
  readonly stopping: AbortSignal;
  /** The platform's. */
  readonly secret: string;
  /** With which the personal data of its changes are sealed. */
  readonly sealKeys: SealKeys;
  readonly logger: Logger;
}

/** What a handler leaves to be written by whoever runs it. */
export interface Handled {
  readonly changes: readonly UnplacedChange[];
  /** None where nothing was changed. */
  readonly record?: AuditRecord;
}

/** The reaction of a handler, or a failure when it does not come. */
async function inTime(
  reaction: Promise<Reaction>,
  { deadlines, lastDeadlines }: HandlingTimes,
  stopping: AbortSignal,
): Promise<Reaction> {
  const late = Promise.withResolvers<never>();
  const forgets = [deadlines.start(() => late.reject(new Error('The handler of an event did not end.')))];
  const hurry = () => forgets.push(lastDeadlines.start(() => late.reject(new HandlerLeft())));
  if (stopping.aborted) hurry();
  stopping.addEventListener('abort', hurry);
  try {
    return await Promise.race([reaction, late.promise]);
  } finally {
    stopping.removeEventListener('abort', hurry);
    for (const forget of forgets) forget();
  }
}

/** Has an app handle one event in a transaction. Of somebody who was erased there is nothing left to react to. */
export async function runHandler<Client extends PrismaClientLike>(
  { app, handlers, secret, logger, times, stopping }: HandlingApp<Client>,
  tx: TenantTransaction<Client>,
  change: Change,
): Promise<Handled> {
  const { tenantId, type, correlationId } = change;
  const handler = handlers[type];
  if (!handler || change.data.erased === true) return { changes: [] };
  const causationId = eventIdOf(change);
  const actor = `app:${app}`;
  const origin = { app, tenantId, actor, sourceApp: app, correlationId, causationId };
  const changes: UnplacedChange[] = [];
  const context: EventContext<Client> = {
    tenantId,
    tx,
    publish: (one) => changes.push(completeChange(eventCatalogue(), origin, one)),
    principal: createServicePrincipal(app, tenantId, []),
    correlationId,
    eventId: causationId,
    secret,
    logger,
  };
  const reaction = await inTime(handler(change, context), times, stopping);
  if (reaction === 'unchanged' && changes.length === 0) return { changes };
  const [first] = changes;
  const record: AuditRecord = {
    ...{ id: newEntityId(), tenantId, kind: 'MUTATION', outcome: 'DONE' },
    ...{ sourceApp: app, targetApp: app, credentialId: actor, operationName: type },
    ...{ entity: first?.entity, entityId: first?.entityId, correlationId },
  };
  return { changes, record };
}
