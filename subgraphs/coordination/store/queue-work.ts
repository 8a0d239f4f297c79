import { Prisma } from '../../../generated/prisma/coordination/client.ts';
import type { LookUpTransaction, TenantDatabase } from '../../../kernel/data/tenant-database.ts';
import { parseTenantId, type TenantId } from '../../../kernel/tenancy/ids.ts';
import type { CoordinationClient, CoordinationTransaction, QueueJobModel } from '../store.ts';
import { findJobsById } from './queues.ts';

/** A queue of a tenant. */
export interface LanePlace {
  readonly tenantId: TenantId;
  readonly queue: string;
}

type Database = Pick<TenantDatabase<CoordinationClient>, 'lookUp'>;
type PlaceRow = { readonly tenant: string; readonly queue: string };

const open = Prisma.sql`status IN ('QUEUED', 'RETRYING', 'RUNNING')`;

/** The queues of all tenants in which something is due. */
export async function findDuePlaces(database: Database): Promise<readonly LanePlace[]> {
  const find = ({ client }: LookUpTransaction<CoordinationClient>) =>
    client.$queryRaw<PlaceRow[]>(Prisma.sql`SELECT tenant, queue FROM places_with_due_jobs()`);
  const rows = await database.lookUp({ queue_jobs: 'open' }, find);
  return rows.map(({ tenant, queue }) => ({ tenantId: parseTenantId(tenant), queue }));
}

/** A job that a process has taken. */
export interface ClaimedJob {
  readonly id: string;
  readonly type: string;
  /** Which attempt this is, from 1. */
  readonly attempts: number;
  /** Tells this taking from any other. */
  readonly claims: number;
  /** How often a process has ended before it was done with it. */
  readonly losses: number;
  readonly data: unknown;
  readonly queuedBy: string;
  readonly correlationId: string | null;
}

/** Takes what is due, the most urgent first: as many as asked for, for as long as `leaseMs` unless that is renewed. */
export function claimJobs(
  tx: CoordinationTransaction,
  queue: string,
  most: number,
  leaseMs: number,
): Promise<ClaimedJob[]> {
  const { tenantId } = tx;
  return tx.rows(Prisma.sql`
    WITH due AS (
      SELECT id FROM queue_jobs
      WHERE tenant_id = ${tenantId} AND queue = ${queue} AND ${open} AND next_at <= now()
      ORDER BY priority, next_at, id LIMIT ${most} FOR UPDATE SKIP LOCKED)
    UPDATE queue_jobs j SET status = 'RUNNING', claims = claims + 1, started_at = coalesce(started_at, clock_timestamp()),
      attempts = attempts + CASE status WHEN 'RUNNING' THEN 0 ELSE 1 END,
      losses = losses + CASE status WHEN 'RUNNING' THEN 1 ELSE 0 END,
      next_at = clock_timestamp() + make_interval(secs => ${leaseMs}::float8 / 1000)
    FROM due WHERE j.tenant_id = ${tenantId} AND j.id = due.id
    RETURNING j.id, j.type, j.attempts, j.claims, j.losses, j.queued_by AS "queuedBy",
      j.correlation_id AS "correlationId",
      (SELECT data FROM queue_job_data d WHERE d.tenant_id = ${tenantId} AND d.job_id = j.id) AS data`);
}

/** Statements name what they look for by these too: what is only joined is looked for among all jobs of the tenant. */
const idsOf = (jobs: readonly { readonly id: string }[]) => jobs.map(({ id }) => id);

/** What a taking of a job came to. */
export interface JobOutcome {
  readonly id: string;
  readonly claims: number;
  readonly status: 'SUCCEEDED' | 'RETRYING' | 'FAILED';
  readonly result?: unknown;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  /** In how many milliseconds it is tried again. */
  readonly retryMs?: number;
}

/**
 * Notes what came of jobs, but of those that were taken by somebody else meanwhile. What a job was about is forgotten once
 * it is done. Gives those that were given up.
 */
