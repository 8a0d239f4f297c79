import type { DocumentType } from '../../../generated/graphql/documents.ts';
import type { DocumentsTransaction } from '../store.ts';

/** How many years documents of a type are kept. */
export interface RetentionRow {
  readonly type: DocumentType;
  readonly years: number;
  /** Counts the changes to the rule. */
  readonly version: number;
}

/** The rules that the tenant has set. */
export async function findRetentionRules(tx: DocumentsTransaction): Promise<RetentionRow[]> {
  return (await tx.client.retentionRule.findMany({ where: { tenantId: tx.tenantId } })) as RetentionRow[];
}

export async function putRetentionRule(
  tx: DocumentsTransaction,
  { type, years }: Pick<RetentionRow, 'type' | 'years'>,
): Promise<RetentionRow> {
  const key = { tenantId: tx.tenantId, type };
  const rule = await tx.client.retentionRule.upsert({
    where: { tenantId_type: key },
    create: { ...key, years },
    update: { years, updatedAt: new Date(), version: { increment: 1 } },
  });
  return { ...rule, type };
}
