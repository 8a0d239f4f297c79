import type { LeadFilter } from '../../../generated/graphql/crm.ts';
import { type Lead, Prisma } from '../../../generated/prisma/crm/client.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import { together } from '../../../kernel/data/together.ts';
import { normaliseEmail } from '../../../kernel/subgraph/input.ts';
import type { Change, CrmTransaction, Selection } from '../store.ts';
import {
  columnsOfTable,
  containsAll,
  emailKeyOf,
  findForMany,
  findNewest,
  insertRows,
  keyOf,
  listCap,
  withIds,
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

const findLeadLists = findForMany((tx, ids) => tx.client.lead.findMany({ where: withIds(tx, ids) }));

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
  return together(tx, changeLeads, { ...lead, ...withoutUndefined(change) });
}

/** Writes leads, each given as it will be but for its version. */
async function changeLeads(tx: CrmTransaction, leads: readonly Lead[]): Promise<readonly Lead[]> {
  const rows = leads.map((lead) => ({ ...lead, ...leadKeys(lead) }));
  const changed = await tx.rows<Lead>(Prisma.sql`
    UPDATE leads SET contact_id = to_be."contactId", first_name = to_be."firstName", last_name = to_be."lastName",
      name_key = to_be."nameKey", email = to_be."newEmail", email_key = to_be."emailKey", phone = to_be."newPhone",
      company = to_be."newCompany", source = to_be."newSource", status = to_be."newStatus"::lead_status,
      assignee_id = to_be."assigneeId", note = to_be."newNote", search_key = to_be."searchKey",
      updated_at = ${new Date()}, version = version + 1
    FROM (SELECT id AS "leadId", email AS "newEmail", phone AS "newPhone", company AS "newCompany", source AS "newSource",
        status AS "newStatus", note AS "newNote", "contactId", "firstName", "lastName", "nameKey", "emailKey", "assigneeId",
        "searchKey"
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS given (id text, "contactId" text, "firstName" text,
        "lastName" text, "nameKey" text, email text, "emailKey" text, phone text, company text, source text, status text,
        "assigneeId" text, note text, "searchKey" text)) AS to_be
    WHERE tenant_id = ${tx.tenantId} AND id = to_be."leadId"
    RETURNING ${columnsOfTable.leads}`);
  const byId = new Map(changed.map((lead) => [lead.id, lead]));
  return leads.map(({ id }) => {
    const lead = byId.get(id);
    if (!lead) throw new Error('A lead is gone that was locked.');
    return lead;
  });
}
