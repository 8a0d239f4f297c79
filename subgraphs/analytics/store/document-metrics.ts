import { type DocumentMetrics, Prisma } from '../../../generated/prisma/analytics/client.ts';
import { columnsOf } from '../../../kernel/data/columns.ts';
import type { AnalyticsTransaction } from '../store.ts';

const columns = Prisma.raw(columnsOf(Object.values(Prisma.DocumentMetricsScalarFieldEnum)));

/** A document of a customer that was processed. */
export interface ProcessedDocument {
  readonly customerId: string;
  readonly wordCount: number;
  readonly processedAt: Date;
}

/** Counts a processed document into the metrics of its customer, and gives these as they are then. */
export async function countDocument(
  tx: AnalyticsTransaction,
  { customerId, wordCount, processedAt }: ProcessedDocument,
): Promise<DocumentMetrics> {
  const [counted] = await tx.rows<DocumentMetrics>(Prisma.sql`
    INSERT INTO document_metrics AS m (tenant_id, customer_id, processed_count, word_count, last_processed_at)
    VALUES (${tx.tenantId}, ${customerId}, 1, ${wordCount}, ${processedAt})
    ON CONFLICT (tenant_id, customer_id) DO UPDATE SET
      processed_count = m.processed_count + 1,
      word_count = m.word_count + EXCLUDED.word_count,
      last_processed_at = greatest(m.last_processed_at, EXCLUDED.last_processed_at)
    RETURNING ${columns}`);
  if (!counted) throw new Error('Metrics were counted and not given back.');
  return counted;
}

export function findDocumentMetricsOf(
  tx: AnalyticsTransaction,
  customerIds: readonly string[],
): Promise<DocumentMetrics[]> {
  return tx.rows(Prisma.sql`
    SELECT ${columns} FROM document_metrics
    WHERE tenant_id = ${tx.tenantId} AND customer_id = ANY(${customerIds})`);
}
