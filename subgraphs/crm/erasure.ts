import type { PrismaClient } from '../../generated/prisma/crm/client.ts';
import type { PersonalApp } from '../../kernel/privacy/erase-customer.ts';
import {
  anonymisePersonalRows,
  deletePersonalRows,
  erasureLimit,
  findPersonalData,
  type Person,
  type PersonalTable,
} from '../../kernel/privacy/personal-records.ts';
import { privacyFieldsOf } from '../../kernel/privacy/privacy-fields.ts';
import { contactDeletion, dealChange } from './changes.ts';
import type { CrmContext } from './loaders.ts';
import { findContactsById } from './store/contacts.ts';
import { findDealsById } from './store/deals.ts';

const ofTenant = (table: string, condition: string) =>
  `(SELECT id FROM crm.${table} o WHERE o.tenant_id = $1 AND ${condition})`;
const theirContacts = ofTenant('contacts', '(o.email_key = ANY ($3) OR o.customer_id = $2)');
const theirLeads = ofTenant('leads', `(o.email_key = ANY ($3) OR o.contact_id IN ${theirContacts})`);
const theirDeals = ofTenant('deals', `(o.contact_id IN ${theirContacts} OR o.lead_id IN ${theirLeads})`);
const searched = ['name_key', 'email_key', 'search_key', 'status_rank', 'stage_rank', 'title_key'];

const contacts = {
  type: 'Contact',
  table: 'crm.contacts',
  where: 't.email_key = ANY ($3) OR t.customer_id = $2',
  hidden: searched,
} as const satisfies PersonalTable;
const leads = {
  type: 'Lead',
  table: 'crm.leads',
  where: `t.id IN ${theirLeads}`,
  hidden: searched,
} as const satisfies PersonalTable;
const deals = {
  type: 'Deal',
  table: 'crm.deals',
  where: `t.id IN ${theirDeals}`,
  hidden: searched,
} as const satisfies PersonalTable;
const activities = {
  type: 'Activity',
  table: 'crm.activities',
  where: `t.contact_id IN ${theirContacts} OR (t.entity_type = 'CONTACT' AND t.entity_id IN ${theirContacts})
    OR (t.entity_type = 'LEAD' AND t.entity_id IN ${theirLeads})
    OR (t.entity_type = 'DEAL' AND t.entity_id IN ${theirDeals})`,
  hidden: searched,
} as const satisfies PersonalTable;

/** Activities go first, because only what they are about says whose they are; then deals, leads and contacts. */
const privacy: PersonalApp<PrismaClient> = {
  app: 'crm',
  tables: [contacts, leads, deals, activities],
  async erase(tx, publish, person) {
    const told = await deletePersonalRows(tx, activities, person);
    for (const { id, version, contact_id: contactId } of told) {
      const deletion = {
        type: 'ACTIVITY_DELETED',
        op: 'DELETE',
        entityId: String(id),
        data: { id, contactId },
      } as const;
      publish({ ...deletion, version: Number(version) + 1 });
    }
    const subjects = told.filter(({ contact_id: contact }) => contact === null).map(({ id }) => String(id));
    const first = { type: activities.type, outcome: 'ERASED', count: told.length } as const;
    if (told.length === erasureLimit) return { records: [first], subjects };

    const title = 'Deal of an erased customer';
    const sold = await anonymisePersonalRows(
      tx,
      deals,
      person,
      `title = '${title}', title_key = '${title.toLowerCase()}', contact_id = NULL, lead_id = NULL, updated_at = now(),
       version = version + 1`,
    );
    const dealIds = sold.map(({ id }) => String(id));
    for (const deal of await findDealsById(tx, dealIds)) {
      publish({ ...dealChange('DEAL_UPDATED', deal, []), isAnonymous: true });
    }
    subjects.push(...dealIds);
    const second = { type: deals.type, outcome: 'ANONYMISED', count: sold.length } as const;
    if (sold.length === erasureLimit) return { records: [first, second], subjects };

    const asked = await deletePersonalRows(tx, leads, person);
    for (const { id, version, contact_id: contactId, assignee_id: assigneeId } of asked) {
      const data = { id, contactId, assigneeId };
      publish({ type: 'LEAD_DELETED', op: 'DELETE', entityId: String(id), version: Number(version) + 1, data });
      subjects.push(String(contactId));
    }
    const third = { type: leads.type, outcome: 'ERASED', count: asked.length } as const;
    if (asked.length === erasureLimit) return { records: [first, second, third], subjects };

    const known = await findPersonalData(tx, [contacts], person, 0);
    const contactIds = (known.records[contacts.type] ?? []).map(({ id }) => String(id));
    for (const contact of await findContactsById(tx, contactIds)) {
      publish({ ...contactDeletion(contact, null, []), isAnonymous: true });
    }
    subjects.push(...contactIds, ...(await findMerged(tx, contactIds)));
    const gone = await deletePersonalRows(tx, contacts, person);
    const last = { type: contacts.type, outcome: 'ERASED', count: gone.length } as const;
    return { records: [first, second, third, last], subjects };
  },
};

/** The contacts that went into others, and those that went into them before. */
async function findMerged(tx: Parameters<typeof privacy.erase>[0], intoIds: readonly string[]): Promise<string[]> {
  const rows = await tx.rows<{ readonly id: string }>({
    text: `WITH RECURSIVE gone AS (
        SELECT tenant_id, id FROM crm.merged_contacts WHERE tenant_id = $1 AND into_id = ANY ($2::text[])
        UNION SELECT m.tenant_id, m.id FROM crm.merged_contacts m
          JOIN gone ON (m.tenant_id, m.into_id) = (gone.tenant_id, gone.id))
      SELECT id FROM gone`,
    values: [tx.tenantId, [...intoIds]],
  });
  return rows.map(({ id }) => id);
}

/** What the contacts and leads of somebody are called. */
export async function identifyContacts({ database, tenantId }: CrmContext, person: Person) {
  const { records } = await database.read({ tenantId }, (tx) => findPersonalData(tx, [contacts, leads], person, 0));
  const names = Object.values(records).flatMap((rows) =>
    rows.map(({ firstName, lastName }) => `${firstName} ${lastName}`),
  );
  return { emails: [...person.emails], names: [...new Set(names)] };
}

export const privacyFields = privacyFieldsOf(privacy);
