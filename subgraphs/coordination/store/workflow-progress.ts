import { Prisma } from '../../../generated/prisma/coordination/client.ts';
import type { CoordinationTransaction } from '../store.ts';
import { findRun, type RunError, type RunStatus, type StepStatus, type WorkflowRunRow } from './workflows.ts';

/** One life of a run: what is left of an earlier one notes nothing any more. */
export interface RunLife {
  readonly runId: string;
  readonly attempt: number;
}

/** One step of a run. */
export interface StepPlace extends RunLife {
  readonly step: string;
}

/** Notes that a step is tried. Gives whether the run is to be cancelled instead; then nothing is noted. */
export async function beginStep(
  tx: CoordinationTransaction,
  { runId, attempt, step }: StepPlace,
): Promise<'begun' | 'cancelled'> {
  const { tenantId } = tx;
  const [run] = await tx.rows<{ readonly cancelled: boolean }>(Prisma.sql`
    UPDATE workflow_runs SET status = 'RUNNING', started_at = coalesce(started_at, now())
    WHERE tenant_id = ${tenantId} AND id = ${runId} AND attempt = ${attempt} AND status IN ('PENDING', 'RUNNING')
    RETURNING cancel_requested AS cancelled`);
  if (!run || run.cancelled) return 'cancelled';
  await tx.rows(Prisma.sql`
    UPDATE workflow_steps SET status = 'RUNNING', attempts = attempts + 1, started_at = coalesce(started_at, now())
    WHERE tenant_id = ${tenantId} AND run_id = ${runId} AND name = ${step} AND status IN ('PENDING', 'RUNNING')`);
  return 'begun';
}

/** Notes why a try of a step came to nothing. */
export async function noteFailure(tx: CoordinationTransaction, place: StepPlace, error: RunError): Promise<void> {
  await tx.rows(Prisma.sql`
    UPDATE workflow_steps s SET error_code = ${error.code}, error_message = ${error.message} FROM workflow_runs r
    WHERE s.tenant_id = ${tx.tenantId} AND s.run_id = ${place.runId} AND s.name = ${place.step}
      AND r.tenant_id = s.tenant_id AND r.id = s.run_id AND r.attempt = ${place.attempt}`);
}

const statusesBefore: Readonly<Record<string, readonly StepStatus[]>> = {
  SUCCEEDED: ['PENDING', 'RUNNING'],
  FAILED: ['PENDING', 'RUNNING'],
  SKIPPED: ['PENDING', 'RUNNING'],
  COMPENSATED: ['SUCCEEDED'],
  COMPENSATION_FAILED: ['SUCCEEDED'],
};

/** Notes how a step ended, or was undone. Gives the run as it is then; undefined where that is known already. */
export async function endStep(
  tx: CoordinationTransaction,
  { runId, attempt, step }: StepPlace,
  status: StepStatus,
  error?: RunError,
): Promise<WorkflowRunRow | undefined> {
  const { tenantId } = tx;
  const rows = await tx.rows(Prisma.sql`
    WITH step AS (
      UPDATE workflow_steps s SET status = ${status}, ended_at = clock_timestamp(),
        error_code = ${error?.code ?? null}, error_message = ${error?.message ?? null} FROM workflow_runs r
      WHERE s.tenant_id = ${tenantId} AND s.run_id = ${runId} AND s.name = ${step}
        AND r.tenant_id = s.tenant_id AND r.id = s.run_id AND r.attempt = ${attempt}
        AND s.status = ANY (${statusesBefore[status] ?? []}) RETURNING s.run_id)
    UPDATE workflow_runs r SET version = version + 1 FROM step
    WHERE r.tenant_id = ${tenantId} AND r.id = step.run_id RETURNING r.id`);
  return rows.length > 0 ? await findRun(tx, runId) : undefined;
}

/** How a run ended. */
export interface RunEnd {
  readonly status: Extract<RunStatus, 'SUCCEEDED' | 'FAILED' | 'CANCELLED'>;
  readonly result?: unknown;
  readonly error?: RunError | undefined;
}

/**
 * Notes that a run has ended: what was not done by then is skipped, and what it was begun with is forgotten unless it may
 * be begun anew. Gives the run; undefined where it had ended before, or would succeed though it is to be cancelled.
 */
export async function endRun(
  tx: CoordinationTransaction,
  { runId, attempt }: RunLife,
  { status, result, error }: RunEnd,
): Promise<WorkflowRunRow | undefined> {
  const { tenantId } = tx;
  const rows = await tx.rows(Prisma.sql`
    WITH run AS (
      UPDATE workflow_runs SET status = ${status}, ended_at = clock_timestamp(), version = version + 1,
        result = ${result === undefined ? null : JSON.stringify(result)}::jsonb,
        error_code = ${error?.code ?? null}, error_message = ${error?.message ?? null}
      WHERE tenant_id = ${tenantId} AND id = ${runId} AND attempt = ${attempt} AND status IN ('PENDING', 'RUNNING')
        AND NOT (cancel_requested AND ${status} = 'SUCCEEDED') RETURNING id),
    steps AS (
      UPDATE workflow_steps s SET status = 'SKIPPED' FROM run
      WHERE s.tenant_id = ${tenantId} AND s.run_id = run.id AND s.status IN ('PENDING', 'RUNNING')),
    input AS (
      DELETE FROM workflow_inputs i USING run
      WHERE i.tenant_id = ${tenantId} AND i.run_id = run.id AND ${status} <> 'FAILED')
    SELECT id FROM run`);
  return rows.length > 0 ? await findRun(tx, runId) : undefined;
}

/** Asks for the end of a run. Gives the run; undefined where it is not open, or this was asked before. */
export async function requestCancel(tx: CoordinationTransaction, runId: string): Promise<WorkflowRunRow | undefined> {
  const rows = await tx.rows(Prisma.sql`
    UPDATE workflow_runs SET cancel_requested = true, version = version + 1
    WHERE tenant_id = ${tx.tenantId} AND id = ${runId} AND status IN ('PENDING', 'RUNNING') AND NOT cancel_requested
    RETURNING id`);
  return rows.length > 0 ? await findRun(tx, runId) : undefined;
}

/** Makes a run that failed one that is to be begun, from its first step. Gives the run; undefined where it has not failed. */
export async function renewRun(tx: CoordinationTransaction, runId: string): Promise<WorkflowRunRow | undefined> {
  const { tenantId } = tx;
  const rows = await tx.rows(Prisma.sql`
    WITH run AS (
      UPDATE workflow_runs SET status = 'PENDING', attempt = attempt + 1, cancel_requested = false, started_at = NULL,
        ended_at = NULL, result = NULL, error_code = NULL, error_message = NULL, version = version + 1
      WHERE tenant_id = ${tenantId} AND id = ${runId} AND status = 'FAILED' RETURNING id),
    steps AS (
      UPDATE workflow_steps s SET status = 'PENDING', attempts = 0, started_at = NULL, ended_at = NULL,
        error_code = NULL, error_message = NULL FROM run WHERE s.tenant_id = ${tenantId} AND s.run_id = run.id)
    SELECT id FROM run`);
  return rows.length > 0 ? await findRun(tx, runId) : undefined;
}
