import type { ContactFilter } from '../../../generated/graphql/crm.ts';
import { type Activity, type Contact, type Deal, type Lead, Prisma } from '../../../generated/prisma/crm/client.ts';
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
  nextVersion,
  updateRows,
  withoutNulls,
  withoutUndefined,
} from './rows.ts';

/** The columns that are made of the others. */
export const contactKeys = (contact: Pick<Contact, 'firstName' | 'lastName' | 'email' | 'phone'>) => ({
  nameKey: keyOf(contact.lastName, contact.firstName),
  emailKey: emailKeyOf(contact.email),
  searchKey: keyOf(contact.firstName, contact.lastName, contact.email, contact.phone),
});
type ContactKey = keyof ReturnType<typeof contactKeys>;

function whereContacts(tx: CrmTransaction, { words, filter }: Selection<ContactFilter>): Prisma.ContactWhereInput {
  const { email, createdFrom, createdTo, ...equal } = filter;
  return {
    tenantId: tx.tenantId,
    ...withoutNulls({ ...equal, emailKey: emailKeyOf(email) }),
    createdAt: withoutNulls({ gte: createdFrom, lt: createdTo }),
    AND: containsAll(words),
  };
}

export function findContacts(
  tx: CrmTransaction,
  selection: Selection<ContactFilter>,
  page: PageQuery,
): Promise<Contact[]> {
  const where = { AND: [whereContacts(tx, selection), page.where] };
  return tx.client.contact.findMany({ where, orderBy: page.orderBy, take: page.take });
}

export function countContacts(tx: CrmTransaction, selection: Selection<ContactFilter>): Promise<number> {
  return tx.client.contact.count({ where: whereContacts(tx, selection) });
}

/** The contacts that are some customers. */
export function findContactsOfCustomers(tx: CrmTransaction, customerIds: readonly string[]): Promise<Contact[]> {
  return tx.client.contact.findMany({ where: { tenantId: tx.tenantId, customerId: { in: [...customerIds] } } });
}

export function findContactsById(tx: CrmTransaction, ids: readonly string[]): Promise<Contact[]> {
  return together(tx, findContactLists, ids);
}

const findContactLists = findForMany((tx, ids) => findRowsById<Contact>(tx, 'contacts', ids));

export function findContactsByEmail(tx: CrmTransaction, emailKeys: readonly string[]): Promise<Contact[]> {
  return tx.rows(Prisma.sql`
    SELECT ${columnsOfTable.contacts} FROM contacts
    WHERE tenant_id = ${tx.tenantId} AND email_key = ANY(${emailKeys})`);
}

/** The e-mail addresses of some contacts, of those that have one. */
export async function findAddressesOf(tx: CrmTransaction, contactIds: readonly string[]): Promise<string[]> {
  return (await together(tx, findAddressLists, contactIds)).map(({ email }) => email);
}

const findAddressLists = findForMany((tx, ids) =>
  tx.rows<{ readonly id: string; readonly email: string }>(Prisma.sql`
    SELECT id, email FROM contacts WHERE tenant_id = ${tx.tenantId} AND id = ANY(${ids}) AND email IS NOT NULL`),
);

export function findNewestContactsOfCompanies(tx: CrmTransaction, companyIds: readonly string[]): Promise<Contact[]> {
  return findNewest(tx, 'contacts', Prisma.sql`company_id`, companyIds);
}

export type NewContact = Omit<Prisma.ContactUncheckedCreateInput, 'tenantId' | ContactKey> &
  Pick<Contact, 'email' | 'phone'>;

export function insertContact(tx: CrmTransaction, contact: NewContact): Promise<Contact> {
  return together(tx, insertContacts, contact);
}

const insertContacts = (tx: CrmTransaction, contacts: readonly NewContact[]) =>
  insertRows<Contact>(
    tx,
    'contacts',
    contacts.map((contact) => ({ ...contact, ...contactKeys(contact) })),
  );

