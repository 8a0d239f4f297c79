import { Prisma } from '../../../generated/prisma/documents/client.ts';
import type { DayFigure } from '../../../kernel/data/day-figures.ts';
import type { TimeRange } from '../../../kernel/data/time-range.ts';
import type { DocumentsTransaction } from '../store.ts';

/** Figures of documents: now, and over a range. The size is in bytes. */
export interface DocumentCounts {
  readonly total: number;
  readonly storageUsed: number;
  readonly uploaded: number;
  readonly processed: number;
}

export async function countDocumentsOver(tx: DocumentsTransaction, { from, to }: TimeRange): Promise<DocumentCounts> {
  const [counts] = await tx.rows<DocumentCounts>(Prisma.sql`
    SELECT stored.*, new.* FROM (
      SELECT count(*)::int AS total, coalesce(sum(size), 0)::float8 AS "storageUsed"
      FROM documents WHERE tenant_id = ${tx.tenantId}
    ) AS stored, (
      SELECT count(*)::int AS uploaded, count(*) FILTER (WHERE status = 'PROCESSED')::int AS processed
      FROM documents WHERE tenant_id = ${tx.tenantId} AND created_at >= ${from} AND created_at < ${to}
    ) AS new`);
  return counts ?? { total: 0, storageUsed: 0, uploaded: 0, processed: 0 };
}

/** The days are those of the range's time zone, which Postgres works out. */
export function countUploadsByDay(tx: DocumentsTransaction, { from, to, timeZone }: TimeRange): Promise<DayFigure[]> {
  return tx.rows(Prisma.sql`
    SELECT 'documentsUploaded' AS figure, (created_at AT TIME ZONE ${timeZone})::date::text AS day,
      count(*)::int AS value
    FROM documents WHERE tenant_id = ${tx.tenantId} AND created_at >= ${from} AND created_at < ${to} GROUP BY 2`);
}