export async function settleJobs(
  tx: CoordinationTransaction,
  queue: string,
  outcomes: readonly JobOutcome[],
): Promise<readonly QueueJobModel[]> {
  const { tenantId } = tx;
  const failed = await tx.rows<{ readonly id: string }>(Prisma.sql`
    WITH outcome AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(outcomes)}::jsonb) AS o(
        id text, claims integer, status text, result jsonb, "errorCode" text, "errorMessage" text, "retryMs" float8)),
    settled AS (
      UPDATE queue_jobs j SET status = o.status, result = o.result, error_code = o."errorCode",
        error_message = o."errorMessage",
        next_at = clock_timestamp() + make_interval(secs => coalesce(o."retryMs", 0) / 1000),
        ended_at = CASE WHEN o.status <> 'RETRYING' THEN clock_timestamp() END,
        version = j.version + CASE o.status WHEN 'FAILED' THEN 1 ELSE 0 END
      FROM outcome o
      WHERE j.tenant_id = ${tenantId} AND j.id = ANY (${idsOf(outcomes)})
        AND j.id = o.id AND j.claims = o.claims AND j.status = 'RUNNING'
      RETURNING j.id, j.status),
    forgotten AS (
      DELETE FROM queue_job_data d USING settled s
      WHERE d.tenant_id = ${tenantId} AND d.job_id = ANY (${idsOf(outcomes)})
        AND d.job_id = s.id AND s.status = 'SUCCEEDED'),
    counted AS (
      INSERT INTO queue_totals AS t (tenant_id, queue, succeeded, failed)
      SELECT ${tenantId}, ${queue}, count(*) FILTER (WHERE status = 'SUCCEEDED'), count(*) FILTER (WHERE status = 'FAILED')
      FROM settled HAVING count(*) FILTER (WHERE status <> 'RETRYING') > 0
      ON CONFLICT (tenant_id, queue) DO UPDATE
        SET succeeded = t.succeeded + excluded.succeeded, failed = t.failed + excluded.failed)
    SELECT id FROM settled WHERE status = 'FAILED'`);
  return failed.length > 0
    ? await findJobsById(
        tx,
        failed.map(({ id }) => id),
      )
    : [];
}

type Claim = Pick<ClaimedJob, 'id' | 'claims'>;

/** Jobs that a process still has, as rows `o`. */
function claimedRows(jobs: readonly Claim[]) {
  const claims = jobs.map(({ id, claims }) => ({ id, claims }));
  return Prisma.sql`jsonb_to_recordset(${JSON.stringify(claims)}::jsonb) AS o(id text, claims integer)`;
}

/** Keeps jobs for longer that a process has taken. */
export async function renewClaims(tx: CoordinationTransaction, jobs: readonly Claim[], leaseMs: number): Promise<void> {
  const { tenantId } = tx;
  await tx.rows(Prisma.sql`
    UPDATE queue_jobs j SET next_at = clock_timestamp() + make_interval(secs => ${leaseMs}::float8 / 1000)
    FROM ${claimedRows(jobs)}
    WHERE j.tenant_id = ${tenantId} AND j.id = ANY (${idsOf(jobs)})
      AND j.id = o.id AND j.claims = o.claims AND j.status = 'RUNNING'`);
}

/** Gives jobs back that a process has taken, as if it had not. */
export async function releaseClaims(tx: CoordinationTransaction, jobs: readonly Claim[]): Promise<void> {
  const { tenantId } = tx;
  await tx.rows(Prisma.sql`
    UPDATE queue_jobs j SET status = 'QUEUED', attempts = attempts - 1, next_at = clock_timestamp()
    FROM ${claimedRows(jobs)}
    WHERE j.tenant_id = ${tenantId} AND j.id = ANY (${idsOf(jobs)})
      AND j.id = o.id AND j.claims = o.claims AND j.status = 'RUNNING'`);
}

/** The tenants that have jobs which ended longer ago than they are kept. */
export async function findTenantsWithPast(database: Database): Promise<readonly TenantId[]> {
  const rows = await database.lookUp({ queue_jobs: 'past' }, ({ client }) =>
    client.$queryRaw<{ readonly tenant: string }[]>(Prisma.sql`
      SELECT DISTINCT tenant_id AS tenant FROM queue_jobs WHERE ended_at < now() - interval '7 days'`),
  );
  return rows.map(({ tenant }) => parseTenantId(tenant));
}

/** Forgets jobs that ended longer ago than they are kept, so many at most; gives how many. */
export async function forgetPastJobs(tx: CoordinationTransaction, most: number): Promise<number> {
  const { tenantId } = tx;
  const rows = await tx.rows(Prisma.sql`
    DELETE FROM queue_jobs WHERE tenant_id = ${tenantId} AND id IN (
      SELECT id FROM queue_jobs WHERE tenant_id = ${tenantId} AND ended_at < now() - interval '7 days' LIMIT ${most})
    RETURNING id`);
  return rows.length;
}

/** How much is in a queue over all tenants. */
export interface QueueMeasure {
  readonly queue: string;
  readonly size: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** How much is in the queues over all tenants: what waits or runs now, and what ever ended. */
export async function measureQueues(database: Database): Promise<readonly QueueMeasure[]> {
  const settings = { queue_jobs: 'open', queue_totals: 'sum' };
  return await database.lookUp(settings, ({ client }) =>
    client.$queryRaw<QueueMeasure[]>(Prisma.sql`
      WITH open AS (SELECT queue, count(*)::float8 AS size FROM queue_jobs WHERE ${open} GROUP BY queue),
      total AS (
        SELECT queue, sum(succeeded)::float8 AS succeeded, sum(failed)::float8 AS failed FROM queue_totals GROUP BY queue)
      SELECT queue, coalesce(size, 0) AS size, coalesce(succeeded, 0) AS succeeded, coalesce(failed, 0) AS failed
      FROM open FULL JOIN total USING (queue)`),
  );
}
