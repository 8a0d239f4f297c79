import { Prisma } from '../../../generated/prisma/documents/client.ts';
import type { DocumentsTransaction } from '../store.ts';

/** Documents of a type are past their time when they were made before an instant and say nothing of their own. */
export interface RetentionLimit {
  readonly type: string;
  readonly madeBefore: Date;
}

/** The documents whose time is over at an instant: their own, or else that of their type. The longest overdue first. */
export async function findPastRetention(
  tx: DocumentsTransaction,
  at: Date,
  limits: readonly RetentionLimit[],
  limit: number,
): Promise<string[]> {
  const types = limits.map(({ type }) => type);
  const instants = limits.map(({ madeBefore }) => madeBefore.toISOString());
  const rows = await tx.rows<{ readonly id: string }>(Prisma.sql`
    SELECT id FROM (
      (SELECT id, ${at}::timestamptz - retention_until AS overdue FROM documents
        WHERE tenant_id = ${tx.tenantId} AND retention_until < ${at} ORDER BY retention_until LIMIT ${limit})
      UNION ALL
      (SELECT past.* FROM unnest(${types}::text[], ${instants}::timestamptz[]) AS rule (type, made_before)
        CROSS JOIN LATERAL (
          SELECT id, rule.made_before - created_at AS overdue FROM documents
          WHERE tenant_id = ${tx.tenantId} AND documents.type = rule.type AND created_at < rule.made_before
            AND retention_until IS NULL
          ORDER BY created_at, id LIMIT ${limit}
        ) AS past)
    ) AS past ORDER BY overdue DESC, id LIMIT ${limit}`);
  return rows.map(({ id }) => id);
}

/** The documents with a text that have waited to be processed since before an instant, the longest first. */
export async function findLongWaiting(tx: DocumentsTransaction, before: Date, limit: number): Promise<string[]> {
  const rows = await tx.rows<{ readonly id: string }>(Prisma.sql`
    SELECT id FROM documents WHERE tenant_id = ${tx.tenantId} AND status IN ('UPLOADED', 'PROCESSING') AND text IS NOT NULL
      AND updated_at < ${before} ORDER BY updated_at, id LIMIT ${limit}`);
  return rows.map(({ id }) => id);
}
