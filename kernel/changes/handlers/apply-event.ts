import { insertAuditRecords } from '../../audit/audit-record.ts';
import { newEntityId } from '../../data/entity-id.ts';
import type { PrismaClientLike, TenantDatabase, TenantTransaction } from '../../data/tenant-database.ts';
import { createDeadlines } from '../../resilience/deadlines.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { createServicePrincipal } from '../../tenancy/service-principal.ts';
import { eventCatalogue } from '../catalogue.ts';
import type { Change } from '../change.ts';
import { completeChange, insertChangesWith, type UnplacedChange } from '../insert-changes.ts';
import type { SealKeys } from '../sealing/seal-keys.ts';
import { sealChanges } from '../sealing/sealed-changes.ts';
import { failureOf, isPassing, type RetryPolicy } from './event-failure.ts';
import { type EventContext, type EventHandlers, eventIdOf, type Reaction } from './event-handler.ts';
import * as rows from './event-rows.ts';
import type { EventSource } from './event-source.ts';

/** An app that handles events. */
export interface HandlingApp<Client extends PrismaClientLike> {
  readonly app: string;
  readonly handlers: EventHandlers<Client>;
  readonly database: TenantDatabase<Client>;
  readonly source: EventSource;
  readonly retries: RetryPolicy;
  /** The platform's. */
  readonly secret: string;
  /** With which the personal data of its changes are sealed. */
  readonly sealKeys: SealKeys;
  readonly logger: Logger;
}

/**
 * What came of an event. `passed`: it was handled before, or by somebody else; `waiting`: behind an earlier one of its
 * record; `failed`: it is set aside; `dead`: it was given up; `busy`: another process is at it.
 */
export type Outcome = 'handled' | 'passed' | 'waiting' | 'failed' | 'dead' | 'busy';

type Tx<Client extends PrismaClientLike> = TenantTransaction<Client>;

/** Less than a transaction may take, so that a handler that never ends is one that fails. */
const deadlines = createDeadlines(8_000);

/** The reaction of a handler, or a failure when it does not come. */
async function inTime(reaction: Promise<Reaction>): Promise<Reaction> {
  let forget = () => {};
  const late = new Promise<never>((_, reject) => {
    forget = deadlines.start(() => reject(new Error('The handler of an event did not end.')));
  });
  return await Promise.race([reaction, late]).finally(forget);
}

/** Runs the handler of an event that was taken, and writes what it publishes and its record: the end of the transaction. */
async function runHandler<Client extends PrismaClientLike>(
  { app, handlers, secret, sealKeys, logger }: HandlingApp<Client>,
  tx: Tx<Client>,
  change: Change,
): Promise<void> {
  const { tenantId, type, correlationId } = change;
  const handler = handlers[type];
  // Of somebody who was erased there is nothing left to react to.
  if (!handler || change.data.erased === true) return;
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
  const reaction = await inTime(handler(change, context));
  if (reaction === 'unchanged' && changes.length === 0) return;
  const [first] = changes;
  const record = insertAuditRecords([
    {
      ...{ id: newEntityId(), tenantId, kind: 'MUTATION', outcome: 'DONE' },
      ...{ sourceApp: app, targetApp: app, credentialId: actor, operationName: type },
      ...{ entity: first?.entity, entityId: first?.entityId, correlationId },
    },
  ]);
  const sealed = await sealChanges(tx.rows, changes, { catalogue: eventCatalogue(), keys: sealKeys });
  await tx.rows(sealed.length > 0 ? insertChangesWith([record], sealed) : record);
}

async function take<Client extends PrismaClientLike>(tx: Tx<Client>, place: rows.HandlerPlace, change: Change) {
  type Taken = { is_blocked: boolean; is_taken: boolean };
  const [taken] = await tx.rows<Taken>(rows.takeEvent(place, change));
  return { isBlocked: taken?.is_blocked === true, isTaken: taken?.is_taken === true };
}

/** What becomes of an event that was tried in vain, which is logged. Throws on what is no fault of the event. */
function judge<Client extends PrismaClientLike>(
  { app, retries, logger }: HandlingApp<Client>,
  change: Change,
  error: unknown,
  attempts: number,
) {
  if (isPassing(error)) throw error;
  const failure = failureOf(error, attempts, retries);
  const { tenantId, type, correlationId } = change;
  const event = { app, tenantId, type, eventId: eventIdOf(change), correlationId, attempts, err: error };
  const outcome = failure.retryMs === undefined ? 'dead' : 'failed';
  if (outcome === 'dead') logger.error(event, 'An event was given up: it waits to be redriven');
  else logger.warn(event, 'An event could not be handled and will be tried again');
  return { failure, outcome } as const;
}

