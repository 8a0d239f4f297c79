import { Prisma } from '../../../generated/prisma/analytics/client.ts';
import type { AnalyticsTransaction } from '../store.ts';

/** What of a customer may be kept for a purpose, and only with a consent. */
const kept = {
  ANALYTICS: Prisma.sql`EXISTS (SELECT FROM tracked_events e
    WHERE e.tenant_id = b.tenant_id AND e.customer_id = b.customer_id AND e.properties IS NOT NULL)`,
  PERSONALISATION: Prisma.sql`b.preferences IS NOT NULL`,
} as const;

/**
 * The customers of whom something is kept for a purpose without their consent to it, by id. Every customer of whom there
 * are events has a behavior, so that is where the search begins.
 */
export async function findWithoutConsent(
  tx: AnalyticsTransaction,
  purpose: keyof typeof kept,
  at: Date,
  limit: number,
): Promise<string[]> {
  const rows = await tx.rows<{ readonly id: string }>(Prisma.sql`
    SELECT customer_id AS id FROM customer_behavior b WHERE tenant_id = ${tx.tenantId} AND ${kept[purpose]}
      AND NOT EXISTS (SELECT FROM consents c WHERE c.tenant_id = b.tenant_id AND c.customer_id = b.customer_id
        AND purpose = ${purpose} AND granted AND recorded_at <= ${at})
    ORDER BY customer_id LIMIT ${limit}`);
  return rows.map(({ id }) => id);
}