/**
 * The contact with the e-mail address of the one given, which is inserted when there is none. Either is locked until the
 * end of the transaction: another that asks for the same contact waits, and so does a merge that would remove it.
 */
export function findOrInsertContact(
  tx: CrmTransaction,
  contact: NewContact & { readonly email: string },
): Promise<Contact> {
  return together(tx, findOrInsertContacts, contact);
}

async function findOrInsertContacts(
  tx: CrmTransaction,
  wanted: readonly (NewContact & { readonly email: string })[],
): Promise<readonly Contact[]> {
  const given = new Map<string, object>();
  for (const contact of wanted) {
    const emailKey = normaliseEmail(contact.email);
    if (!given.has(emailKey)) given.set(emailKey, { ...contact, ...contactKeys(contact), emailKey });
  }
  const found = await tx.rows<Contact>(Prisma.sql`
    INSERT INTO contacts (tenant_id, id, first_name, last_name, name_key, email, email_key, phone, source, search_key)
    SELECT ${tx.tenantId}, id, "firstName", "lastName", "nameKey", email, "emailKey", phone, source, "searchKey"
    FROM jsonb_to_recordset(${JSON.stringify([...given.values()])}::jsonb) AS given (id text, "firstName" text,
      "lastName" text, "nameKey" text, email text, "emailKey" text, phone text, source text, "searchKey" text)
    ORDER BY "emailKey"
    ON CONFLICT (tenant_id, email_key) DO UPDATE SET email_key = EXCLUDED.email_key
    RETURNING ${columnsOfTable.contacts}`);
  const byKey = new Map(found.map((contact) => [contact.emailKey, contact]));
  return wanted.map(({ email }) => {
    const contact = byKey.get(normaliseEmail(email));
    if (!contact) throw new Error('A contact was neither found nor made.');
    return contact;
  });
}

/** Changes a contact, given as it is now, and counts its version up. */
export function changeContact(
  tx: CrmTransaction,
  contact: Contact,
  change: Change<Contact, ContactKey>,
): Promise<Contact> {
  return together(tx, changeContacts, { before: contact, after: { ...contact, ...withoutUndefined(change) } });
}

const changeContacts = (tx: CrmTransaction, changed: readonly ChangedRow<Contact>[]) =>
  updateRows<Contact>(
    tx,
    'contacts',
    changed.map(({ before, after }) => ({ before, after: { ...after, ...contactKeys(after) } })),
  );

/** What belonged to one contact and belongs to another now. */
export interface MovedRecords {
  readonly leads: readonly Lead[];
  readonly deals: readonly Deal[];
  readonly activities: readonly Activity[];
}

/** Moves all that belongs to one contact to another and removes the first. */
export async function moveContact(tx: CrmTransaction, sourceId: string, targetId: string): Promise<MovedRecords> {
  const { tenantId, client } = tx;
  const where = { tenantId, contactId: sourceId };
  const data = { contactId: targetId, ...nextVersion() };
  const leads = await client.lead.updateManyAndReturn({ where, data });
  const deals = await client.deal.updateManyAndReturn({ where, data });
  const activities = await tx.rows<Activity>(Prisma.sql`
    UPDATE activities SET
      contact_id = ${targetId},
      entity_id = CASE WHEN entity_type = 'CONTACT' AND entity_id = ${sourceId} THEN ${targetId} ELSE entity_id END,
      updated_at = ${data.updatedAt},
      version = version + 1
    WHERE tenant_id = ${tenantId} AND (contact_id = ${sourceId} OR (entity_type = 'CONTACT' AND entity_id = ${sourceId}))
    RETURNING ${columnsOfTable.activities}`);
  await client.contact.delete({ where: { tenantId_id: { tenantId, id: sourceId } } });
  await client.mergedContact.create({ data: { tenantId, id: sourceId, intoId: targetId } });
  return { leads, deals, activities };
}
