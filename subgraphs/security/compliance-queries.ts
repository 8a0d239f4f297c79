import type { QueryComplianceReportsArgs } from '../../generated/graphql/security.ts';
import { type Connection, planPage } from '../../kernel/data/page.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { SecurityContext } from './loaders.ts';
import { countReports, findReports, findUsedCredentials } from './store/compliance-reports.ts';
import type { ComplianceReportModel } from './store.ts';

/** The reports of audits, the newest first unless ordered otherwise. */
export async function listComplianceReports(
  context: SecurityContext,
  args: QueryComplianceReportsArgs,
): Promise<Connection<ComplianceReportModel>> {
  const direction = args.orderBy?.direction ?? 'DESC';
  const ordering = { list: 'security.complianceReports', column: 'completedAt', type: 'instant', direction } as const;
  const page = planPage(context.cursors, args, ordering);
  const filter = args.filter ?? {};
  const rows = await context.database.read(context, (tx) => findReports(tx, filter, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countReports(tx, filter)));
}

const credentialsMax = 1_000;

/** Which of some credentials reached an app since an instant. Throws `OPERATION_LIMIT_EXCEEDED` for too many. */
export function readUsedCredentials(
  context: SecurityContext,
  { ids, since }: { readonly ids: readonly string[]; readonly since: Date },
): Promise<string[]> {
  if (ids.length > credentialsMax) {
    const details = { limit: 'credentials', value: credentialsMax, field: 'ids' };
    throw new PanoramaError('OPERATION_LIMIT_EXCEEDED', `Ask for at most ${credentialsMax} in \`ids\`.`, details);
  }
  return context.database.read(context, (tx) => findUsedCredentials(tx, ids, since));
}
