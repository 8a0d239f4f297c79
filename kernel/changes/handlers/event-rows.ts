import type { PrismaClientLike, SqlStatement, TenantDatabase } from '../../data/tenant-database.ts';
import type { TenantId } from '../../tenancy/ids.ts';
import type { Change } from '../change.ts';

/** Whose handlers, and in which tenant. */
export interface HandlerPlace {
  readonly app: string;
  readonly tenantId: TenantId;
}

/** What came of trying an event in vain. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  /** In how many milliseconds it is tried again; undefined gives it up. */
  readonly retryMs: number | undefined;
}

// What every statement here begins its values with: $1 is the tenant, $2 the app.
const mine = 'tenant_id = $1 AND app = $2';
const statement = ({ tenantId, app }: HandlerPlace, text: string, ...values: unknown[]): SqlStatement => ({
  text,
  values: [tenantId, app, ...values],
});

/** Makes the position of an app in the log of a tenant, where there is none. */
export const insertPosition = (place: HandlerPlace, epoch: string) =>
  statement(
    place,
    `INSERT INTO platform.event_positions (tenant_id, app, epoch) VALUES ($1, $2, $3::uuid) ON CONFLICT DO NOTHING`,
    epoch,
  );

/**
 * Takes a position into another epoch: it lies no further than what is left of the epochs before. A process that has not
 * noticed may have written a place that this log has only come to since.
 *
 * @param end The number of the last change of the epochs before.
 */
export const renewPosition = (place: HandlerPlace, epoch: string, end: number) =>
  statement(
    place,
    `UPDATE platform.event_positions SET epoch = $3::uuid, seq = least(seq, $4::bigint)
     WHERE ${mine} AND epoch <> $3::uuid`,
    epoch,
    end,
  );

export const findPosition = (place: HandlerPlace) =>
  statement(place, `SELECT seq, epoch FROM platform.event_positions WHERE ${mine}`);

/** Locks the position until the end of the transaction. No row: another process works on this log for the app. */
export const lockPosition = (place: HandlerPlace) =>
  statement(place, `SELECT seq FROM platform.event_positions WHERE ${mine} FOR UPDATE SKIP LOCKED`);

/** The like for one who waits for the other process. */
export const waitForPosition = (place: HandlerPlace) =>
  statement(place, `SELECT seq FROM platform.event_positions WHERE ${mine} FOR UPDATE`);

/** Moves the position on, never back. */
export const movePosition = (place: HandlerPlace, seq: number) =>
  statement(place, `UPDATE platform.event_positions SET seq = $3::bigint WHERE ${mine} AND seq < $3::bigint`, seq);

/** What is known of an event, beside the event itself. */
export interface EventState {
  readonly seq: bigint;
  readonly is_handled: boolean;
  /** An earlier one of its record was set aside. */
  readonly is_blocked: boolean;
  /** How often it was tried in vain, where it was set aside or given up; null where it was neither. */
  readonly attempts: number | null;
  /** It was given up. */
  readonly is_dead: boolean;
}

/** One array for each column: the values of as many rows. */
const columnsOf = (changes: readonly Change[]) =>
  [
    changes.map(({ seq }) => seq),
    changes.map(({ epoch }) => epoch),
    changes.map(({ entityId }) => entityId),
    changes.map(({ type }) => type),
    changes.map(({ entity }) => entity),
    changes.map(({ correlationId }) => correlationId ?? null),
  ] as const;

/** What is known of some events. */
export const findStates = (place: HandlerPlace, changes: readonly Change[]) =>
  statement(
    place,
    `SELECT asked.seq, failed.attempts, failed.dead_at IS NOT NULL AS is_dead,
       EXISTS (SELECT FROM platform.handled_events h
         WHERE h.tenant_id = $1 AND h.app = $2 AND h.epoch = asked.epoch AND h.seq = asked.seq) AS is_handled,
       EXISTS (SELECT FROM platform.event_failures e WHERE e.tenant_id = $1 AND e.app = $2
         AND e.entity_id = asked.entity_id AND e.seq < asked.seq AND e.dead_at IS NULL) AS is_blocked
     FROM unnest($3::bigint[], $4::uuid[], $5::text[]) AS asked (seq, epoch, entity_id)
     LEFT JOIN platform.event_failures failed
       ON failed.tenant_id = $1 AND failed.app = $2 AND failed.seq = asked.seq`,
    ...columnsOf(changes).slice(0, 3),
  );

