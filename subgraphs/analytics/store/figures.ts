import { Prisma } from '../../../generated/prisma/analytics/client.ts';
import type { AnalyticsTransaction } from '../store.ts';

/** Removes the behavior of a customer of whom nothing was tracked. Gives its revision; undefined where there is none such. */
export async function removeUntracked(tx: AnalyticsTransaction, customerId: string): Promise<number | undefined> {
  const [row] = await tx.rows<{ readonly revision: number }>(Prisma.sql`
    DELETE FROM customer_behavior b WHERE b.tenant_id = ${tx.tenantId} AND b.customer_id = ${customerId}
      AND NOT EXISTS (SELECT FROM tracked_events e WHERE e.tenant_id = b.tenant_id AND e.customer_id = b.customer_id)
    RETURNING b.revision`);
  return row?.revision;
}

/** Sets metrics of a day. */
export async function setMetrics(
  tx: AnalyticsTransaction,
  day: Date,
  values: Readonly<Record<string, number>>,
): Promise<void> {
  await tx.rows(Prisma.sql`
    INSERT INTO daily_metrics (tenant_id, name, day, value)
    SELECT ${tx.tenantId}, name, ${day}::date, value
    FROM unnest(${Object.keys(values)}::text[], ${Object.values(values)}::double precision[]) AS metric (name, value)
    ORDER BY name ON CONFLICT (tenant_id, name, day) DO UPDATE SET value = excluded.value`);
}
