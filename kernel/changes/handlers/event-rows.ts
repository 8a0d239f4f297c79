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

/** Takes a position into another epoch: it lies no further than that log goes. */
export const renewPosition = (place: HandlerPlace, epoch: string, head: number) =>
  statement(
    place,
    `UPDATE platform.event_positions SET epoch = $3::uuid, seq = least(seq, $4::bigint)
     WHERE ${mine} AND epoch <> $3::uuid`,
    epoch,
    head,
  );

export const findPosition = (place: HandlerPlace) =>
  statement(place, `SELECT seq FROM platform.event_positions WHERE ${mine}`);

/** Locks the position until the end of the transaction. No row: another process works on this log for the app. */
export const lockPosition = (place: HandlerPlace) =>
  statement(place, `SELECT seq FROM platform.event_positions WHERE ${mine} FOR UPDATE SKIP LOCKED`);

/** Moves the position on, never back. */
export const movePosition = (place: HandlerPlace, seq: number) =>
  statement(place, `UPDATE platform.event_positions SET seq = $3::bigint WHERE ${mine} AND seq < $3::bigint`, seq);

/** What the columns of these statements say of an event: its record, place and epoch. */
const eventValues = ({ entityId, seq, epoch }: Change) => [entityId, seq, epoch] as const;

const earlier = `SELECT 1 FROM platform.event_failures
    WHERE ${mine} AND entity_id = $3 AND seq < $4::bigint AND dead_at IS NULL`;

/**
 * Takes an event, so that nobody else does. `is_blocked`: an earlier one of the same record is not done, so nothing was
 * taken. `is_taken` is false beside where it was handled before.
 */
export const takeEvent = (place: HandlerPlace, change: Change) =>
  statement(
    place,
    `WITH earlier AS (${earlier}), taken AS (
       INSERT INTO platform.handled_events (tenant_id, app, seq, epoch)
       SELECT $1, $2, $4::bigint, $5::uuid WHERE NOT EXISTS (SELECT FROM earlier) ON CONFLICT DO NOTHING RETURNING seq)
     SELECT EXISTS (SELECT FROM earlier) AS is_blocked, EXISTS (SELECT FROM taken) AS is_taken`,
    ...eventValues(change),
  );

const failureColumns = `tenant_id, app, entity_id, seq, epoch, type, entity, correlation_id, attempts, next_at,
  error_code, error_message, dead_at`;
const insertFailureText = `INSERT INTO platform.event_failures (${failureColumns})
  SELECT $1, $2, $3, $4::bigint, $5::uuid, $6, $7, $8,`;
/** What was handled by another way meanwhile is no failure. */
const notHandled = `WHERE NOT EXISTS (
    SELECT FROM platform.handled_events WHERE ${mine} AND epoch = $5::uuid AND seq = $4::bigint) ON CONFLICT DO NOTHING`;
const failureValues = (change: Change) =>
  [...eventValues(change), change.type, change.entity, change.correlationId ?? null] as const;
const retryAt = (parameter: string) => `clock_timestamp() + make_interval(secs => ${parameter}::float8 / 1000)`;

/** Sets an event aside behind an earlier one of its record. */
export const insertWaiting = (place: HandlerPlace, change: Change) =>
  statement(place, `${insertFailureText} 0, NULL, NULL, NULL, NULL ${notHandled}`, ...failureValues(change));

/** Sets an event aside that was tried once. */
export const insertFailure = (place: HandlerPlace, change: Change, failure: Failure) =>
  statement(
    place,
    `${insertFailureText} 1, ${retryAt('$9')}, $10, $11,
       CASE WHEN $9::float8 IS NULL THEN clock_timestamp() END ${notHandled}`,
    ...failureValues(change),
    failure.retryMs ?? null,
    failure.code,
    failure.message,
  );

/** An event that was set aside. */
export interface SetAsideRow {
  readonly seq: bigint;
  readonly entity_id: string;
  readonly type: string;
  readonly attempts: number;
}

/** Those to be tried now, in order. */
export const findDue = (place: HandlerPlace, limit: number) =>
  statement(
    place,
    `SELECT seq, entity_id, type, attempts FROM platform.event_failures f
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

/** Locks one that is not given up. No row: it is done, or another process is at it. */
export const lockFailure = (place: HandlerPlace, seq: number) =>
  statement(
    place,
    `SELECT attempts FROM platform.event_failures
     WHERE ${mine} AND seq = $3::bigint AND dead_at IS NULL FOR UPDATE SKIP LOCKED`,
    seq,
  );

/** Notes that another attempt was in vain. */
export const updateFailure = (place: HandlerPlace, seq: number, attempts: number, failure: Failure) =>
  statement(
    place,
    `UPDATE platform.event_failures SET attempts = $4::int + 1, next_at = ${retryAt('$5')}, error_code = $6,
       error_message = $7, dead_at = CASE WHEN $5::float8 IS NULL THEN clock_timestamp() END
     WHERE ${mine} AND seq = $3::bigint AND attempts = $4::int AND dead_at IS NULL`,
    seq,
    attempts,
    failure.retryMs ?? null,
    failure.code,
    failure.message,
  );

/** Forgets that an event was set aside or given up. */
export const deleteFailure = (place: HandlerPlace, seq: number) =>
  statement(place, `DELETE FROM platform.event_failures WHERE ${mine} AND seq = $3::bigint`, seq);
