import type { PrismaClient } from '../../generated/prisma/crm/client.ts';
import { syncResolvers } from '../../kernel/sync/sync-fields.ts';
import type { SyncedEntity } from '../../kernel/sync/synced-entities.ts';
import { activityChange, companyChange, contactChange, dealChange, leadChange } from './changes.ts';
import { findActivitiesById } from './store/activities.ts';
import { findCompaniesById } from './store/companies.ts';
import { findContactsById } from './store/contacts.ts';
import { findDealsById } from './store/deals.ts';
import { findLeadsById } from './store/leads.ts';
import { lockRowsById } from './store/rows.ts';
import type { ContactModel, LeadModel } from './store.ts';

type Entity = SyncedEntity<PrismaClient>;

const leads: Entity = {
  table: 'leads',
  create: 'createLead',
  update: 'updateLead',
  read: async (tx, ids) => (await findLeadsById(tx, ids)).map((lead) => leadChange('LEAD_UPDATED', lead, [])),
  readAndLock: async (tx, ids) =>
    (await lockRowsById<LeadModel>(tx, 'leads', ids)).map((lead) => leadChange('LEAD_UPDATED', lead, [])),
};

const contacts: Entity = {
  table: 'contacts',
  create: 'createContact',
  update: 'updateContact',
  read: async (tx, ids) =>
    (await findContactsById(tx, ids)).map((contact) => contactChange('CONTACT_UPDATED', contact, [])),
  readAndLock: async (tx, ids) =>
    (await lockRowsById<ContactModel>(tx, 'contacts', ids)).map((one) => contactChange('CONTACT_UPDATED', one, [])),
};

const deals: Entity = {
  table: 'deals',
  create: 'createDeal',
  update: 'updateDeal',
  read: async (tx, ids) => (await findDealsById(tx, ids)).map((deal) => dealChange('DEAL_UPDATED', deal, [])),
};

const activities: Entity = {
  table: 'activities',
  create: 'logActivity',
  async read(tx, ids) {
    const found = await findActivitiesById(tx, ids);
    const aboutLeads = found.filter(({ entityType }) => entityType === 'LEAD').map(({ entityId }) => entityId);
    const subjects = aboutLeads.length === 0 ? [] : await findLeadsById(tx, [...new Set(aboutLeads)]);
    const leadOf = new Map(subjects.map((lead) => [lead.id, lead]));
    return found.map((one) => activityChange('ACTIVITY_UPDATED', one, [], leadOf.get(one.entityId)));
  },
};

const companies: Entity = {
  table: 'companies',
  create: 'createCompany',
  update: 'updateCompany',
  read: async (tx, ids) =>
    (await findCompaniesById(tx, ids)).map((company) => companyChange('COMPANY_UPDATED', company)),
};

/** What of the CRM works without a connection. */
export const sync = syncResolvers({
  app: 'crm',
  entities: { Lead: leads, Contact: contacts, Deal: deals, Activity: activities, Company: companies },
});
