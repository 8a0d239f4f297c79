import { z } from 'zod';
import type { CreateContactInput, MergeContactsInput, UpdateContactInput } from '../../generated/graphql/crm.ts';
import { personKeysOf } from '../../kernel/changes/person-keys.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { type ConstraintMeanings, notFound, runCommand } from '../../kernel/subgraph/command.ts';
import {
  baseVersion,
  type CommandResult,
  done,
  email,
  entityId,
  parseInput,
  phone,
} from '../../kernel/subgraph/input.ts';
import { activityChange, contactChange, contactDeletion, dealChange, leadChange } from './changes.ts';
import { clearable, kept, optional, personName, source } from './input-fields.ts';
import type { CrmContext } from './loaders.ts';
import { type RecordKind, readToChange } from './record-to-change.ts';
import { insertActivity } from './store/activities.ts';
import { changeContact, findContactsById, insertContact, moveContact } from './store/contacts.ts';
import { lockRows } from './store/rows.ts';
import type { ContactModel } from './store.ts';

const createContactInput = z.object({
  id: entityId().nullish(),
  firstName: personName(),
  lastName: personName(),
  email: optional(email()),
  phone: optional(phone()),
  companyId: optional(entityId()),
  source: optional(source()),
});

const updateContactInput = z.object({
  id: entityId(),
  baseVersion: baseVersion().nullish(),
  firstName: kept(personName()),
  lastName: kept(personName()),
  email: clearable(email()),
  phone: clearable(phone()),
  companyId: clearable(entityId()),
  source: clearable(source()),
});

const mergeContactsInput = z
  .object({ sourceId: entityId(), targetId: entityId() })
  .refine(({ sourceId, targetId }) => sourceId !== targetId, {
    path: ['targetId'],
    message: 'A contact cannot be merged with itself.',
  });

/** What it means to the sender of an input when a constraint of the tables refuses a write. */
const contactConstraints = {
  contacts_pkey: { code: 'CONFLICT', field: 'id', message: 'This id is taken.' },
  contacts_email_key: { code: 'CONFLICT', field: 'email', message: 'Another contact has this e-mail address.' },
  contacts_company: { code: 'NOT_FOUND', field: 'companyId', message: 'There is no company with this id.' },
} as const satisfies ConstraintMeanings;

const contactKind: RecordKind<ContactModel> = { table: 'contacts', noun: 'contact' };

/** Creates a contact. */
export async function createContact(
  context: CrmContext,
  input: CreateContactInput,
): Promise<CommandResult<ContactModel>> {
  const parsed = parseInput(createContactInput, input);
  if (!parsed.ok) return parsed;
  const { id, ...fields } = parsed.value;
  return runCommand(context, contactConstraints, async (tx, publish) => {
    const contact = await insertContact(tx, { ...fields, id: id ?? newEntityId() });
    publish(contactChange('CONTACT_CREATED', contact, personKeysOf(context, [contact.email])));
    return done(contact);
  });
}

/** Changes the given fields of a contact. */
export async function updateContact(
  context: CrmContext,
  input: UpdateContactInput,
): Promise<CommandResult<ContactModel>> {
  const parsed = parseInput(updateContactInput, input);
  if (!parsed.ok) return parsed;
  const { id, baseVersion, ...change } = parsed.value;
  return runCommand(context, contactConstraints, async (tx, publish) => {
    const current = await readToChange(tx, contactKind, { id, baseVersion });
    if (!current.ok) return current;
    const contact = await changeContact(tx, current.value, change);
    const people = personKeysOf(context, [current.value.email, contact.email]);
    publish(contactChange('CONTACT_UPDATED', contact, people));
    return done(contact);
  });
}

/** Moves all that belongs to one contact to another, fills what the other lacks, and removes the first. */
export async function mergeContacts(
  context: CrmContext,
  input: MergeContactsInput,
): Promise<CommandResult<ContactModel>> {
  const parsed = parseInput(mergeContactsInput, input);
  if (!parsed.ok) return parsed;
  const { sourceId, targetId } = parsed.value;
  return runCommand(context, contactConstraints, async (tx, publish) => {
    await lockRows(tx, 'contacts', [sourceId, targetId]);
    const contacts = new Map((await findContactsById(tx, [sourceId, targetId])).map((row) => [row.id, row]));
    const source = contacts.get(sourceId);
    const target = contacts.get(targetId);
    if (!source) return notFound('sourceId', 'contact');
    if (!target) return notFound('targetId', 'contact');
    const moved = await moveContact(tx, sourceId, targetId);
    const merged = await changeContact(tx, target, {
      email: target.email ?? source.email,
      phone: target.phone ?? source.phone,
      companyId: target.companyId ?? source.companyId,
      source: target.source ?? source.source,
      customerId: target.customerId ?? source.customerId,
    });
    const name = `${source.firstName} ${source.lastName}`;
    const activity = await insertActivity(tx, {
      id: newEntityId(),
      type: 'CONTACT_MERGED',
      subject: name,
      // The address may be kept nowhere else once the source is gone.
      description: `Merged with ${name}${source.email === null ? '' : ` (${source.email})`}.`,
      entityType: 'CONTACT',
      entityId: targetId,
      contactId: targetId,
      completedAt: new Date(),
    });
    const people = personKeysOf(context, [source.email, target.email]);
    const leads = new Map(moved.leads.map((lead) => [lead.id, lead]));
    for (const lead of moved.leads) publish(leadChange('LEAD_UPDATED', lead, people));
    for (const deal of moved.deals) publish(dealChange('DEAL_UPDATED', deal, people));
    for (const one of moved.activities)
      publish(activityChange('ACTIVITY_UPDATED', one, people, leads.get(one.entityId)));
    publish(contactDeletion(source, targetId, people));
    publish(contactChange('CONTACT_MERGED', merged, people));
    publish(activityChange('ACTIVITY_CREATED', activity, people, undefined));
    return done(merged);
  });
}
