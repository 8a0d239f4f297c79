import { Prisma } from '../../../generated/prisma/crm/client.ts';
import type { DayFigure } from '../../../kernel/data/day-figures.ts';
import type { TimeRange } from '../../../kernel/data/time-range.ts';
import type { CrmTransaction, LeadModel } from '../store.ts';

/** How many leads that were created in a range have a status now. */
export interface LeadCount {
  readonly status: LeadModel['status'];
  readonly count: number;
}

export function countLeadsByStatus(tx: CrmTransaction, { from, to }: TimeRange): Promise<LeadCount[]> {
  return tx.rows(Prisma.sql`
    SELECT status, count(*)::int AS count FROM leads
    WHERE tenant_id = ${tx.tenantId} AND created_at >= ${from} AND created_at < ${to} GROUP BY status`);
}

/** The deals of one currency: those that were won or lost in a range, or are open now. */
export interface DealTotal {
  readonly state: 'WON' | 'LOST' | 'OPEN';
  readonly currency: string;
  readonly count: number;
  /** In the smallest unit. */
  readonly amount: number;
}

export function sumDeals(tx: CrmTransaction, { from, to }: TimeRange): Promise<DealTotal[]> {
  return tx.rows(Prisma.sql`
    SELECT stage::text AS state, currency, count(*)::int AS count, sum(amount)::float8 AS amount FROM deals
    WHERE tenant_id = ${tx.tenantId} AND closed_at >= ${from} AND closed_at < ${to} GROUP BY stage, currency
    UNION ALL
    SELECT 'OPEN', currency, count(*)::int, sum(amount)::float8 FROM deals
    WHERE tenant_id = ${tx.tenantId} AND stage_rank <= 3 GROUP BY currency
    ORDER BY state, currency`);
}

export function countNewDeals(tx: CrmTransaction, { from, to }: TimeRange): Promise<number> {
  return tx.client.deal.count({ where: { tenantId: tx.tenantId, createdAt: { gte: from, lt: to } } });
}

/** How many activities of a type were logged in a range. */
export interface ActivityCount {
  readonly type: string;
  readonly count: number;
}

export function countActivitiesByType(tx: CrmTransaction, { from, to }: TimeRange): Promise<ActivityCount[]> {
  return tx.rows(Prisma.sql`
    SELECT type, count(*)::int AS count FROM activities
    WHERE tenant_id = ${tx.tenantId} AND created_at >= ${from} AND created_at < ${to}
    GROUP BY type ORDER BY count DESC, type`);
}

/** A figure of a day; of money, with its currency and its amount. */
export interface SalesFigure extends DayFigure {
  readonly currency: string | null;
  readonly amount: number;
}

/** The days are those of the range's time zone, which Postgres works out: it knows when they have 23 or 25 hours. */
export function countSalesByDay(tx: CrmTransaction, { from, to, timeZone }: TimeRange): Promise<SalesFigure[]> {
  const within = (column: string) => {
    const name = Prisma.raw(column);
    return Prisma.sql`tenant_id = ${tx.tenantId} AND ${name} >= ${from} AND ${name} < ${to}`;
  };
  const countedByDay = (table: string) => Prisma.sql`
    SELECT (created_at AT TIME ZONE ${timeZone})::date AS day, count(*)::int AS value
    FROM ${Prisma.raw(table)} WHERE ${within('created_at')} GROUP BY 1`;
  return tx.rows(Prisma.sql`
    SELECT 'leadsCreated' AS figure, day::text, NULL AS currency, value, 0::float8 AS amount
    FROM (${countedByDay('leads')}) AS leads
    UNION ALL
    SELECT 'activitiesLogged', day::text, NULL, value, 0 FROM (${countedByDay('activities')}) AS activities
    UNION ALL
    SELECT stage::text, day::text, currency, value, amount FROM (
      SELECT stage, (closed_at AT TIME ZONE ${timeZone})::date AS day, currency, count(*)::int AS value,
        sum(amount)::float8 AS amount
      FROM deals WHERE ${within('closed_at')} GROUP BY 1, 2, 3
    ) AS deals
    ORDER BY currency`);
}
