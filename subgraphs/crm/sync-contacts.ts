import { z } from 'zod';
import type { SyncContactsInput, SyncedMessage } from '../../generated/graphql/crm.ts';
import type { Publish } from '../../kernel/audit/mutation-run.ts';
import { personKeysOf } from '../../kernel/changes/person-keys.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { gatherWork } from '../../kernel/data/together.ts';
import { runCommand } from '../../kernel/subgraph/command.ts';
import { type CommandResult, done, parseInput, unchanged } from '../../kernel/subgraph/input.ts';
import { activityChange, contactChange } from './changes.ts';
import type { CrmContext } from './loaders.ts';
import { insertActivity } from './store/activities.ts';
import { changeContact, findContactsByEmail, findOrInsertContact } from './store/contacts.ts';
import { findMessages, insertNewMessages, type KnownMessage } from './store/messages.ts';
import type { ContactModel, CrmTransaction } from './store.ts';
import { type Mailbox, type MessageReading, readMessage } from './sync-contacts-message.ts';
import { correspondenceOf, nameOf, nameOfAddress, ownAddress } from './sync-contacts-people.ts';

const source = 'inbox';
const charactersMax = 1_000_000;

const message = z.object({
  raw: z.string().nullish(),
  messageId: z.string().nullish(),
  from: z.string().nullish(),
  to: z.array(z.string()).nullish(),
  cc: z.array(z.string()).nullish(),
  subject: z.string().nullish(),
  date: z.string().nullish(),
  text: z.string().nullish(),
});

const syncContactsInput = z.object({
  messages: z
    .array(message)
    .min(1, 'Send at least one message.')
    .max(100, 'Send at most 100 messages at once.')
    .refine(
      (messages) => JSON.stringify(messages).length <= charactersMax,
      `Send at most ${charactersMax} characters of messages at once.`,
    ),
  ownAddresses: z.array(ownAddress).max(100, 'Name at most 100 addresses.'),
});

/** What syncing some messages came to. */
export interface SyncOutcome {
  readonly results: SyncedMessage[];
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
}

/** Of no message. */
export const noMessages: SyncOutcome = { results: [], created: 0, updated: 0, unchanged: 0 };

/** A message that becomes an activity, unless it is one already. */
interface Letter extends KnownMessage {
  readonly index: number;
  readonly messageId: string | null;
  /** Not empty: the activity is about the first. */
  readonly people: readonly Mailbox[];
  readonly subject: string | null;
  readonly sentAt: Date;
}

/** The contacts of some people, by address, and how many of them were changed for it. */
interface Contacts {
  readonly byAddress: ReadonlyMap<string, ContactModel>;
  readonly created: number;
  readonly updated: number;
}

/** What is made of a message, or what is said of it when that is nothing. */
function toLetter(reading: MessageReading, index: number, own: ReadonlySet<string>): Letter | SyncedMessage {
  const nothing = { index, direction: null, contactIds: [], activityId: null };
  if (!reading.ok) return { ...nothing, messageId: null, status: 'FAILED', reason: reading.reason };
  const { key, messageId, subject, sentAt } = reading.header;
  const correspondence = correspondenceOf(reading.header, own);
  if (correspondence.direction === undefined) {
    return { ...nothing, messageId, status: 'SKIPPED', reason: correspondence.reason };
  }
  const now = new Date();
  const time = sentAt !== undefined && sentAt < now ? sentAt : now;
  return { index, messageKey: key, messageId, activityId: newEntityId(), ...correspondence, subject, sentAt: time };
}

const isLetter = (one: Letter | SyncedMessage): one is Letter => 'people' in one;

/** Each once, under the first name that a message calls them by. */
function peopleIn(letters: readonly Letter[]): readonly Mailbox[] {
  const people = new Map<string, Mailbox>();
  for (const one of letters.flatMap((letter) => letter.people)) {
    if (!people.get(one.address)?.name) people.set(one.address, one);
  }
  return [...people.values()];
}

/** Whether a contact has no other name than the one that was read out of its address here. */
function hasNameOfAddress({ source: from, firstName, lastName, emailKey }: ContactModel): boolean {
  const made = nameOfAddress(emailKey ?? '');
  return from === source && firstName === made.firstName && lastName === made.lastName;
}

