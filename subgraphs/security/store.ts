import type {
  AuditRecordFilter,
  BackupStatus,
  ComplianceFocus,
  IncidentStatus,
} from '../../generated/graphql/security.ts';
import type {
  AuditRecord,
  Backup,
  ComplianceReport,
  Incident,
  Prisma,
  PrismaClient,
} from '../../generated/prisma/security/client.ts';
import type { AuditKind, AuditOutcome } from '../../kernel/audit/audit-record.ts';
import type { ChangeBatch } from '../../kernel/changes/feed.ts';
import type { Finding } from '../../kernel/compliance/check-rules.ts';
import type { Severity } from '../../kernel/compliance/severity.ts';
import type { WrittenBackup } from '../../kernel/data/backup/write-backup.ts';
import type { Connection, PageQuery } from '../../kernel/data/page.ts';
import type { TenantTransaction } from '../../kernel/data/tenant-database.ts';
import type { TimeRange } from '../../kernel/data/time-range.ts';

/** A transaction in which the rows of one tenant of this app can be reached, and its audit records read. */
export type SecurityTransaction = TenantTransaction<PrismaClient>;

// What resolvers of each type get as their parent. The table holds no other kinds and outcomes than the schema has.
export type AuditRecordModel = AuditRecord & { readonly kind: AuditKind; readonly outcome: AuditOutcome };
export type AuditRecordConnectionModel = Connection<AuditRecordModel>;
export type IncidentChangeModel = ChangeBatch;
export type MetricsModel = TimeRange;
export type MetricsDayModel = { readonly id: string };
export type IncidentModel = Incident & { readonly severity: Severity; readonly status: IncidentStatus };
export type IncidentConnectionModel = Connection<IncidentModel>;
export type ComplianceReportModel = Omit<ComplianceReport, 'focus' | 'findings'> & {
  readonly focus: ComplianceFocus;
  readonly findings: Finding[];
};
export type ComplianceReportConnectionModel = Connection<ComplianceReportModel>;
export type BackupModel = Omit<Backup, 'size' | 'rowCount' | 'status'> & {
  readonly size: number | null;
  readonly rowCount: number | null;
  readonly status: BackupStatus;
};
export type BackupConnectionModel = Connection<BackupModel>;
export type BackupFileModel = Pick<WrittenBackup, 'size' | 'checksum' | 'rowCount'> & { readonly asOf: Date };

function whereRecords(tx: SecurityTransaction, filter: AuditRecordFilter): Prisma.AuditRecordWhereInput {
  const { kind, outcome, app, credentialId, userId, entity, entityId, from, to, correlationId } = filter;
  const conditions: Prisma.AuditRecordWhereInput[] = [];
  if (app != null) conditions.push({ OR: [{ sourceApp: app }, { targetApp: app }] });
  if (credentialId != null) {
    conditions.push({ OR: [{ credentialId }, { credentialId: { startsWith: `${escapePattern(credentialId)}/` } }] });
  }
  return {
    tenantId: tx.tenantId,
    ...(kind != null && { kind }),
    ...(outcome != null && { outcome }),
    ...(userId != null && { userId }),
    ...(entity != null && { entity }),
    ...(entityId != null && { entityId }),
    ...((from != null || to != null) && { at: { ...(from != null && { gte: from }), ...(to != null && { lt: to }) } }),
    ...(correlationId != null && { correlationId }),
    AND: conditions,
  };
}

/** Prisma hands `%` and `_` on to LIKE as they are. */
function escapePattern(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&');
}

export async function findAuditRecords(
  tx: SecurityTransaction,
  filter: AuditRecordFilter,
  page: PageQuery,
): Promise<AuditRecordModel[]> {
  const where = { AND: [whereRecords(tx, filter), page.where] };
  const rows = await tx.client.auditRecord.findMany({ where, orderBy: page.orderBy, take: page.take });
  return rows as AuditRecordModel[];
}

export function countAuditRecords(tx: SecurityTransaction, filter: AuditRecordFilter): Promise<number> {
  return tx.client.auditRecord.count({ where: whereRecords(tx, filter) });
}
