import type { WorkflowRunFilter } from '../../../generated/graphql/coordination.ts';
import { Prisma } from '../../../generated/prisma/coordination/client.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import type { LookUpTransaction } from '../../../kernel/data/tenant-database.ts';
import { parseTenantId, type TenantId } from '../../../kernel/tenancy/ids.ts';
import type { CoordinationClient, CoordinationTransaction } from '../store.ts';

export type RunStatus = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
export type StepStatus =
  | 'PENDING'
  | 'RUNNING'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'SKIPPED'
  | 'COMPENSATED'
  | 'COMPENSATION_FAILED';

/** Why a step or a run did not come to its end. */
export interface RunError {
  readonly code: string;
  readonly message: string;
}

export interface WorkflowStepRow {
  readonly name: string;
  readonly status: StepStatus;
  readonly attempts: number;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

/** A run with its steps, in their order. */
export interface WorkflowRunRow {
  readonly id: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly attempt: number;
  readonly result: unknown;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly startedBy: string;
  readonly sourceApp: string;
  readonly correlationId: string | null;
  readonly causationId: string | null;
  readonly cancelRequested: boolean;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly version: number;
  readonly steps: readonly WorkflowStepRow[];
}

/** A run to insert. */
export interface NewRun {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
  readonly steps: readonly string[];
  readonly startedBy: string;
  readonly sourceApp: string;
  readonly correlationId: string | null;
  readonly causationId: string | null;
}

/** Which run, of whom, in which of its lives. */
export interface OpenRun {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly attempt: number;
  readonly status: RunStatus;
}

/** Inserts a run with its input and its steps. Gives false where one has the id. */
export async function insertRun(tx: CoordinationTransaction, run: NewRun): Promise<boolean> {
  const { tenantId } = tx;
  const { id, name, startedBy, sourceApp, correlationId, causationId } = run;
  const rows = await tx.rows(Prisma.sql`
    WITH run AS (
      INSERT INTO workflow_runs (tenant_id, id, name, status, started_by, source_app, correlation_id, causation_id)
      VALUES (${tenantId}, ${id}, ${name}, 'PENDING', ${startedBy}, ${sourceApp}, ${correlationId}, ${causationId})
      ON CONFLICT DO NOTHING RETURNING id),
    input AS (
      INSERT INTO workflow_inputs (tenant_id, run_id, input)
      SELECT ${tenantId}, id, ${JSON.stringify(run.input)}::jsonb FROM run),
    steps AS (
      INSERT INTO workflow_steps (tenant_id, run_id, position, name, status)
      SELECT ${tenantId}, id, position, step, 'PENDING'
      FROM run, unnest(${run.steps}::text[]) WITH ORDINALITY AS step (step, position))
    SELECT id FROM run`);
  return rows.length > 0;
}

const runColumns = Prisma.sql`r.id, r.name, r.status, r.attempt, r.result, r.error_code AS "errorCode",
  r.error_message AS "errorMessage", r.started_by AS "startedBy", r.source_app AS "sourceApp",
  r.correlation_id AS "correlationId", r.causation_id AS "causationId", r.cancel_requested AS "cancelRequested",
  r.created_at AS "createdAt", r.started_at AS "startedAt", r.ended_at AS "endedAt", r.version`;

type StepOfRun = WorkflowStepRow & { readonly runId: string };

async function withSteps(
  tx: CoordinationTransaction,
  runs: readonly Omit<WorkflowRunRow, 'steps'>[],
): Promise<WorkflowRunRow[]> {
  const ids = runs.map(({ id }) => id);
  const rows = await tx.rows<StepOfRun>(Prisma.sql`
    SELECT run_id AS "runId", name, status, attempts, started_at AS "startedAt", ended_at AS "endedAt",
      error_code AS "errorCode", error_message AS "errorMessage"
    FROM workflow_steps WHERE tenant_id = ${tx.tenantId} AND run_id = ANY (${ids}) ORDER BY run_id, position`);
  const steps = Map.groupBy(rows, ({ runId }) => runId);
  return runs.map((run) => ({ ...run, steps: steps.get(run.id) ?? [] }));
}

export async function findRunsById(tx: CoordinationTransaction, ids: readonly string[]): Promise<WorkflowRunRow[]> {
  const runs = await tx.rows<Omit<WorkflowRunRow, 'steps'>>(Prisma.sql`
    SELECT ${runColumns} FROM workflow_runs r WHERE r.tenant_id = ${tx.tenantId} AND r.id = ANY (${[...ids]})`);
  return runs.length > 0 ? withSteps(tx, runs) : [];
}

export async function findRun(tx: CoordinationTransaction, id: string): Promise<WorkflowRunRow | undefined> {
  const [run] = await findRunsById(tx, [id]);
  return run;
}

function whereRuns(tx: CoordinationTransaction, filter: WorkflowRunFilter): Prisma.WorkflowRunWhereInput {
  const { names, statuses, startedBy } = filter;
  return {
    tenantId: tx.tenantId,
    ...(names && { name: { in: names } }),
    ...(statuses && { status: { in: statuses } }),
    ...(startedBy != null && { startedBy }),
  };
}

export async function findRuns(
  tx: CoordinationTransaction,
  filter: WorkflowRunFilter,
  page: PageQuery,
): Promise<WorkflowRunRow[]> {
  const where = { AND: [whereRuns(tx, filter), page.where] };
  const rows = await tx.client.workflowRun.findMany({ where, orderBy: page.orderBy, take: page.take });
  return withSteps(tx, rows as Omit<WorkflowRunRow, 'steps'>[]);
}

export function countRuns(tx: CoordinationTransaction, filter: WorkflowRunFilter): Promise<number> {
  return tx.client.workflowRun.count({ where: whereRuns(tx, filter) });
}

/** What has not ended, of all tenants: what is to be begun first, the oldest first. Needs the setting that shows it. */
export async function findOpenRuns(
  { client }: LookUpTransaction<CoordinationClient>,
  limit: number,
): Promise<readonly OpenRun[]> {
  const select = { tenantId: true, id: true, attempt: true, status: true } as const;
  const runs = await client.workflowRun.findMany({
    select,
    orderBy: [{ status: 'asc' }, { createdAt: 'asc' }],
    take: limit,
  });
  return runs.map((run) => ({ ...run, tenantId: parseTenantId(run.tenantId), status: run.status as RunStatus }));
}

/** What a run was begun with; undefined once it can no longer go on. */
export async function findInput(tx: CoordinationTransaction, runId: string): Promise<unknown> {
  const [row] = await tx.rows<{ readonly input: unknown }>(Prisma.sql`
    SELECT input FROM workflow_inputs WHERE tenant_id = ${tx.tenantId} AND run_id = ${runId}`);
  return row?.input;
}
