import { z } from 'zod';
import type { ConvertLeadInput, CreateLeadInput, UpdateLeadInput } from '../../generated/graphql/crm.ts';
import type { Publish } from '../../kernel/audit/mutation-run.ts';
import { personKeysOf } from '../../kernel/changes/person-keys.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { type ConstraintMeanings, runCommand } from '../../kernel/subgraph/command.ts';
import {
  baseVersion,
  type CommandResult,
  currency,
  done,
  email,
  entityId,
  parseInput,
  phone,
  refused,
} from '../../kernel/subgraph/input.ts';
import { activityChange, contactChange, findPeople, leadChange, type People } from './changes.ts';
import { openDeal } from './deal-commands.ts';
import {
  amount,
  clearable,
  day,
  dealStage,
  kept,
  longText,
  optional,
  personName,
  source,
  title,
} from './input-fields.ts';
import type { CrmContext } from './loaders.ts';
import { type RecordKind, readToChange } from './record-to-change.ts';
import { refuseHandOver, refuseLeadChange } from './rules.ts';
import { insertActivity } from './store/activities.ts';
import { findContactsById, findOrInsertContact } from './store/contacts.ts';
import { changeLead, insertLead } from './store/leads.ts';
import type { ContactModel, CrmTransaction, DealModel, LeadModel } from './store.ts';

const createLeadInput = z.object({
  id: entityId().nullish(),
  firstName: personName(),
  lastName: personName(),
  email: email(),
  phone: optional(phone()),
  company: optional(title()),
  source: optional(source()),
  assigneeId: optional(entityId()),
  note: optional(longText()),
});

const updateLeadInput = z.object({
  id: entityId(),
  baseVersion: baseVersion().nullish(),
  firstName: kept(personName()),
  lastName: kept(personName()),
  email: kept(email()),
  phone: clearable(phone()),
  company: clearable(title()),
  source: clearable(source()),
  status: kept(
    z.enum(['NEW', 'CONTACTED', 'QUALIFIED', 'LOST'], 'A lead becomes CONVERTED by the mutation convertLead only.'),
  ),
  assigneeId: clearable(entityId()),
  note: clearable(longText()),
});

const convertLeadInput = z.object({
  id: entityId(),
  baseVersion: baseVersion().nullish(),
  deal: z.object({
    id: entityId().nullish(),
    title: title().nullish(),
    stage: dealStage(),
    amount: amount(),
    currency: currency(),
    expectedCloseOn: optional(day()),
  }),
});

/** What it means to the sender of an input when a constraint of the tables refuses a write. */
const leadConstraints = {
  leads_pkey: { code: 'CONFLICT', field: 'id', message: 'This id is taken.' },
  deals_pkey: { code: 'CONFLICT', field: 'deal.id', message: 'This id is taken.' },
} as const satisfies ConstraintMeanings;

const leadKindFor = ({ principal }: CrmContext): RecordKind<LeadModel> => ({
  table: 'leads',
  noun: 'lead',
  refuse: (lead) => refuseLeadChange(principal, lead),
});

/** What happened to a lead, as its history and the change log name it. */
interface LeadEvent {
  readonly type: string;
  readonly description: string;
  readonly people: People;
}

/** Notes in the lead's history what the app itself did; gives the id of the activity. */
export async function logLeadEvent(
  tx: CrmTransaction,
  publish: Publish,
  lead: LeadModel,
  event: LeadEvent,
): Promise<string> {
  const { type, description, people } = event;
  const activity = await insertActivity(tx, {
    id: newEntityId(),
    type,
    subject: `${lead.firstName} ${lead.lastName}`,
    description,
    entityType: 'LEAD',
    entityId: lead.id,
    contactId: lead.contactId,
    completedAt: new Date(),
  });
  publish(activityChange('ACTIVITY_CREATED', activity, people, lead));
  return activity.id;
}

/** What a change to a lead is called: by its status, else by whom it is assigned to. */
function changeOf(before: LeadModel, after: LeadModel): string {
  if (after.status !== before.status) return 'LEAD_STATUS_CHANGED';
  return after.assigneeId === before.assigneeId ? 'LEAD_UPDATED' : 'LEAD_ASSIGNED';
}

