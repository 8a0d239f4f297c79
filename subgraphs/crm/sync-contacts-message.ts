import { createHash } from 'node:crypto';
import { type Address, addressParser, decodeWords } from 'postal-mime';
import type { SyncContactsMessageInput } from '../../generated/graphql/crm.ts';
import { email, normaliseEmail } from '../../kernel/subgraph/input.ts';

/** Somebody whom a message is from or to. */
export interface Mailbox {
  /** In the form in which addresses are compared. */
  readonly address: string;
  /** As the message calls them, on one line; empty where it does not. */
  readonly name: string;
}

/** The header of a message, as far as it matters here. All of it came from outside. */
export interface MessageHeader {
  /** Stands for the message: 43 characters. */
  readonly key: string;
  /** As the message says it; null where it says none. */
  readonly messageId: string | null;
  readonly sender: Mailbox;
  /** Without those whose address is none; undefined for a crowd. */
  readonly recipients: readonly Mailbox[] | undefined;
  readonly subject: string | null;
  /** Undefined where the message does not say it, or says what is no time. */
  readonly sentAt: Date | undefined;
  /** Whether the message says of itself that no person wrote it to another. */
  readonly isAutomatic: boolean;
}

/** A header, or why there is none. */
export type MessageReading =
  | { readonly ok: true; readonly header: MessageHeader }
  | { readonly ok: false; readonly reason: string };

const headerMax = 65_536;
/** How much of what others wrote is parsed, in characters: it may be made to take long. */
const parsedMax = { sender: 2_000, recipients: 8_000, subject: 2_000 } as const;
const subjectMax = 200;
/** The longest line of a message (RFC 5322, 2.1.1), and so the longest id. */
const messageIdMax = 998;

/** What directs the text around it, and with that can make one name look like another. */
const invisible = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/** A text of the outside on one line: without control characters, and cut to some characters. */
export function oneLine(text: string, max: number): string {
  const line = text.toWellFormed().replace(invisible, ' ').replace(/\s+/gu, ' ').trim();
  return Array.from(line).slice(0, max).join('').trim();
}

const digestOf = (text: string) => createHash('sha256').update(text).digest('base64url');

const failed = (reason: string): MessageReading => ({ ok: false, reason });

const addressForm = email();

function mailboxesOf(text: string): readonly Mailbox[] {
  const addresses: readonly Address[] = addressParser(text);
  const mailboxes = addresses.flatMap((one) => (one.group ? one.group : [one]));
  return mailboxes.flatMap(({ address, name }) => {
    const parsed = addressForm.safeParse(address);
    return parsed.success ? [{ address: normaliseEmail(parsed.data), name: oneLine(name, 200) }] : [];
  });
}

/** What a message says of itself, as it says it. */
interface Fields {
  readonly messageId: string;
  readonly from: string;
  readonly recipients: readonly string[];
  readonly subject: string;
  readonly sentAt: Date | undefined;
  readonly isAutomatic: boolean;
  /** What makes the message itself, where it has no id. */
  readonly content: string;
}

function toReading(fields: Fields): MessageReading {
  const { sentAt, isAutomatic, recipients } = fields;
  const [sender] = fields.from.length > parsedMax.sender ? [] : mailboxesOf(fields.from);
  if (!sender) return failed('It does not say whom it is from by an e-mail address.');
  const isCrowd = recipients.reduce((sum, one) => sum + one.length, 0) > parsedMax.recipients;
  const messageId = fields.messageId.trim();
  return {
    ok: true,
    header: {
      key: digestOf(messageId === '' ? `message\0${fields.content}` : `id\0${messageId.replace(/^<(.*)>$/, '$1')}`),
      messageId: oneLine(messageId, messageIdMax).replace(/^<(.*)>$/, '$1') || null,
      sender,
      recipients: isCrowd ? undefined : recipients.flatMap((one) => mailboxesOf(one)),
      subject: oneLine(fields.subject, subjectMax) || null,
      sentAt,
      isAutomatic,
    },
  };
}

/** An instant that a message may have been sent at. */
function instantOf(text: string | null | undefined): Date | undefined {
  const date = new Date(text ?? '');
  const year = date.getUTCFullYear(); // NaN for no time
  return year >= 1970 && year <= 9999 ? date : undefined;
}

/** The fields of a header by name, each as often as it is there, unfolded (RFC 5322, 2.2). */
function fieldsOf(header: string): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  for (const line of header.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    const values = fields.get(name);
    if (values) values.push(line.slice(colon + 1).trim());
    else fields.set(name, [line.slice(colon + 1).trim()]);
  }
  return fields;
}

/** RFC 3834 (5), RFC 2919, and the older custom of `Precedence`. */
function isAutomaticBy(fields: ReadonlyMap<string, readonly string[]>): boolean {
  const has = (name: string, pattern: RegExp) => fields.get(name)?.some((value) => pattern.test(value)) ?? false;
  return has('auto-submitted', /^(?!no\b)/i) || has('precedence', /^(bulk|list|junk)\b/i) || fields.has('list-id');
}

/** Reads the header alone: what follows it, however it is nested and encoded, is not looked at. */
function readRaw(raw: string): MessageReading {
  const message = raw.replace(/^[\r\n]+/, '');
  const end = message.search(/\r?\n\r?\n/);
  const header = end === -1 ? message : message.slice(0, end);
  if (Buffer.byteLength(header) > headerMax) return failed(`Its header is longer than ${headerMax} bytes.`);
  const fields = fieldsOf(header);
  const first = (name: string) => fields.get(name)?.[0] ?? '';
  return toReading({
    messageId: first('message-id'),
    from: first('from'),
    recipients: [...(fields.get('to') ?? []), ...(fields.get('cc') ?? [])],
    subject: decodeWords(first('subject').slice(0, parsedMax.subject)),
    sentAt: instantOf(first('date')),
    isAutomatic: isAutomaticBy(fields),
    content: message,
  });
}

const isoInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

function readFields({ messageId, from, to, cc, subject, date, text }: SyncContactsMessageInput): MessageReading {
  if (date != null && (!isoInstant.test(date) || instantOf(date) === undefined)) {
    return failed('Its `date` is no instant with a time zone, as in 2026-11-21T09:30:00Z.');
  }
  return toReading({
    messageId: messageId ?? '',
    from: from ?? '',
    recipients: [...(to ?? []), ...(cc ?? [])],
    subject: subject ?? '',
    sentAt: instantOf(date),
    isAutomatic: false,
    content: JSON.stringify([from, to, cc, subject, date, text]),
  });
}

/** Reads a message that may hold anything. */
export function readMessage(input: SyncContactsMessageInput): MessageReading {
  const { raw, ...fields } = input;
  if (raw == null) return readFields(input);
  if (Object.values(fields).some((one) => one != null)) return failed('Give `raw`, or the fields, not both.');
  return readRaw(raw);
}
