import type { QueryAuditRecordsArgs } from '../../generated/graphql/security.ts';
import { type Connection, planPage } from '../../kernel/data/page.ts';
import type { SecurityContext } from './loaders.ts';
import { type AuditRecordModel, countAuditRecords, findAuditRecords } from './store.ts';

/** The audit records of the tenant, the newest first unless ordered otherwise. */
export async function listAuditRecords(
  context: SecurityContext,
  args: QueryAuditRecordsArgs,
): Promise<Connection<AuditRecordModel>> {
  const direction = args.orderBy?.direction ?? 'DESC';
  const page = planPage(context.cursors, args, {
    list: 'security.auditRecords',
    column: 'at',
    type: 'instant',
    direction,
  });
  const filter = args.filter ?? {};
  const rows = await context.database.read(context, (tx) => findAuditRecords(tx, filter, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countAuditRecords(tx, filter)));
}
