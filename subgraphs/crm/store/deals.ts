import type { DealFilter } from '../../../generated/graphql/crm.ts';
import { type Deal, Prisma } from '../../../generated/prisma/crm/client.ts';
import { containing } from '../../../kernel/data/containing.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import type { Change, CrmTransaction, Selection } from '../store.ts';
import { findNewest, keyOf, nextVersion, withIds, withoutNulls, withoutUndefined } from './rows.ts';

/** The columns that are made of the others. */
export const dealKeys = (deal: Pick<Deal, 'title'>) => ({ titleKey: keyOf(deal.title) });
type DealKey = keyof ReturnType<typeof dealKeys> | 'stageRank';

function whereDeals(tx: CrmTransaction, { words, filter }: Selection<DealFilter>): Prisma.DealWhereInput {
  const { stage, amountMin, amountMax, createdFrom, createdTo, ...equal } = filter;
  return {
    tenantId: tx.tenantId,
    ...withoutNulls(equal),
    stage: withoutNulls({ in: stage }),
    amount: withoutNulls({ gte: amountMin, lte: amountMax }),
    createdAt: withoutNulls({ gte: createdFrom, lt: createdTo }),
    AND: words.map((word) => ({ titleKey: containing(word) })),
  };
}

export function findDeals(tx: CrmTransaction, selection: Selection<DealFilter>, page: PageQuery): Promise<Deal[]> {
  const where = { AND: [whereDeals(tx, selection), page.where] };
  return tx.client.deal.findMany({ where, orderBy: page.orderBy, take: page.take });
}

export function countDeals(tx: CrmTransaction, selection: Selection<DealFilter>): Promise<number> {
  return tx.client.deal.count({ where: whereDeals(tx, selection) });
}

export function findDealsById(tx: CrmTransaction, ids: readonly string[]): Promise<Deal[]> {
  return tx.client.deal.findMany({ where: withIds(tx, ids) });
}

export function findNewestDealsOfContacts(tx: CrmTransaction, contactIds: readonly string[]): Promise<Deal[]> {
  return findNewest(tx, 'deals', Prisma.sql`contact_id`, contactIds);
}

export function findNewestDealsOfCompanies(tx: CrmTransaction, companyIds: readonly string[]): Promise<Deal[]> {
  return findNewest(tx, 'deals', Prisma.sql`company_id`, companyIds);
}

export function findNewestDealsOfLeads(tx: CrmTransaction, leadIds: readonly string[]): Promise<Deal[]> {
  return findNewest(tx, 'deals', Prisma.sql`lead_id`, leadIds);
}

export type NewDeal = Omit<Prisma.DealUncheckedCreateInput, 'tenantId' | DealKey>;

export function insertDeal(tx: CrmTransaction, deal: NewDeal): Promise<Deal> {
  return tx.client.deal.create({ data: { ...deal, ...dealKeys(deal), tenantId: tx.tenantId } });
}

/** Changes a deal, given as it is now, and counts its version up. */
export function changeDeal(tx: CrmTransaction, deal: Deal, change: Change<Deal, DealKey>): Promise<Deal> {
  const fields = withoutUndefined(change);
  return tx.client.deal.update({
    where: { tenantId_id: { tenantId: tx.tenantId, id: deal.id } },
    data: { ...fields, ...dealKeys({ ...deal, ...fields }), ...nextVersion() },
  });
}