/** Creates a lead and, unless one has its e-mail address, its contact. */
export async function createLead(context: CrmContext, input: CreateLeadInput): Promise<CommandResult<LeadModel>> {
  const parsed = parseInput(createLeadInput, input);
  if (!parsed.ok) return parsed;
  const { id, ...fields } = parsed.value;
  const { firstName, lastName, email, phone } = fields;
  return runCommand(context, leadConstraints, async (tx, publish) => {
    const person = { id: newEntityId(), firstName, lastName, email, phone, source: 'lead' };
    const contact = await findOrInsertContact(tx, person);
    const lead = await insertLead(tx, { ...fields, id: id ?? newEntityId(), contactId: contact.id });
    const people = personKeysOf(context, [lead.email, contact.email]);
    if (contact.id === person.id) publish(contactChange('CONTACT_CREATED', contact, people));
    publish(leadChange('LEAD_CREATED', lead, people));
    const description = `Lead created from ${lead.source ?? 'an unknown source'}.`;
    await logLeadEvent(tx, publish, lead, { type: 'LEAD_CREATED', description, people });
    return done(lead);
  });
}

/** Changes the given fields of a lead. A lead that is CONVERTED keeps its status. */
export async function updateLead(context: CrmContext, input: UpdateLeadInput): Promise<CommandResult<LeadModel>> {
  const parsed = parseInput(updateLeadInput, input);
  if (!parsed.ok) return parsed;
  const { id, baseVersion, ...change } = parsed.value;
  return runCommand(context, leadConstraints, async (tx, publish) => {
    const current = await readToChange(tx, leadKindFor(context), { id, baseVersion });
    if (!current.ok) return current;
    if (change.status !== undefined && current.value.status === 'CONVERTED') {
      return refused('CONFLICT', 'status', 'A lead that is CONVERTED stays so.');
    }
    const handOver = change.assigneeId === undefined ? undefined : refuseHandOver(context.principal, change.assigneeId);
    if (handOver) return handOver;
    const lead = await changeLead(tx, current.value, change);
    const people = await findPeople(tx, context, [lead.contactId], [current.value.email, lead.email]);
    publish(leadChange(changeOf(current.value, lead), lead, people, current.value));
    return done(lead);
  });
}

/** What converting a lead comes to. */
export interface Conversion {
  readonly lead: LeadModel;
  readonly contact: ContactModel | null;
  readonly deal: DealModel;
}

/** Makes a deal with the contact of a lead, which becomes CONVERTED. */
export async function convertLead(context: CrmContext, input: ConvertLeadInput): Promise<CommandResult<Conversion>> {
  const parsed = parseInput(convertLeadInput, input);
  if (!parsed.ok) return parsed;
  const { id, baseVersion, deal: fields } = parsed.value;
  return runCommand(context, leadConstraints, async (tx, publish) => {
    const current = await readToChange(tx, leadKindFor(context), { id, baseVersion });
    if (!current.ok) return current;
    const { status, contactId, firstName, lastName, company } = current.value;
    if (status === 'CONVERTED') return refused('CONFLICT', 'id', 'The lead has been converted already.');
    if (status === 'LOST') return refused('CONFLICT', 'id', 'The lead is LOST. Give it another status first.');
    const lead = await changeLead(tx, current.value, { status: 'CONVERTED' });
    const [contact = null] = await findContactsById(tx, [contactId]);
    const people = personKeysOf(context, [lead.email, contact?.email]);
    publish(leadChange('LEAD_CONVERTED', lead, people));
    const subject = {
      id: fields.id ?? newEntityId(),
      title: fields.title ?? company ?? `${firstName} ${lastName}`,
      leadId: lead.id,
      contactId,
      companyId: contact?.companyId ?? null,
    };
    const deal = await openDeal(tx, publish, { ...fields, ...subject }, people);
    const description = `Lead converted to the deal "${deal.title}".`;
    await logLeadEvent(tx, publish, lead, { type: 'LEAD_CONVERTED', description, people });
    return done({ lead, contact, deal });
  });
}
