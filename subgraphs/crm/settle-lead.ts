import { z } from 'zod';
import type { SettleLeadInput } from '../../generated/graphql/crm.ts';
import type { Publish } from '../../kernel/audit/mutation-run.ts';
import { personKeysOf } from '../../kernel/changes/person-keys.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { notFound, runCommand } from '../../kernel/subgraph/command.ts';
import {
  type CommandResult,
  done,
  entityId,
  normaliseEmail,
  parseInput,
  unchanged,
} from '../../kernel/subgraph/input.ts';
import { contactChange, leadChange } from './changes.ts';
import { logLeadEvent } from './commands.ts';
import type { CrmContext } from './loaders.ts';
import { findNewestActivitiesAbout } from './store/activities.ts';
import { findContactsById, findOrInsertContact } from './store/contacts.ts';
import { changeLead, findLeadsById } from './store/leads.ts';
import { lockRows } from './store/rows.ts';
import type { ContactModel, CrmTransaction, LeadModel } from './store.ts';

const settleLeadInput = z.object({ id: entityId() });

/** What a lead has. */
export interface SettledLead {
  readonly contactId: string;
  readonly isNewContact: boolean;
  readonly activityId: string;
}

/** The lead with the contact that has its address, which is made where there is none; `made` is that contact. */
async function link(context: CrmContext, tx: CrmTransaction, publish: Publish, lead: LeadModel) {
  const { firstName, lastName, email, phone } = lead;
  const [known] = await findContactsById(tx, [lead.contactId]);
  if (known?.emailKey === normaliseEmail(email)) return { lead, made: undefined };
  const person = { id: newEntityId(), firstName, lastName, email, phone, source: 'lead' };
  const contact: ContactModel = await findOrInsertContact(tx, person);
  const made = contact.id === person.id ? contact : undefined;
  const linked = await changeLead(tx, lead, { contactId: contact.id });
  const people = personKeysOf(context, [email, contact.email, known?.email]);
  if (made) publish(contactChange('CONTACT_CREATED', made, people));
  publish(leadChange('LEAD_UPDATED', linked, people));
  return { lead: linked, made };
}

/** Gives a lead the contact with its address and a first activity, where it lacks them. */
export async function settleLead(context: CrmContext, input: SettleLeadInput): Promise<CommandResult<SettledLead>> {
  const parsed = parseInput(settleLeadInput, input);
  if (!parsed.ok) return parsed;
  const { id } = parsed.value;
  return runCommand(context, {}, async (tx, publish) => {
    await lockRows(tx, 'leads', [id]);
    const [current] = await findLeadsById(tx, [id]);
    if (!current) return notFound('id', 'lead');
    const { lead, made } = await link(context, tx, publish, current);
    const [newest] = await findNewestActivitiesAbout(tx, 'LEAD', [id]);
    const settled = { contactId: lead.contactId, isNewContact: made !== undefined };
    if (newest && lead === current) return unchanged({ ...settled, activityId: newest.id });
    const description = `Lead created from ${lead.source ?? 'an unknown source'}.`;
    const people = personKeysOf(context, [lead.email]);
    const activityId =
      newest?.id ?? (await logLeadEvent(tx, publish, lead, { type: 'LEAD_CREATED', description, people }));
    return done({ ...settled, activityId });
  });
}
