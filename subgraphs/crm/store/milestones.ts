import { Prisma, type RevenueMilestone } from '../../../generated/prisma/crm/client.ts';
import type { CrmTransaction } from '../store.ts';

const byAmount = [{ currency: 'asc' }, { amount: 'asc' }] satisfies Prisma.RevenueMilestoneOrderByWithRelationInput[];

/** The first 1,000, which is those of twenty currencies at least. */
export function findMilestones(tx: CrmTransaction): Promise<RevenueMilestone[]> {
  return tx.client.revenueMilestone.findMany({ where: { tenantId: tx.tenantId }, orderBy: byAmount, take: 1_000 });
}

export function findMilestonesOf(tx: CrmTransaction, currencies: readonly string[]): Promise<RevenueMilestone[]> {
  const where = { tenantId: tx.tenantId, currency: { in: [...currencies] } };
  return tx.client.revenueMilestone.findMany({ where, orderBy: byAmount });
}

/**
 * Makes everybody else who changes or reaches milestones of the tenant wait for the end of this transaction. What they
 * read then, of deals as well, includes what is written here.
 */
export async function lockMilestones(tx: CrmTransaction): Promise<void> {
  await tx.rows(Prisma.sql`
    SELECT true AS held
    FROM pg_advisory_xact_lock(hashtextextended('crm.revenue_milestones ' || ${tx.tenantId}::text, 0))`);
}

/** What all won deals of a currency are worth. */
export async function sumWonDeals(tx: CrmTransaction, currency: string): Promise<bigint> {
  const [sum] = await tx.rows<{ total: bigint }>(Prisma.sql`
    SELECT least(coalesce(sum(amount), 0), ${Number.MAX_SAFE_INTEGER})::bigint AS total FROM deals
    WHERE tenant_id = ${tx.tenantId} AND currency = ${currency} AND stage = 'WON'`);
  return sum?.total ?? 0n;
}

/** Adds milestones of a currency that are not there yet. */
export async function insertMilestones(
  tx: CrmTransaction,
  milestones: readonly Pick<RevenueMilestone, 'currency' | 'amount' | 'reachedAt'>[],
): Promise<void> {
  const data = milestones.map((one) => ({ ...one, tenantId: tx.tenantId }));
  await tx.client.revenueMilestone.createMany({ data });
}

export async function removeMilestones(
  tx: CrmTransaction,
  currency: string,
  amounts: readonly bigint[],
): Promise<void> {
  const where = { tenantId: tx.tenantId, currency, amount: { in: [...amounts] } };
  await tx.client.revenueMilestone.deleteMany({ where });
}

/** Marks as reached what a total has reached and was not marked, and gives it, by amount. */
export async function reachMilestones(
  tx: CrmTransaction,
  currency: string,
  total: bigint,
): Promise<RevenueMilestone[]> {
  const reached = await tx.client.revenueMilestone.updateManyAndReturn({
    where: { tenantId: tx.tenantId, currency, reachedAt: null, amount: { lte: total } },
    data: { reachedAt: new Date(), version: { increment: 1 } },
  });
  return reached.sort((a, b) => (a.amount < b.amount ? -1 : 1));
}