/** Finds the contacts of people, makes those that are missing, and names those that had no name of their own. */
async function keepContacts(
  tx: CrmTransaction,
  context: CrmContext,
  publish: Publish,
  people: readonly Mailbox[],
): Promise<Contacts> {
  const gathered = gatherWork(tx);
  const byAddress = new Map<string, ContactModel>();
  let created = 0;
  let updated = 0;
  const kept = await Promise.all(
    people.map(async (person) => {
      const given = { id: newEntityId(), ...nameOf(person), email: person.address, phone: null, source };
      return { person, given, contact: await findOrInsertContact(gathered, given) };
    }),
  );
  for (const { person, given, contact } of kept) {
    const { firstName, lastName } = given;
    const isNew = contact.id === given.id;
    const isUnnamed = !isNew && person.name !== '' && hasNameOfAddress(contact);
    const isRenamed = isUnnamed && (firstName !== contact.firstName || lastName !== contact.lastName);
    const now = isRenamed ? await changeContact(tx, contact, { firstName, lastName }) : contact;
    byAddress.set(person.address, now);
    if (isNew) created += 1;
    if (isRenamed) updated += 1;
    if (isNew || isRenamed) {
      publish(contactChange(isNew ? 'CONTACT_CREATED' : 'CONTACT_UPDATED', now, personKeysOf(context, [now.email])));
    }
  }
  return { byAddress, created, updated };
}

/** Logs the activities of new messages. */
async function logLetters(
  tx: CrmTransaction,
  context: CrmContext,
  publish: Publish,
  letters: readonly (Letter & { readonly contact: ContactModel })[],
): Promise<void> {
  const gathered = gatherWork(tx);
  await Promise.all(
    letters.map(async ({ contact, activityId, direction, subject, sentAt }) => {
      const activity = await insertActivity(gathered, {
        id: activityId,
        type: 'EMAIL',
        subject,
        description: direction === 'INBOUND' ? 'Received.' : 'Sent.',
        entityType: 'CONTACT',
        entityId: contact.id,
        contactId: contact.id,
        completedAt: sentAt,
      });
      publish(activityChange('ACTIVITY_CREATED', activity, personKeysOf(context, [contact.email]), undefined));
    }),
  );
}

/** What is said of a message once its activity is there. */
function toSynced(letter: Letter, known: KnownMessage, byAddress: Contacts['byAddress']): SyncedMessage {
  const { index, messageId, people } = letter;
  const contactIds = people.flatMap(({ address }) => byAddress.get(address)?.id ?? []);
  const { direction, activityId } = known;
  const status = activityId === letter.activityId ? 'SYNCED' : 'UNCHANGED';
  return { index, messageId, status, direction, contactIds, activityId, reason: null };
}

/** Syncs messages in one transaction. */
async function syncLetters(
  tx: CrmTransaction,
  context: CrmContext,
  publish: Publish,
  letters: readonly Letter[],
): Promise<SyncOutcome> {
  const firsts = new Map(letters.toReversed().map((letter) => [letter.messageKey, letter]));
  const claimed = await insertNewMessages(tx, [...firsts.values()]);
  const isNew = (letter: Letter) => claimed.has(letter.messageKey) && firsts.get(letter.messageKey) === letter;
  const fresh = letters.filter(isNew);
  const { byAddress, created, updated } = await keepContacts(tx, context, publish, peopleIn(fresh));
  const withContact = fresh.flatMap((letter) => {
    const contact = byAddress.get(letter.people[0]?.address ?? '');
    return contact ? [{ ...letter, contact }] : [];
  });
  await logLetters(tx, context, publish, withContact);

  const repeated = letters.filter((letter) => !isNew(letter));
  const addresses = peopleIn(repeated).map(({ address }) => address);
  const others = await findContactsByEmail(tx, addresses);
  const all = new Map([...others.map((contact) => [contact.emailKey ?? '', contact] as const), ...byAddress]);
  const keys = [...firsts.keys()];
  const known = new Map((await findMessages(tx, keys)).map((one) => [one.messageKey, one]));
  const results = letters.map((letter) => toSynced(letter, known.get(letter.messageKey) ?? letter, all));
  return { results, created, updated, unchanged: repeated.length };
}

/**
 * Makes contacts and activities of e-mail messages, each message once. Those that cannot be read are named in the results
 * and do not hold up the others.
 */
export async function syncContacts(context: CrmContext, input: SyncContactsInput): Promise<CommandResult<SyncOutcome>> {
  const parsed = parseInput(syncContactsInput, input);
  if (!parsed.ok) return parsed;
  const own = new Set(parsed.value.ownAddresses);
  const read = parsed.value.messages.map((one, index) => toLetter(readMessage(one), index, own));
  const letters = read.filter(isLetter);
  const others = read.filter((one): one is SyncedMessage => !isLetter(one));
  if (letters.length === 0) return done({ ...noMessages, results: others });
  return runCommand(context, {}, async (tx, publish) => {
    const { results, ...counts } = await syncLetters(tx, context, publish, letters);
    const outcome = { results: [...others, ...results].sort((a, b) => a.index - b.index), ...counts };
    return counts.unchanged === letters.length ? unchanged(outcome) : done(outcome);
  });
}
