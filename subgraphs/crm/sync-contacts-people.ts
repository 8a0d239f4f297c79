import { z } from 'zod';
import { email, normaliseEmail } from '../../kernel/subgraph/input.ts';
import { domain } from './input-fields.ts';
import { type Mailbox, type MessageHeader, oneLine } from './sync-contacts-message.ts';

/** The first and last name of a contact. */
export interface PersonName {
  readonly firstName: string;
  readonly lastName: string;
}

/** What a message is to the owner of a mailbox: who takes part, the one whom it is about first, or why nobody does. */
export type Correspondence =
  | { readonly direction: 'INBOUND' | 'OUTBOUND'; readonly people: readonly Mailbox[] }
  | { readonly direction: undefined; readonly reason: string };

const mostRecipients = 25;
const nameMax = 100;

/** Local parts that machines send from, and nobody reads. */
const machines =
  /^(no-?reply|do-?not-?reply|mailer-?daemon|postmaster|bounces?|notifications?|newsletter|alerts?|auto-?reply)([+._-].*)?$/;

const isDomain = (text: string) => domain().safeParse(text).success;
const isAddress = (text: string) => email().safeParse(text).success;

/** An address of one's own, or `@` and a domain. */
export const ownAddress = z
  .string()
  .transform(normaliseEmail)
  .refine(
    (text) => (text.startsWith('@') ? isDomain(text.slice(1)) : isAddress(text)),
    'This is no e-mail address, and no domain as in @example.com.',
  );

const domainOf = (address: string) => address.slice(address.lastIndexOf('@'));
const isMachine = ({ address }: Mailbox) => machines.test(address.slice(0, address.lastIndexOf('@')));

const nobody = (reason: string): Correspondence => ({ direction: undefined, reason });

/** Finds who takes part in a message beside the owner of the mailbox, each once. */
export function correspondenceOf(header: MessageHeader, own: ReadonlySet<string>): Correspondence {
  const { sender, recipients, isAutomatic } = header;
  if (isAutomatic || isMachine(sender)) return nobody('A machine sent it.');
  if (!recipients || recipients.length > mostRecipients)
    return nobody(`It went to more than ${mostRecipients} recipients.`);
  const isOwn = ({ address }: Mailbox) => own.has(address) || own.has(domainOf(address));
  const direction = isOwn(sender) ? 'OUTBOUND' : 'INBOUND';
  // Without addresses of one's own nobody knows which of the recipients are others.
  const all = own.size === 0 ? [sender] : [sender, ...recipients];
  const people = new Map<string, Mailbox>();
  for (const one of all.filter((person) => !isOwn(person) && !isMachine(person))) {
    if (!people.get(one.address)?.name) people.set(one.address, one);
  }
  if (people.size === 0) return nobody('It is of nobody but the owner of the mailbox, or of machines.');
  return { direction, people: [...people.values()] };
}

/** The name in words; what a single word lacks is the domain of the address. */
function nameOfWords(words: readonly string[], address: string): PersonName {
  const [first = address, ...rest] = words;
  const last = rest.pop() ?? domainOf(address).slice(1);
  return { firstName: oneLine([first, ...rest].join(' '), nameMax), lastName: oneLine(last, nameMax) };
}

const capitalised = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** The name that can be read out of an address: `ada.byron@example.com` is of Ada Byron. */
export function nameOfAddress(address: string): PersonName {
  const local = address.slice(0, address.lastIndexOf('@')).replace(/\+.*$/, '');
  const words = local.split(/[._-]+/).filter((word) => /\p{L}/u.test(word));
  return nameOfWords(words.length > 0 ? words.map(capitalised) : [local || address], address);
}

/** The name by which a message calls somebody (`Ada Byron`, `Byron, Ada`), or else the one in the address. */
export function nameOf({ name, address }: Mailbox): PersonName {
  const given = name.replace(/^['"]+|['"]+$/g, '').trim();
  if (given === '' || given.includes('@')) return nameOfAddress(address);
  const parts = given.split(',').map((part) => part.trim());
  const [last = '', first = ''] = parts;
  if (parts.length === 2 && last !== '' && first !== '') {
    return { firstName: oneLine(first, nameMax), lastName: oneLine(last, nameMax) };
  }
  return nameOfWords(given.split(' '), address);
}
