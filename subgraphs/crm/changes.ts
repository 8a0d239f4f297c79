import type { NewChange } from '../../kernel/changes/change.ts';
import { toChangeData } from '../../kernel/changes/change-data.ts';
import { personKeysOf } from '../../kernel/changes/person-keys.ts';
import type { CrmContext } from './loaders.ts';
import { findAddressesOf } from './store/contacts.ts';
import { findLeadsById } from './store/leads.ts';
import type { ActivityModel, CompanyModel, ContactModel, CrmTransaction, DealModel, LeadModel } from './store.ts';

/** The people in whose part of the CRM something changed, as changes name them. */
export type People = readonly string[];

/** The people with some addresses, and those who are some contacts. */
export async function findPeople(
  tx: CrmTransaction,
  context: CrmContext,
  contactIds: readonly (string | null)[],
  addresses: readonly (string | null)[] = [],
): Promise<People> {
  const ids = new Set(contactIds.filter((id) => id !== null));
  const ofContacts = ids.size === 0 ? [] : await findAddressesOf(tx, [...ids]);
  return personKeysOf(context, [...addresses, ...ofContacts]);
}

/** What a change tells of a lead; and from whom it was taken, so that this user hears of it too. */
export function leadChange(type: string, lead: LeadModel, personKeys: People, before?: LeadModel): NewChange {
  const { id, firstName, lastName, email, phone, company, source, status } = lead;
  const { assigneeId, note, contactId, createdAt, updatedAt, version } = lead;
  const person = { id, firstName, lastName, email, phone, company, source, status };
  const handOver = before && before.assigneeId !== assigneeId && { previousAssigneeId: before.assigneeId };
  const rest = { assigneeId, ...handOver, note, contactId, createdAt, updatedAt, version, personKeys };
  return { type, entityId: id, version, data: toChangeData({ ...person, ...rest }) };
}

/** What a change tells of a contact. */
export function contactChange(type: string, contact: ContactModel, personKeys: People): NewChange {
  const { id, firstName, lastName, email, phone, companyId, source, customerId } = contact;
  const { createdAt, updatedAt, version } = contact;
  const person = { id, firstName, lastName, email, phone, companyId, source, customerId };
  return { type, entityId: id, version, data: toChangeData({ ...person, createdAt, updatedAt, version, personKeys }) };
}

/** What is told of a contact that went into another, or was erased. */
export function contactDeletion(
  { id, version }: ContactModel,
  mergedIntoId: string | null,
  personKeys: People,
): NewChange {
  const data = { id, mergedIntoId, personKeys };
  return { type: 'CONTACT_DELETED', op: 'DELETE', entityId: id, version: version + 1, data };
}

/** What a change tells of a company. */
export function companyChange(type: string, company: CompanyModel): NewChange {
  const { id, name, domain, createdAt, updatedAt, version } = company;
  return { type, entityId: id, version, data: toChangeData({ id, name, domain, createdAt, updatedAt, version }) };
}

/** What a change tells of a deal. */
export function dealChange(type: string, deal: DealModel, personKeys: People): NewChange {
  const { id, title, stage, amount, currency, contactId, companyId, leadId } = deal;
  const { closedAt, createdAt, updatedAt, version } = deal;
  const expectedCloseOn = deal.expectedCloseOn?.toISOString().slice(0, 10) ?? null;
  const sale = { id, title, stage, amount, currency, contactId, companyId, leadId, expectedCloseOn };
  return {
    type,
    entityId: id,
    version,
    data: toChangeData({ ...sale, closedAt, createdAt, updatedAt, version, personKeys }),
  };
}

/** What a change tells of an activity; of one about a lead, also who takes care of that. */
export function activityChange(
  type: string,
  activity: ActivityModel,
  personKeys: People,
  lead: Pick<LeadModel, 'assigneeId'> | undefined,
): NewChange {
  const { id, subject, description, entityType, entityId, contactId } = activity;
  const { dueAt, completedAt, createdAt, updatedAt, version } = activity;
  const about = { id, type: activity.type, subject, description, entityType, entityId, contactId };
  const times = { dueAt, completedAt, createdAt, updatedAt };
  const ofLead = entityType === 'LEAD' && { subjectAssigneeId: lead?.assigneeId ?? null };
  return {
    type,
    entityId: id,
    version,
    data: toChangeData({ ...about, ...times, version, personKeys, ...ofLead }),
  };
}

/** The lead that an activity is about, if it is about one. */
export async function leadOf(tx: CrmTransaction, activity: ActivityModel): Promise<LeadModel | undefined> {
  return activity.entityType === 'LEAD' ? (await findLeadsById(tx, [activity.entityId]))[0] : undefined;
}
