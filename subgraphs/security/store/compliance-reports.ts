import type { ComplianceReportFilter } from '../../../generated/graphql/security.ts';
import { Prisma } from '../../../generated/prisma/security/client.ts';
import type { Finding } from '../../../kernel/compliance/check-rules.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import { isEntityId } from '../../../kernel/tenancy/ids.ts';
import type { ComplianceReportModel, SecurityTransaction } from '../store.ts';

function whereReports(tx: SecurityTransaction, filter: ComplianceReportFilter): Prisma.ComplianceReportWhereInput {
  const { focus, overallCompliance, completedFrom, completedTo } = filter;
  return {
    tenantId: tx.tenantId,
    ...(focus != null && { focus }),
    ...(overallCompliance != null && { overallCompliance }),
    completedAt: { ...(completedFrom && { gte: completedFrom }), ...(completedTo && { lt: completedTo }) },
  };
}

// The columns hold no other focus than the schema has, and findings as they were checked.
const asReport = (row: object) => row as ComplianceReportModel;

export async function findReports(
  tx: SecurityTransaction,
  filter: ComplianceReportFilter,
  page: PageQuery,
): Promise<ComplianceReportModel[]> {
  const where = { AND: [whereReports(tx, filter), page.where] };
  const rows = await tx.client.complianceReport.findMany({ where, orderBy: page.orderBy, take: page.take });
  return rows.map(asReport);
}

export function countReports(tx: SecurityTransaction, filter: ComplianceReportFilter): Promise<number> {
  return tx.client.complianceReport.count({ where: whereReports(tx, filter) });
}

export async function findReportsById(
  tx: SecurityTransaction,
  ids: readonly string[],
): Promise<ComplianceReportModel[]> {
  const where = { tenantId: tx.tenantId, id: { in: ids.filter(isEntityId) } };
  return (await tx.client.complianceReport.findMany({ where })).map(asReport);
}

export type NewReport = Omit<Prisma.ComplianceReportUncheckedCreateInput, 'tenantId' | 'findings'> & {
  readonly findings: readonly Finding[];
};

export async function insertReport(tx: SecurityTransaction, report: NewReport): Promise<ComplianceReportModel> {
  const findings = report.findings.map((finding) => ({ ...finding }));
  return asReport(await tx.client.complianceReport.create({ data: { ...report, findings, tenantId: tx.tenantId } }));
}

/**
 * Which of some credentials reached an app since an instant, themselves or by a token, whose id begins with that of its key
 * and a slash; the character after the slash is a zero.
 */
export async function findUsedCredentials(
  tx: SecurityTransaction,
  ids: readonly string[],
  since: Date,
): Promise<string[]> {
  const used = await tx.rows<{ readonly id: string }>(Prisma.sql`
    SELECT asked.id FROM unnest(${ids.filter(isEntityId)}::text[]) AS asked (id)
    WHERE EXISTS (SELECT FROM platform.audit_records WHERE tenant_id = ${tx.tenantId} AND kind = 'CROSS_APP_ACCESS'
        AND credential_id COLLATE "C" = asked.id AND at >= ${since})
      OR EXISTS (SELECT FROM platform.audit_records WHERE tenant_id = ${tx.tenantId} AND kind = 'CROSS_APP_ACCESS'
        AND credential_id COLLATE "C" > asked.id || '/' AND credential_id COLLATE "C" < asked.id || '0'
        AND at >= ${since})`);
  return used.map(({ id }) => id);
}
