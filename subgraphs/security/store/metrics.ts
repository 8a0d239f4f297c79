import { Prisma } from '../../../generated/prisma/security/client.ts';
import type { DayFigure } from '../../../kernel/data/day-figures.ts';
import type { TimeRange } from '../../../kernel/data/time-range.ts';
import type { SecurityTransaction } from '../store.ts';

export function countReportedIn(tx: SecurityTransaction, { from, to }: TimeRange): Promise<number> {
  return tx.client.incident.count({ where: { tenantId: tx.tenantId, reportedAt: { gte: from, lt: to } } });
}

/** The days are those of the range's time zone, which Postgres works out. */
export function countReportedByDay(tx: SecurityTransaction, { from, to, timeZone }: TimeRange): Promise<DayFigure[]> {
  return tx.rows(Prisma.sql`
    SELECT 'incidentsReported' AS figure, (reported_at AT TIME ZONE ${timeZone})::date::text AS day,
      count(*)::int AS value
    FROM incidents WHERE tenant_id = ${tx.tenantId} AND reported_at >= ${from} AND reported_at < ${to} GROUP BY 2`);
}
