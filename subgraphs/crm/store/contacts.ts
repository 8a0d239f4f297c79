import type { ContactFilter } from '../../../generated/graphql/crm.ts';
import { type Contact, Prisma } from '../../../generated/prisma/crm/client.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import { normaliseEmail } from '../../../kernel/subgraph/input.ts';
import type { Change, CrmTransaction, Selection } from '../store.ts';
import {
  columnsOfTable,
  containsAll,
  emailKeyOf,
  findNewest,
  keyOf,
  nextVersion,
  withIds,
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

export function findContactsById(tx: CrmTransaction, ids: readonly string[]): Promise<Contact[]> {
  return tx.client.contact.findMany({ where: withIds(tx, ids) });
}

export function findContactsByEmail(tx: CrmTransaction, emailKeys: readonly string[]): Promise<Contact[]> {
  return tx.rows(Prisma.sql`
    SELECT ${columnsOfTable.contacts} FROM contacts
    WHERE tenant_id = ${tx.tenantId} AND email_key = ANY(${emailKeys})`);
}

export function findNewestContactsOfCompanies(tx: CrmTransaction, companyIds: readonly string[]): Promise<Contact[]> {
  return findNewest(tx, 'contacts', Prisma.sql`company_id`, companyIds);
}

export type NewContact = Omit<Prisma.ContactUncheckedCreateInput, 'tenantId' | ContactKey> &
  Pick<Contact, 'email' | 'phone'>;

export function insertContact(tx: CrmTransaction, contact: NewContact): Promise<Contact> {
  return tx.client.contact.create({ data: { ...contact, ...contactKeys(contact), tenantId: tx.tenantId } });
}

/**
 * The contact with the e-mail address of the one given, which is inserted when there is none. Either is locked until the
 * end of the transaction: another that asks for the same contact waits, and so does a merge that would remove it.
 */
export function findOrInsertContact(
  tx: CrmTransaction,
  contact: NewContact & { readonly email: string },
): Promise<Contact> {
  const emailKey = normaliseEmail(contact.email);
  return tx.client.contact.upsert({
    where: { tenantId_emailKey: { tenantId: tx.tenantId, emailKey } },
    create: { ...contact, ...contactKeys(contact), emailKey, tenantId: tx.tenantId },
    update: { emailKey },
  });
}

/** Changes a contact, given as it is now, and counts its version up. */
export function changeContact(
  tx: CrmTransaction,
  contact: Contact,
  change: Change<Contact, ContactKey>,
): Promise<Contact> {
  const fields = withoutUndefined(change);
  return tx.client.contact.update({
    where: { tenantId_id: { tenantId: tx.tenantId, id: contact.id } },
    data: { ...fields, ...contactKeys({ ...contact, ...fields }), ...nextVersion() },
  });
}

/** Moves all that belongs to one contact to another and removes the first. */
export async function moveContact(tx: CrmTransaction, sourceId: string, targetId: string): Promise<void> {
  const { tenantId, client } = tx;
  const where = { tenantId, contactId: sourceId };
  const data = { contactId: targetId, ...nextVersion() };
  await client.lead.updateMany({ where, data });
  await client.deal.updateMany({ where, data });
  await client.activity.updateMany({ where, data });
  await client.activity.updateMany({
    where: { tenantId, entityType: 'CONTACT', entityId: sourceId },
    data: { entityId: targetId },
  });
  await client.contact.delete({ where: { tenantId_id: { tenantId, id: sourceId } } });
}