/** Keeps that events were handled. */
export const insertHandled = (place: HandlerPlace, changes: readonly Change[]) =>
  statement(
    place,
    `INSERT INTO platform.handled_events (tenant_id, app, seq, epoch)
     SELECT $1, $2, seq, epoch FROM unnest($3::bigint[], $4::uuid[]) AS handled (seq, epoch)`,
    ...columnsOf(changes).slice(0, 2),
  );

const insertFailureText = `INSERT INTO platform.event_failures AS known (tenant_id, app, seq, epoch, entity_id, type,
    entity, correlation_id, attempts, next_at, error_code, error_message, dead_at)
  SELECT $1, $2, failed.*`;
const failedEvents = `FROM unnest($3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[])
    AS failed (seq, epoch, entity_id, type, entity, correlation_id)`;

/** Sets events aside behind earlier ones of their records. */
export const insertWaiting = (place: HandlerPlace, changes: readonly Change[]) =>
  statement(
    place,
    `${insertFailureText}, 0, NULL, NULL, NULL, NULL ${failedEvents} ON CONFLICT DO NOTHING`,
    ...columnsOf(changes),
  );

const retryAt = 'clock_timestamp() + make_interval(secs => $10::float8 / 1000)';

/** Notes that one attempt more was in vain. */
export const saveFailure = (place: HandlerPlace, change: Change, attempts: number, failure: Failure) =>
  statement(
    place,
    `${insertFailureText}, $9::int, ${retryAt}, $11, $12, CASE WHEN $10::float8 IS NULL THEN clock_timestamp() END
     ${failedEvents} ON CONFLICT (tenant_id, app, seq) DO UPDATE SET (attempts, next_at, error_code, error_message, dead_at)
       = (EXCLUDED.attempts, EXCLUDED.next_at, EXCLUDED.error_code, EXCLUDED.error_message, EXCLUDED.dead_at)`,
    ...columnsOf([change]),
    attempts,
    failure.retryMs ?? null,
    failure.code,
    failure.message,
  );

/** Those to be tried now, in order. */
export const findDue = (place: HandlerPlace, limit: number) =>
  statement(
    place,
    `SELECT seq FROM platform.event_failures f
     WHERE ${mine} AND dead_at IS NULL AND (next_at <= clock_timestamp() OR (next_at IS NULL AND NOT EXISTS (
       SELECT FROM platform.event_failures e WHERE (e.tenant_id, e.app, e.entity_id) = (f.tenant_id, f.app, f.entity_id)
         AND e.dead_at IS NULL AND e.seq < f.seq)))
     ORDER BY seq LIMIT $3::int`,
    limit,
  );

/** The tenants that have some, whichever they are. */
export async function findTenantsToRetry(
  database: Pick<TenantDatabase<PrismaClientLike>, 'lookUp'>,
  app: string,
): Promise<readonly TenantId[]> {
  type Row = { readonly tenant: TenantId };
  const text = 'SELECT platform.tenants_to_retry($1) AS tenant';
  // The function asks for no tenant: it gives their names and nothing of theirs.
  const found = await database.lookUp({}, async (tx) =>
    (tx.client as unknown as PrismaClientLike).$queryRawUnsafe(text, app),
  );
  return (found as readonly Row[]).map(({ tenant }) => tenant);
}

/** Gives an event up that is not kept any more, so that it cannot be tried again. */
export const giveUpLost = (place: HandlerPlace, seq: bigint) =>
  statement(
    place,
    `UPDATE platform.event_failures SET next_at = NULL, error_code = 'CURSOR_EXPIRED',
       error_message = 'The event is no longer kept.', dead_at = clock_timestamp()
     WHERE ${mine} AND seq = $3::bigint AND dead_at IS NULL`,
    seq,
  );

/** Forgets that events were set aside or given up. */
export const deleteFailures = (place: HandlerPlace, changes: readonly Change[]) =>
  statement(
    place,
    `DELETE FROM platform.event_failures WHERE ${mine} AND seq = ANY ($3::bigint[])`,
    ...columnsOf(changes).slice(0, 1),
  );
