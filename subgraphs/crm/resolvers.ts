import type { Resolvers } from '../../generated/graphql/crm.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { grants } from '../../kernel/permissions/permission.ts';
import { toPayload } from '../../kernel/subgraph/input.ts';
import { completeActivity, logActivity } from './activity-commands.ts';
import { convertLead, createLead, updateLead } from './commands.ts';
import { createCompany, updateCompany } from './company-commands.ts';
import { findBreaches } from './compliance.ts';
import { createContact, mergeContacts, updateContact } from './contact-commands.ts';
import { createDeal, updateDeal } from './deal-commands.ts';
import { identifyContacts, privacyFields } from './erasure.ts';
import { feedResolvers } from './feeds.ts';
import { metricsResolvers } from './metrics.ts';
import { milestoneId, setRevenueMilestones } from './milestone-commands.ts';
import {
  findMilestone,
  listActivities,
  listActivitiesOfCustomer,
  listCompanies,
  listContacts,
  listDeals,
  listDealsOfCustomer,
  listLeads,
  listLeadsOfCustomer,
  listMilestones,
  takeFirst,
} from './queries.ts';
import { mayWriteLead } from './rules.ts';
import { search } from './search.ts';
import { settleLead } from './settle-lead.ts';
import { sync } from './sync.ts';
import { noMessages, syncContacts } from './sync-contacts.ts';

