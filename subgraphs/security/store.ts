import type { AuditRecordFilter } from '../../generated/graphql/security.ts';
import type { AuditRecord, Prisma, PrismaClient } from '../../generated/prisma/security/client.ts';
import type { AuditKind, AuditOutcome } from '../../kernel/audit/audit-record.ts';
import type { ChangeBatch } from '../../kernel/changes/feed.ts';
import type { Connection, PageQuery } from '../../kernel/data/page.ts';
import type { TenantTransaction } from '../../kernel/data/tenant-database.ts';

/** A transaction in which the records of one tenant can be read. */
export type SecurityTransaction = TenantTransaction<PrismaClient>;

// What resolvers of each type get as their parent. The table holds no other kinds and outcomes than the schema has.
export type AuditRecordModel = AuditRecord & { readonly kind: AuditKind; readonly outcome: AuditOutcome };
export type AuditRecordConnectionModel = Connection<AuditRecordModel>;
export type IncidentChangeModel = ChangeBatch;

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
