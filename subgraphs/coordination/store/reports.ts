import { Prisma, type Report } from '../../../generated/prisma/coordination/client.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import { isEntityId } from '../../../kernel/tenancy/ids.ts';
import type { CoordinationTransaction } from '../store.ts';

export type NewReport = Omit<Prisma.ReportUncheckedCreateInput, 'tenantId'>;

export function insertReport(tx: CoordinationTransaction, report: NewReport): Promise<Report> {
  return tx.client.report.create({ data: { ...report, tenantId: tx.tenantId } });
}

/** Removes reports that have had their time, and of the others the oldest beyond a number, with their rows; gives what they were. */
export function removeOldReports(
  tx: CoordinationTransaction,
  now: Date,
  most: number,
): Promise<Pick<Report, 'id' | 'version'>[]> {
  return tx.rows(Prisma.sql`
    DELETE FROM reports WHERE tenant_id = ${tx.tenantId} AND (expires_at <= ${now} OR id IN (
      SELECT id FROM reports WHERE tenant_id = ${tx.tenantId} ORDER BY requested_at DESC, id DESC OFFSET ${most}))
    RETURNING id, version`);
}

/** Which reports to find: of these kinds, and not past their time. */
export interface ReportSelection {
  readonly kinds: readonly string[];
  readonly now: Date;
}

const whereReports = ({ tenantId }: CoordinationTransaction, { kinds, now }: ReportSelection) => ({
  tenantId,
  kind: { in: [...kinds] },
  expiresAt: { gt: now },
});

export function findReports(
  tx: CoordinationTransaction,
  selection: ReportSelection,
  page: PageQuery,
): Promise<Report[]> {
  const where = { AND: [whereReports(tx, selection), page.where] };
  return tx.client.report.findMany({ where, orderBy: page.orderBy, take: page.take });
}

export function countReports(tx: CoordinationTransaction, selection: ReportSelection): Promise<number> {
  return tx.client.report.count({ where: whereReports(tx, selection) });
}

/** The reports with these ids, whatever their time. */
export function findReportsById(tx: CoordinationTransaction, ids: readonly string[]): Promise<Report[]> {
  return tx.client.report.findMany({ where: { tenantId: tx.tenantId, id: { in: ids.filter(isEntityId) } } });
}

/** Forgets the rows that an earlier attempt has left. */
export async function removePages(tx: CoordinationTransaction, reportId: string): Promise<void> {
  await tx.client.reportPage.deleteMany({ where: { tenantId: tx.tenantId, reportId } });
}

/** Keeps a page of rows, given as JSON, in the place of what was there. */
export async function keepPage(
  tx: CoordinationTransaction,
  reportId: string,
  page: number,
  rows: string,
): Promise<void> {
  await tx.rows(Prisma.sql`
    INSERT INTO report_pages (tenant_id, report_id, page, rows)
    VALUES (${tx.tenantId}, ${reportId}, ${page}, ${rows}::jsonb)
    ON CONFLICT (tenant_id, report_id, page) DO UPDATE SET rows = excluded.rows`);
}

/** The rows of a report, page by page. */
export async function findPages(tx: CoordinationTransaction, reportId: string): Promise<unknown[]> {
  const where = { tenantId: tx.tenantId, reportId };
  const pages = await tx.client.reportPage.findMany({ where, orderBy: { page: 'asc' }, select: { rows: true } });
  return pages.map(({ rows }) => rows);
}

/** Notes that a report has all its rows. Undefined where that was noted before, or the report is gone. */
export async function completeReport(
  tx: CoordinationTransaction,
  id: string,
  { rowCount, isTruncated }: { readonly rowCount: number; readonly isTruncated: boolean },
): Promise<Report | undefined> {
  const [report] = await tx.client.report.updateManyAndReturn({
    where: { tenantId: tx.tenantId, id, completedAt: null },
    data: { rowCount, isTruncated, completedAt: new Date(), version: { increment: 1 } },
  });
  return report;
}
