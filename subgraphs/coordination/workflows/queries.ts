import type { QueryWorkflowRunsArgs } from '../../../generated/graphql/coordination.ts';
import { type Connection, planPage } from '../../../kernel/data/page.ts';
import type { CoordinationContext } from '../loaders.ts';
import { countRuns, findRuns, type WorkflowRunRow } from '../store/workflows.ts';

/** Runs of workflows, the newest first unless ordered otherwise. */
export async function listWorkflowRuns(
  context: CoordinationContext,
  args: QueryWorkflowRunsArgs,
): Promise<Connection<WorkflowRunRow>> {
  const direction = args.orderBy?.direction ?? 'DESC';
  const list = 'coordination.workflowRuns';
  const page = planPage(context.cursors, args, { list, column: 'createdAt', type: 'instant', direction });
  const filter = args.filter ?? {};
  const runs = await context.database.read(context, (tx) => findRuns(tx, filter, page.query));
  return page.toConnection(runs, () => context.database.read(context, (tx) => countRuns(tx, filter)));
}
