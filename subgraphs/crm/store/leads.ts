import type { LeadFilter } from '../../../generated/graphql/crm.ts';
import { type Lead, Prisma } from '../../../generated/prisma/crm/client.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import { together } from '../../../kernel/data/together.ts';
import { normaliseEmail } from '../../../kernel/subgraph/input.ts';
import type { Change, CrmTransaction, Selection } from '../store.ts';
import {
  type ChangedRow,
  columnsOfTable,
  containsAll,
  emailKeyOf,
  findForMany,
  findNewest,
  findRowsById,
  insertRows,
  keyOf,
  listCap,
  updateRows,
  withoutNulls,
  withoutUndefined,
} from './rows.ts';

/** The columns that are made of the others. */
export const leadKeys = (
  lead: Pick<Lead, 'firstName' | 'lastName' | 'email'> & Partial<Pick<Lead, 'phone' | 'company'>>,
) => ({
  nameKey: keyOf(lead.lastName, lead.firstName),
  emailKey: normaliseEmail(lead.email),
  searchKey: keyOf(lead.firstName, lead.lastName, lead.email, lead.phone, lead.company),
});
type LeadKey = keyof ReturnType<typeof leadKeys> | 'statusRank';

/** Which leads to find, among those of some users or of everyone. */
export interface LeadSelection extends Selection<LeadFilter> {
  readonly assignees: readonly string[] | undefined;
}

function whereLeads(tx: CrmTransaction, { words, filter, assignees }: LeadSelection): Prisma.LeadWhereInput {
  const { status, email, createdFrom, createdTo, ...equal } = filter;
  return {
    tenantId: tx.tenantId,
    ...withoutNulls({ ...equal, emailKey: emailKeyOf(email) }),
    status: withoutNulls({ in: status }),
    createdAt: withoutNulls({ gte: createdFrom, lt: createdTo }),
    AND: [...containsAll(words), ...(assignees ? [{ assigneeId: { in: [...assignees] } }] : [])],
  };
}

export function findLeads(tx: CrmTransaction, selection: LeadSelection, page: PageQuery): Promise<Lead[]> {
  const where = { AND: [whereLeads(tx, selection), page.where] };
  return tx.client.lead.findMany({ where, orderBy: page.orderBy, take: page.take });
}

export function countLeads(tx: CrmTransaction, selection: LeadSelection): Promise<number> {
  return tx.client.lead.count({ where: whereLeads(tx, selection) });
}

export function findLeadsById(tx: CrmTransaction, ids: readonly string[]): Promise<Lead[]> {
  return together(tx, findLeadLists, ids);
}

const findLeadLists = findForMany((tx, ids) => findRowsById<Lead>(tx, 'leads', ids));

const ofAssignees = (assignees: readonly string[] | undefined) =>
  assignees ? Prisma.sql`assignee_id = ANY(${assignees}::text[]) AND` : Prisma.empty;

export function findNewestLeadsOfContacts(
  tx: CrmTransaction,
  contactIds: readonly string[],
  assignees: readonly string[] | undefined,
): Promise<Lead[]> {
  return findNewest(tx, 'leads', Prisma.sql`${ofAssignees(assignees)} contact_id`, contactIds);
}

/** A lead among those of the customer with an e-mail address. */
export type CustomerLead = Lead & { readonly customerKey: string };

/** The newest leads of each customer: those of the contact and those with the e-mail address. */
export function findNewestLeadsOfCustomers(
  tx: CrmTransaction,
  emailKeys: readonly string[],
  assignees: readonly string[] | undefined,
): Promise<CustomerLead[]> {
  return tx.rows(Prisma.sql`
    SELECT customer.key AS "customerKey", newest.*
    FROM unnest(${emailKeys}::text[]) AS customer (key) CROSS JOIN LATERAL (
      SELECT ${columnsOfTable.leads} FROM leads
      WHERE tenant_id = ${tx.tenantId} AND ${ofAssignees(assignees)} (email_key = customer.key OR contact_id = (
        SELECT id FROM contacts WHERE tenant_id = ${tx.tenantId} AND email_key = customer.key
      ))
      ORDER BY created_at DESC, id DESC LIMIT ${listCap}
    ) AS newest ORDER BY newest."createdAt" DESC, newest.id DESC`);
}

export type NewLead = Omit<Prisma.LeadUncheckedCreateInput, 'tenantId' | LeadKey> & Pick<Lead, 'phone' | 'company'>;

export function insertLead(tx: CrmTransaction, lead: NewLead): Promise<Lead> {
  return together(tx, insertLeads, lead);
}

const insertLeads = (tx: CrmTransaction, leads: readonly NewLead[]) =>
  insertRows<Lead>(
    tx,
    'leads',
    leads.map((lead) => ({ ...lead, ...leadKeys(lead) })),
  );

/** Changes a lead, given as it is now, and counts its version up. */
export function changeLead(tx: CrmTransaction, lead: Lead, change: Change<Lead, LeadKey>): Promise<Lead> {
  return together(tx, changeLeads, { before: lead, after: { ...lead, ...withoutUndefined(change) } });
}

const changeLeads = (tx: CrmTransaction, changed: readonly ChangedRow<Lead>[]) =>
  updateRows<Lead>(
    tx,
    'leads',
    changed.map(({ before, after }) => ({ before, after: { ...after, ...leadKeys(after) } })),
  );