/**
 * Brings an app on by one event of its log, and its position with it: handled, or set aside so that others go on.
 *
 * @throws what the database throws when it cannot be reached; nothing has happened then
 */
export async function handleNext<Client extends PrismaClientLike>(
  handling: HandlingApp<Client>,
  change: Change,
): Promise<Outcome> {
  const { app, database, source } = handling;
  const { tenantId, seq } = change;
  const place = { app, tenantId };
  /** Does something as the one who works on this log, where the event was not passed yet, and passes it. */
  const pass = (work: (tx: Tx<Client>) => Promise<Outcome>) =>
    database.write(place, async (tx): Promise<Outcome> => {
      const [position] = await tx.rows<{ seq: bigint }>(rows.lockPosition(place));
      if (!position) return 'busy';
      if (position.seq >= seq) return 'passed';
      await tx.rows(rows.movePosition(place, seq));
      return await work(tx);
    });
  try {
    const outcome = await pass(async (tx) => {
      const { isBlocked, isTaken } = await take(tx, place, change);
      if (isBlocked) await tx.rows(rows.insertWaiting(place, change));
      if (isTaken) await runHandler(handling, tx, change);
      return isTaken ? 'handled' : isBlocked ? 'waiting' : 'passed';
    });
    if (outcome === 'handled') source.poke(tenantId);
    return outcome;
  } catch (error) {
    const { failure, outcome } = judge(handling, change, error, 1);
    return await pass(async (tx) => {
      await tx.rows(rows.insertFailure(place, change, failure));
      return outcome;
    });
  }
}

/**
 * Tries an event again that was set aside.
 *
 * @throws what the database throws when it cannot be reached
 */
export async function handleAgain<Client extends PrismaClientLike>(
  handling: HandlingApp<Client>,
  change: Change,
): Promise<Outcome> {
  const { app, database, source } = handling;
  const { tenantId, seq } = change;
  const place = { app, tenantId };
  let attempts = 0;
  try {
    const outcome = await database.write(place, async (tx): Promise<Outcome> => {
      const [failed] = await tx.rows<{ attempts: number }>(rows.lockFailure(place, seq));
      if (!failed) return 'busy';
      attempts = failed.attempts;
      const { isBlocked, isTaken } = await take(tx, place, change);
      if (isBlocked) return 'waiting';
      await tx.rows(rows.deleteFailure(place, seq));
      if (isTaken) await runHandler(handling, tx, change);
      return isTaken ? 'handled' : 'passed';
    });
    if (outcome === 'handled') source.poke(tenantId);
    return outcome;
  } catch (error) {
    const { failure, outcome } = judge(handling, change, error, attempts + 1);
    await database.write(place, (tx) => tx.rows(rows.updateFailure(place, seq, attempts, failure)));
    return outcome;
  }
}

/**
 * Hands an app an event of its past, which it handles where it has not yet: what was given up too. One that is set aside
 * is left to be tried again in its turn.
 */
export async function handlePast<Client extends PrismaClientLike>(
  handling: HandlingApp<Client>,
  change: Change,
): Promise<Outcome> {
  const { app, database, source } = handling;
  const place = { app, tenantId: change.tenantId };
  const write = (work: (tx: Tx<Client>) => Promise<Outcome>) => database.write(place, work);
  try {
    const outcome = await write(async (tx) => {
      const [waiting] = await tx.rows(rows.lockFailure(place, change.seq));
      const { isBlocked, isTaken } = waiting ? { isBlocked: true, isTaken: false } : await take(tx, place, change);
      if (isBlocked && !waiting) await tx.rows(rows.insertWaiting(place, change));
      if (isBlocked) return 'waiting';
      if (!isTaken) return 'passed';
      await tx.rows(rows.deleteFailure(place, change.seq));
      await runHandler(handling, tx, change);
      return 'handled';
    });
    if (outcome === 'handled') source.poke(change.tenantId);
    return outcome;
  } catch (error) {
    const { failure, outcome } = judge(handling, change, error, 1);
    return await write(async (tx) => {
      await tx.rows(rows.insertFailure(place, change, failure));
      return outcome;
    });
  }
}
