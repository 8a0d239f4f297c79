import { Prisma } from '../../../generated/prisma/security/client.ts';
import type { Severity } from '../../../kernel/compliance/severity.ts';
import type { TimeRange } from '../../../kernel/data/time-range.ts';
import type { SecurityTransaction } from '../store.ts';

/** How many incidents of a severity are open, in one state. */
export interface OpenCount {
  readonly severity: Severity;
  readonly isAcknowledged: boolean;
  readonly count: number;
}

export function countOpenIncidents(tx: SecurityTransaction): Promise<OpenCount[]> {
  return tx.rows(Prisma.sql`
    SELECT severity, status = 'ACKNOWLEDGED' AS "isAcknowledged", count(*)::int AS count FROM incidents
    WHERE tenant_id = ${tx.tenantId} AND resolved_at IS NULL GROUP BY 1, 2`);
}

/** How long it took until something was done about incidents, in seconds; null where nothing was. */
export interface MeanTimes {
  readonly toAcknowledge: number | null;
  readonly toResolve: number | null;
  /** How many were open when the range began. */
  readonly openBefore: number;
}

/** The mean times of the incidents that were reported in a range, and what was open before. */
export async function readMeanTimes(tx: SecurityTransaction, { from, to }: TimeRange): Promise<MeanTimes> {
  const rows = await tx.rows<MeanTimes>(Prisma.sql`
    SELECT avg(extract(epoch FROM acknowledged_at - reported_at))::float8 AS "toAcknowledge",
      avg(extract(epoch FROM resolved_at - reported_at))::float8 AS "toResolve",
      (SELECT count(*)::int FROM incidents WHERE tenant_id = ${tx.tenantId} AND reported_at < ${from}
        AND (resolved_at IS NULL OR resolved_at >= ${from})) AS "openBefore"
    FROM incidents WHERE tenant_id = ${tx.tenantId} AND reported_at >= ${from} AND reported_at < ${to}`);
  return rows[0] ?? { toAcknowledge: null, toResolve: null, openBefore: 0 };
}

const moments = ['reported', 'acknowledged', 'resolved'] as const;

/** What happened to how many incidents on one day. */
export interface DayCount {
  /** As in `2026-11-21`, in the time zone of the range. */
  readonly date: string;
  readonly kind: (typeof moments)[number];
  readonly count: number;
}

/** What happened in a range day by day; days on which nothing did are left out. */
export function countByDay(tx: SecurityTransaction, { from, to, timeZone }: TimeRange): Promise<DayCount[]> {
  const parts = moments.map((kind) => {
    const at = Prisma.raw(`${kind}_at`);
    return Prisma.sql`
      SELECT ${kind}::text AS kind, ((${at} AT TIME ZONE ${timeZone})::date)::text AS date, count(*)::int AS count
      FROM incidents WHERE tenant_id = ${tx.tenantId} AND ${at} >= ${from} AND ${at} < ${to} GROUP BY 2`;
  });
  return tx.rows(Prisma.join(parts, ' UNION ALL '));
}
