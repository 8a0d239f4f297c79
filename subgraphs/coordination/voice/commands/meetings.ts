import { z } from 'zod';
import { grants } from '../../../../kernel/permissions/permission.ts';
import { type CommandResult, done, entityId, refused } from '../../../../kernel/subgraph/input.ts';
import { sayInstant } from '../phrases.ts';
import { defineVoiceCommand, phrase, type VoiceRun } from '../voice-command.ts';

const person = 'nodes { id firstName lastName email }';
const findContactsDocument = `query ($filter: ContactFilter, $search: String) {
  people: contacts(first: 2, filter: $filter, search: $search) { ${person} }
}`;
const findLeadsDocument = `query ($filter: LeadFilter, $search: String) {
  people: leads(first: 2, filter: $filter, search: $search) { ${person} }
}`;
const logMeetingDocument =
  'mutation ($input: LogActivityInput!) { answer: logActivity(input: $input) { userErrors { field message code } } }';

interface PeopleAnswer {
  readonly people: {
    readonly nodes: readonly {
      readonly id: string;
      readonly firstName: string;
      readonly lastName: string;
      readonly email: string | null;
    }[];
  };
}

interface Subject {
  readonly entityType: 'CONTACT' | 'LEAD';
  readonly entityId: string;
  /** Undefined where it was named by id. */
  readonly name?: string;
}

/** Finds the one whom words mean: among the contacts, or the leads for those who may not see contacts. */
async function findPerson({ query, principal }: VoiceRun, words: string): Promise<CommandResult<Subject>> {
  const seesContacts = grants(principal.permissions, 'read:contacts');
  const variables = words.includes('@') ? { filter: { email: words } } : { filter: {}, search: words };
  const document = seesContacts ? findContactsDocument : findLeadsDocument;
  const { people } = await query<PeopleAnswer>('crm', document, variables);
  const [found, other] = people.nodes;
  if (!found) return refused('NOT_FOUND', 'parameters.with', 'There is nobody with this name or address.');
  if (other && other.email !== found.email) {
    return refused('BAD_USER_INPUT', 'parameters.with', 'More than one person may be meant: say the e-mail address.');
  }
  const entityType = seesContacts ? 'CONTACT' : 'LEAD';
  return done({ entityType, entityId: found.id, name: `${found.firstName} ${found.lastName}` });
}

const parameters = z
  .strictObject({
    with: phrase().nullish(),
    contactId: entityId().nullish(),
    leadId: entityId().nullish(),
    at: z.iso
      .datetime({
        offset: true,
        error: 'Say when, as in "tomorrow at 10", or give an instant as 2026-11-30T10:00:00Z.',
      })
      .transform((text) => new Date(text)),
    subject: phrase().default('Meeting'),
  })
  .refine((given) => [given.with, given.contactId, given.leadId].filter((one) => one != null).length === 1, {
    path: ['with'],
    message: 'Say with whom: a name, an address, `contactId` or `leadId`.',
  })
  .refine(({ at }) => at > new Date(), { path: ['at'], message: 'This time is over.' });

/** A meeting with a contact or a lead. */
export const scheduleMeeting = defineVoiceCommand({
  name: 'schedule_meeting',
  description: 'schedules a meeting with a contact or a lead',
  parameters,
  need: {
    anyOf: [
      ['write:activities', 'read:contacts'],
      ['write:activities', 'read:leads'],
      ['write:activities', 'read:assigned-leads'],
    ],
  },
  async run(run, { with: words, contactId, leadId, at, subject }) {
    const named: Subject = leadId
      ? { entityType: 'LEAD', entityId: leadId }
      : { entityType: 'CONTACT', entityId: contactId ?? '' };
    const found = words ? await findPerson(run, words) : done(named);
    if (!found.ok) return found;
    const { name, ...about } = found.value;
    const meeting = { id: run.id, type: 'MEETING', subject, ...about, dueAt: at.toISOString() };
    const logged = await run.mutate('crm', logMeetingDocument, meeting);
    if (!logged.ok) return logged;
    const summary = `The meeting is scheduled for ${sayInstant(at, run.timeZone)}.`;
    return done({ data: { meeting }, summary, details: name && `It is with ${name}.` });
  },
});