export const resolvers: Resolvers = {
  ...feedResolvers,
  ...metricsResolvers,
  Query: {
    crmCustomerData: privacyFields.data,
    crmCustomerIdentity: (_, { input }, context) => identifyContacts(context, input),
    complianceFindings: (_, { at }, context) => findBreaches(context, at),
    crmRecords: sync.records,
    crmSearch: search,
    lead: (_, { id }, { loaders }) => loaders.lead.load(id),
    leads: (_, args, context) => listLeads(context, args),
    contact: (_, { id }, { loaders }) => loaders.contact.load(id),
    contacts: (_, args, context) => listContacts(context, args),
    deal: (_, { id }, { loaders }) => loaders.deal.load(id),
    deals: (_, args, context) => listDeals(context, args),
    activity: (_, { id }, { loaders }) => loaders.activity.load(id),
    activities: (_, args, context) => listActivities(context, args),
    revenueMilestones: (_, _args, context) => listMilestones(context),
    company: (_, { id }, { loaders }) => loaders.company.load(id),
    companies: (_, args, context) => listCompanies(context, args),
  },
  Mutation: {
    eraseCrmCustomerData: privacyFields.erase,
    applyCrmMutations: sync.apply,
    settleLead: async (_, { input }, context) => {
      const { settled, userErrors } = toPayload('settled', await settleLead(context, input));
      const { contactId = null, isNewContact = null, activityId = null } = settled ?? {};
      return { contactId, isNewContact, activityId, userErrors };
    },
    createLead: async (_, { input }, context) => toPayload('lead', await createLead(context, input)),
    updateLead: async (_, { input }, context) => toPayload('lead', await updateLead(context, input)),
    convertLead: async (_, { input }, context) => {
      const result = await convertLead(context, input);
      return result.ok ? { ...result.value, userErrors: [] } : { userErrors: [...result.userErrors] };
    },
    createContact: async (_, { input }, context) => toPayload('contact', await createContact(context, input)),
    updateContact: async (_, { input }, context) => toPayload('contact', await updateContact(context, input)),
    mergeContacts: async (_, { input }, context) => toPayload('contact', await mergeContacts(context, input)),
    syncContacts: async (_, { input }, context) => {
      const result = await syncContacts(context, input);
      return result.ok ? { ...result.value, userErrors: [] } : { ...noMessages, userErrors: [...result.userErrors] };
    },
    createDeal: async (_, { input }, context) => toPayload('deal', await createDeal(context, input)),
    updateDeal: async (_, { input }, context) => toPayload('deal', await updateDeal(context, input)),
    logActivity: async (_, { input }, context) => toPayload('activity', await logActivity(context, input)),
    completeActivity: async (_, { input }, context) => toPayload('activity', await completeActivity(context, input)),
    setRevenueMilestones: async (_, { input }, context) => {
      const { milestones, userErrors } = toPayload('milestones', await setRevenueMilestones(context, input));
      return { milestones: milestones && [...milestones], userErrors };
    },
    createCompany: async (_, { input }, context) => toPayload('company', await createCompany(context, input)),
    updateCompany: async (_, { input }, context) => toPayload('company', await updateCompany(context, input)),
  },
  RevenueMilestone: {
    __resolveReference: ({ id }, context) => findMilestone(context, id),
    id: milestoneId,
    amount: ({ amount }) => Number(amount),
  },
  Lead: {
    __resolveReference: ({ id }, { loaders }) => loaders.lead.load(id),
    assignee: ({ assigneeId }) => (assigneeId === null ? null : { id: assigneeId }),
    contact: ({ contactId }, _, { loaders }) => loaders.contact.load(contactId),
    deals: async ({ id }, _, { loaders }) => [...(await loaders.dealsOfLead.load(id))],
    activities: async ({ id }, { first }, { loaders }) => takeFirst(await loaders.activitiesAboutLead.load(id), first),
    viewerCan: (lead, _, { principal }) => {
      const may = mayWriteLead(principal, lead);
      return { update: may, convert: may };
    },
  },
  Contact: {
    __resolveReference: ({ id }, { loaders }) => loaders.contact.load(id),
    company: ({ companyId }, _, { loaders }) => (companyId === null ? null : loaders.company.load(companyId)),
    leads: async ({ id }, _, { loaders }) => [...(await loaders.leadsOfContact.load(id))],
    deals: async ({ id }, _, { loaders }) => [...(await loaders.dealsOfContact.load(id))],
    activities: async ({ id }, { first }, { loaders }) => takeFirst(await loaders.activitiesOfContact.load(id), first),
    viewerCan: (_contact, _, { principal }) => {
      const may = grants(principal.permissions, 'write:contacts');
      return { update: may, merge: may };
    },
  },
  Deal: {
    __resolveReference: ({ id }, { loaders }) => loaders.deal.load(id),
    contact: ({ contactId }, _, { loaders }) => (contactId === null ? null : loaders.contact.load(contactId)),
    company: ({ companyId }, _, { loaders }) => (companyId === null ? null : loaders.company.load(companyId)),
    lead: ({ leadId }, _, { loaders }) => (leadId === null ? null : loaders.lead.load(leadId)),
    expectedCloseOn: ({ expectedCloseOn }) => expectedCloseOn?.toISOString().slice(0, 10) ?? null,
    activities: async ({ id }, { first }, { loaders }) => takeFirst(await loaders.activitiesAboutDeal.load(id), first),
    viewerCan: (_deal, _, { principal }) => ({ update: grants(principal.permissions, 'write:deals') }),
  },
  Activity: {
    __resolveReference: ({ id }, { loaders }) => loaders.activity.load(id),
    entity: ({ entityType, entityId }, _, { loaders }) => {
      const loaderOf = { LEAD: loaders.lead, CONTACT: loaders.contact, DEAL: loaders.deal } as const;
      return loaderOf[entityType].load(entityId);
    },
    contact: ({ contactId }, _, { loaders }) => (contactId === null ? null : loaders.contact.load(contactId)),
  },
  ActivityEntity: {
    __resolveType: (record) => ('stage' in record ? 'Deal' : 'status' in record ? 'Lead' : 'Contact'),
  },
  Company: {
    __resolveReference: ({ id }, { loaders }) => loaders.company.load(id),
    contacts: async ({ id }, _, { loaders }) => [...(await loaders.contactsOfCompany.load(id))],
    deals: async ({ id }, _, { loaders }) => [...(await loaders.dealsOfCompany.load(id))],
  },
  Customer: {
    crm: ({ emailKey }) => {
      if (emailKey != null) return { emailKey };
      const details = { app: 'users' };
      throw new PanoramaError('SUBGRAPH_UNAVAILABLE', 'The e-mail address of the customer is not known.', details);
    },
  },
  CustomerCrm: {
    contact: ({ emailKey }, _, { loaders }) => loaders.contactByEmail.load(emailKey),
    leads: (customer, _, context) => listLeadsOfCustomer(context, customer),
    deals: async (customer, _, context) => [...(await listDealsOfCustomer(context, customer))],
    activities: async (customer, { first }, context) =>
      takeFirst(await listActivitiesOfCustomer(context, customer), first),
  },
};
