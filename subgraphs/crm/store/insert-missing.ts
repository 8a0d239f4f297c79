import { missingRows } from '../../../kernel/data/missing-rows.ts';
import type { CrmTransaction } from '../store.ts';
import { activityKeys, type NewActivity } from './activities.ts';
import { companyKeys, type NewCompany } from './companies.ts';
import { contactKeys, type NewContact } from './contacts.ts';
import { dealKeys, type NewDeal } from './deals.ts';
import { leadKeys, type NewLead } from './leads.ts';

/** Records of every table. */
export interface CrmRows {
  readonly companies: readonly NewCompany[];
  readonly contacts: readonly NewContact[];
  readonly leads: readonly NewLead[];
  readonly deals: readonly NewDeal[];
  readonly activities: readonly NewActivity[];
}

/** Writes the records that are not there yet, with one statement for each table. */
export async function insertMissing(tx: CrmTransaction, rows: CrmRows): Promise<void> {
  const companies = rows.companies.map((row) => ({ ...row, ...companyKeys(row) }));
  const contacts = rows.contacts.map((row) => ({ ...row, ...contactKeys(row) }));
  const leads = rows.leads.map((row) => ({ ...row, ...leadKeys(row) }));
  const deals = rows.deals.map((row) => ({ ...row, ...dealKeys(row) }));
  const activities = rows.activities.map((row) => ({ ...row, ...activityKeys(row) }));
  await tx.client.company.createMany(missingRows(tx, companies));
  await tx.client.contact.createMany(missingRows(tx, contacts));
  await tx.client.lead.createMany(missingRows(tx, leads));
  await tx.client.deal.createMany(missingRows(tx, deals));
  await tx.client.activity.createMany(missingRows(tx, activities));
}
