import type DataLoader from 'dataloader';
import type { PrismaClient } from '../../generated/prisma/crm/client.ts';
import { createGroupLoader, createLoader } from '../../kernel/data/batch.ts';
import type { AppContext } from '../../kernel/subgraph/app.ts';
import { createSalesLoader } from './metrics.ts';
import { assigneesFor, assigneesOfSubjects } from './rules.ts';
import {
  findActivitiesById,
  findNewestActivitiesAbout,
  findNewestActivitiesOfContacts,
  withoutLeadsOfOthers,
} from './store/activities.ts';
import { findCompaniesById } from './store/companies.ts';
import { findContactsByEmail, findContactsById, findNewestContactsOfCompanies } from './store/contacts.ts';
import {
  findDealsById,
  findNewestDealsOfCompanies,
  findNewestDealsOfContacts,
  findNewestDealsOfLeads,
} from './store/deals.ts';
import {
  type CustomerLead,
  findLeadsById,
  findNewestLeadsOfContacts,
  findNewestLeadsOfCustomers,
} from './store/leads.ts';
import type { SalesFigure } from './store/metrics.ts';
import type { ActivityModel, CompanyModel, ContactModel, CrmTransaction, DealModel, LeadModel } from './store.ts';

type ById<Row> = DataLoader<string, Row | null>;
/** The newest records of one parent, newest first. */
type OfParent<Row> = DataLoader<string, readonly Row[]>;

/** The batch functions of one request. */
export interface CrmLoaders {
  readonly lead: ById<LeadModel>;
  /** By the id of a day of metrics. */
  readonly salesOfDay: DataLoader<string, readonly SalesFigure[]>;
  readonly contact: ById<ContactModel>;
  readonly contactByEmail: ById<ContactModel>;
  readonly deal: ById<DealModel>;
  readonly activity: ById<ActivityModel>;
  readonly company: ById<CompanyModel>;
  readonly leadsOfContact: OfParent<LeadModel>;
  /** By e-mail address, in the form in which they are compared. */
  readonly leadsOfCustomer: OfParent<CustomerLead>;
  readonly dealsOfContact: OfParent<DealModel>;
  readonly dealsOfLead: OfParent<DealModel>;
  readonly dealsOfCompany: OfParent<DealModel>;
  readonly contactsOfCompany: OfParent<ContactModel>;
  readonly activitiesOfContact: OfParent<ActivityModel>;
  readonly activitiesAboutLead: OfParent<ActivityModel>;
  readonly activitiesAboutDeal: OfParent<ActivityModel>;
}

export type CrmContext = AppContext<PrismaClient, CrmLoaders>;

type FindMany<Row> = (tx: CrmTransaction, keys: readonly string[]) => Promise<Row[]>;

export function createCrmLoaders(context: Omit<CrmContext, 'loaders'>): CrmLoaders {
  const reading =
    <Row>(findMany: FindMany<Row>) =>
    (keys: readonly string[]) =>
      context.database.read(context, (tx) => findMany(tx, keys));
  const byId = <Row extends { readonly id: string }>(findMany: FindMany<Row>) =>
    createLoader(reading(findMany), (row) => row.id);
  const grouped = <Row extends object>(findMany: FindMany<Row>, parentOf: (row: Row) => string | null) =>
    createGroupLoader(reading(findMany), (row) => parentOf(row) ?? '');

  const assignees = assigneesFor(context.principal, 'read');
  const subjects = assigneesOfSubjects(context.principal);
  const visible =
    (findMany: FindMany<ActivityModel>): FindMany<ActivityModel> =>
    async (tx, keys) =>
      withoutLeadsOfOthers(tx, await findMany(tx, keys), subjects);

  return {
    lead: byId(findLeadsById),
    salesOfDay: createSalesLoader(context),
    contact: byId(findContactsById),
    contactByEmail: createLoader(reading(findContactsByEmail), ({ emailKey }) => emailKey ?? ''),
    deal: byId(findDealsById),
    activity: byId(visible(findActivitiesById)),
    company: byId(findCompaniesById),
    leadsOfContact: grouped(
      (tx, ids) => findNewestLeadsOfContacts(tx, ids, assignees),
      ({ contactId }) => contactId,
    ),
    leadsOfCustomer: grouped(
      (tx, keys) => findNewestLeadsOfCustomers(tx, keys, assignees),
      ({ customerKey }) => customerKey,
    ),
    dealsOfContact: grouped(findNewestDealsOfContacts, ({ contactId }) => contactId),
    dealsOfLead: grouped(findNewestDealsOfLeads, ({ leadId }) => leadId),
    dealsOfCompany: grouped(findNewestDealsOfCompanies, ({ companyId }) => companyId),
    contactsOfCompany: grouped(findNewestContactsOfCompanies, ({ companyId }) => companyId),
    activitiesOfContact: grouped(visible(findNewestActivitiesOfContacts), ({ contactId }) => contactId),
    activitiesAboutLead: grouped(
      visible((tx, ids) => findNewestActivitiesAbout(tx, 'LEAD', ids)),
      ({ entityId }) => entityId,
    ),
    activitiesAboutDeal: grouped(
      (tx, ids) => findNewestActivitiesAbout(tx, 'DEAL', ids),
      ({ entityId }) => entityId,
    ),
  };
}
