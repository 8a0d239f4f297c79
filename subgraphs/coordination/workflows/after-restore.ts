import { dbosSchema } from './dbos-schema.ts';

const code = 'CONFLICT';
const message = 'The tenant was restored while the run was under way.';
const open = `status IN ('PENDING', 'RUNNING')`;

/** What the engine keeps of a run under its key; the rest of its tables refers to the first. */
const engineTables = ['workflow_status', 'operation_outputs', 'workflow_input', 'workflow_output'] as const;

/**
 * What becomes of runs that come out of a backup. The engine forgets all runs of the tenant, because a run that is begun anew
 * must not be taken for one that it knows. Runs that were under way are not any more: nobody knows what they have done.
 */
export const afterRestore: readonly string[] = [
  ...engineTables.map((table) => `DELETE FROM ${dbosSchema.name}.${table} WHERE starts_with(workflow_uuid, $1 || '/')`),
  `UPDATE coordination.workflow_steps s SET status = 'FAILED', ended_at = now(), error_code = '${code}',
     error_message = '${message}'
   FROM coordination.workflow_runs r
   WHERE s.tenant_id = $1 AND s.status = 'RUNNING' AND (r.tenant_id, r.id) = (s.tenant_id, s.run_id) AND r.${open}`,
  `UPDATE coordination.workflow_runs SET status = 'FAILED', started_at = coalesce(started_at, now()), ended_at = now(),
     error_code = '${code}', error_message = '${message}', version = version + 1
   WHERE tenant_id = $1 AND ${open}`,
];
