import { Prisma } from '../../../generated/prisma/coordination/client.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import { isEntityId } from '../../../kernel/tenancy/ids.ts';
import type { CoordinationTransaction, QueueJobModel } from '../store.ts';

export type JobStatus = 'QUEUED' | 'RUNNING' | 'RETRYING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

/** Waiting for their time, or for a process. */
const waiting = Prisma.sql`('QUEUED', 'RETRYING')`;

/** A job to insert. */
export interface NewJob {
  readonly id: string;
  readonly queue: string;
  readonly type: string;
  readonly key: string | null;
  /** 0 is the most urgent. */
  readonly priority: number;
  readonly data: unknown;
  /** At once, where it is left out. */
  readonly runAt?: Date | undefined;
  readonly queuedBy: string;
  readonly sourceApp: string;
  readonly correlationId: string | null;
  readonly causationId: string | null;
  /** 0 for one of which no change tells. */
  readonly version: 0 | 1;
}

/** Inserts a job. Gives false where one of its queue has the key. */
export async function insertJob(tx: CoordinationTransaction, job: NewJob): Promise<boolean> {
  const { tenantId } = tx;
  const { id, queue, type, key, priority, queuedBy, sourceApp, correlationId, causationId, version } = job;
  const rows = await tx.rows(Prisma.sql`
    WITH job AS (
      INSERT INTO queue_jobs (tenant_id, id, queue, type, key, status, priority, next_at, queued_by, source_app,
        correlation_id, causation_id, version)
      VALUES (${tenantId}, ${id}, ${queue}, ${type}, ${key}, 'QUEUED', ${priority},
        coalesce(${job.runAt ?? null}::timestamptz, now()), ${queuedBy}, ${sourceApp}, ${correlationId}, ${causationId},
        ${version})
      ON CONFLICT (tenant_id, queue, key) WHERE key IS NOT NULL DO NOTHING RETURNING id)
    INSERT INTO queue_job_data (tenant_id, job_id, data)
    SELECT ${tenantId}, id, ${JSON.stringify(job.data)}::jsonb FROM job RETURNING job_id`);
  return rows.length > 0;
}

export function findJobsById(tx: CoordinationTransaction, ids: readonly string[]): Promise<QueueJobModel[]> {
  return tx.client.queueJob.findMany({ where: { tenantId: tx.tenantId, id: { in: ids.filter(isEntityId) } } });
}

export function findJobByKey(tx: CoordinationTransaction, queue: string, key: string): Promise<QueueJobModel | null> {
  return tx.client.queueJob.findFirst({ where: { tenantId: tx.tenantId, queue, key } });
}

/** Which jobs to find. */
export interface JobSelection {
  readonly queue?: string | undefined;
  readonly status?: readonly JobStatus[] | undefined;
}

const whereJobs = ({ tenantId }: CoordinationTransaction, { queue, status }: JobSelection) => ({
  tenantId,
  ...(queue !== undefined && { queue }),
  ...(status && { status: { in: [...status] } }),
});

export function findJobs(
  tx: CoordinationTransaction,
  selection: JobSelection,
  page: PageQuery,
): Promise<QueueJobModel[]> {
  const where = { AND: [whereJobs(tx, selection), page.where] };
  return tx.client.queueJob.findMany({ where, orderBy: page.orderBy, take: page.take });
}

export function countJobs(tx: CoordinationTransaction, selection: JobSelection): Promise<number> {
  return tx.client.queueJob.count({ where: whereJobs(tx, selection) });
}

/** Takes back a job that waits. Gives it as it is then; undefined where it does not wait, or is not there. */
export async function cancelWaiting(tx: CoordinationTransaction, id: string): Promise<QueueJobModel | undefined> {
  const [job] = await tx.client.queueJob.updateManyAndReturn({
    where: { tenantId: tx.tenantId, id, status: { in: ['QUEUED', 'RETRYING'] } },
    data: { status: 'CANCELLED', endedAt: new Date(), version: { increment: 1 } },
  });
  return job;
}

/** Which jobs are to be tried again: these, of those that failed or were cancelled; or so many of all that failed. */
export type Redriven = { readonly ids: readonly string[] } | { readonly most: number };

/** Has jobs tried again, as if they had never been tried. Gives them as they are then. */
export async function redriveJobs(
  tx: CoordinationTransaction,
  queue: string,
  which: Redriven,
): Promise<readonly QueueJobModel[]> {
  const { tenantId } = tx;
  const chosen =
    'ids' in which
      ? Prisma.sql`SELECT id FROM queue_jobs WHERE tenant_id = ${tenantId} AND queue = ${queue}
          AND id = ANY (${[...which.ids]}) AND status IN ('FAILED', 'CANCELLED') FOR UPDATE`
      : Prisma.sql`SELECT id FROM queue_jobs WHERE tenant_id = ${tenantId} AND queue = ${queue} AND status = 'FAILED'
          ORDER BY ended_at LIMIT ${which.most} FOR UPDATE SKIP LOCKED`;
  const rows = await tx.rows<{ readonly id: string }>(Prisma.sql`
    WITH chosen AS (${chosen})
    UPDATE queue_jobs j SET status = 'QUEUED', attempts = 0, losses = 0, next_at = now(), ended_at = NULL,
      started_at = NULL, error_code = NULL, error_message = NULL, version = version + 1
    FROM chosen WHERE j.tenant_id = ${tenantId} AND j.id = chosen.id RETURNING j.id`);
  return rows.length > 0
    ? await findJobsById(
        tx,
        rows.map(({ id }) => id),
      )
    : [];
}

/** How much is in a queue of a tenant. */
export interface QueueFigures {
  readonly queue: string;
  readonly size: number;
  readonly running: number;
  readonly failed: number;
  readonly oldest: Date | null;
  readonly processed: number;
}

/** The figures of the queues in which the tenant ever had something. */
export function findQueueFigures(tx: CoordinationTransaction): Promise<QueueFigures[]> {
  const { tenantId } = tx;
  return tx.rows(Prisma.sql`
    WITH open AS (
      SELECT queue, count(*) FILTER (WHERE status IN ${waiting})::integer AS size,
        count(*) FILTER (WHERE status = 'RUNNING')::integer AS running,
        min(created_at) FILTER (WHERE status IN ${waiting}) AS oldest
      FROM queue_jobs WHERE tenant_id = ${tenantId} AND status IN ('QUEUED', 'RETRYING', 'RUNNING') GROUP BY queue),
    failed AS (
      SELECT queue, count(*)::integer AS failed FROM queue_jobs
      WHERE tenant_id = ${tenantId} AND status = 'FAILED' GROUP BY queue),
    total AS (SELECT queue, succeeded::float8 AS processed FROM queue_totals WHERE tenant_id = ${tenantId})
    SELECT queue, coalesce(size, 0) AS size, coalesce(running, 0) AS running, coalesce(failed, 0) AS failed, oldest,
      coalesce(processed, 0) AS processed
    FROM open FULL JOIN failed USING (queue) FULL JOIN total USING (queue)`);
}
