import { Prisma } from '../../../generated/prisma/analytics/client.ts';
import type { DayFigure } from '../../../kernel/data/day-figures.ts';
import type { TimeRange } from '../../../kernel/data/time-range.ts';
import type { AnalyticsTransaction } from '../store.ts';

/** Figures of tracked events over a range. */
export interface EventCounts {
  readonly tracked: number;
  readonly activeCustomers: number;
}

export async function countEventsIn(tx: AnalyticsTransaction, { from, to }: TimeRange): Promise<EventCounts> {
  const [counts] = await tx.rows<EventCounts>(Prisma.sql`
    SELECT count(*)::int AS tracked, count(DISTINCT customer_id)::int AS "activeCustomers" FROM tracked_events
    WHERE tenant_id = ${tx.tenantId} AND occurred_at >= ${from} AND occurred_at < ${to}`);
  return counts ?? { tracked: 0, activeCustomers: 0 };
}

/** The days are those of the range's time zone, which Postgres works out. */
export function countEventsByDay(tx: AnalyticsTransaction, { from, to, timeZone }: TimeRange): Promise<DayFigure[]> {
  return tx.rows(Prisma.sql`
    SELECT 'eventsTracked' AS figure, (occurred_at AT TIME ZONE ${timeZone})::date::text AS day, count(*)::int AS value
    FROM tracked_events WHERE tenant_id = ${tx.tenantId} AND occurred_at >= ${from} AND occurred_at < ${to} GROUP BY 2`);
}
