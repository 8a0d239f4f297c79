import type { CompanyFilter } from '../../../generated/graphql/crm.ts';
import type { Company, Prisma } from '../../../generated/prisma/crm/client.ts';
import { containing } from '../../../kernel/data/containing.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import type { Change, CrmTransaction, Selection } from '../store.ts';
import { keyOf, nextVersion, withIds, withoutNulls, withoutUndefined } from './rows.ts';

/** The columns that are made of the others. */
export const companyKeys = (company: Pick<Company, 'name'>) => ({ nameKey: keyOf(company.name) });
type CompanyKey = keyof ReturnType<typeof companyKeys>;

function whereCompanies(tx: CrmTransaction, { words, filter }: Selection<CompanyFilter>): Prisma.CompanyWhereInput {
  const { domain, createdFrom, createdTo } = filter;
  return {
    tenantId: tx.tenantId,
    ...withoutNulls({ domain: domain?.trim().toLowerCase() }),
    createdAt: withoutNulls({ gte: createdFrom, lt: createdTo }),
    AND: words.map((word) => ({ OR: [{ nameKey: containing(word) }, { domain: containing(word) }] })),
  };
}

export function findCompanies(
  tx: CrmTransaction,
  selection: Selection<CompanyFilter>,
  page: PageQuery,
): Promise<Company[]> {
  const where = { AND: [whereCompanies(tx, selection), page.where] };
  return tx.client.company.findMany({ where, orderBy: page.orderBy, take: page.take });
}

export function countCompanies(tx: CrmTransaction, selection: Selection<CompanyFilter>): Promise<number> {
  return tx.client.company.count({ where: whereCompanies(tx, selection) });
}

export function findCompaniesById(tx: CrmTransaction, ids: readonly string[]): Promise<Company[]> {
  return tx.client.company.findMany({ where: withIds(tx, ids) });
}

export type NewCompany = Omit<Prisma.CompanyUncheckedCreateInput, 'tenantId' | CompanyKey>;

export function insertCompany(tx: CrmTransaction, company: NewCompany): Promise<Company> {
  return tx.client.company.create({ data: { ...company, ...companyKeys(company), tenantId: tx.tenantId } });
}

/** Changes a company, given as it is now, and counts its version up. */
export function changeCompany(
  tx: CrmTransaction,
  company: Company,
  change: Change<Company, CompanyKey>,
): Promise<Company> {
  const fields = withoutUndefined(change);
  return tx.client.company.update({
    where: { tenantId_id: { tenantId: tx.tenantId, id: company.id } },
    data: { ...fields, ...companyKeys({ ...company, ...fields }), ...nextVersion() },
  });
}
