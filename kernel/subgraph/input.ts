import { z } from 'zod';
import { isMap } from '../http/is-map.ts';
import { isEntityId } from '../tenancy/ids.ts';

/** A mistake that the sender of an input can correct; the `UserError` type of the graph. */
export interface UserError {
  readonly field: string | null;
  readonly message: string;
  readonly code: 'BAD_USER_INPUT' | 'NOT_FOUND' | 'CONFLICT' | 'FORBIDDEN';
}

/** What a command comes to: a value, or the reasons why nothing was written. */
export type CommandResult<T> =
  | { readonly ok: true; readonly value: T; readonly isUnchanged?: true }
  | { readonly ok: false; readonly userErrors: readonly UserError[] };

/** A command that did its work. */
export function done<T>(value: T): CommandResult<T> {
  return { ok: true, value };
}

/** A command that found everything as it was asked for: it wrote nothing, so there is no change to publish. */
export function unchanged<T>(value: T): CommandResult<T> {
  return { ok: true, value, isUnchanged: true };
}

/** A command that wrote nothing, with the reason. */
export function refused(code: UserError['code'], field: string | null, message: string): CommandResult<never> {
  return { ok: false, userErrors: [{ field, message, code }] };
}

/** The payload of a mutation: the value under its name (null when refused) beside `userErrors`. */
export function toPayload<Name extends string, T>(name: Name, result: CommandResult<T>) {
  const value = result.ok ? result.value : null;
  const userErrors = result.ok ? [] : result.userErrors;
  return { [name]: value, userErrors } as Record<Name, T | null> & { userErrors: UserError[] };
}

/** Checks an input at the border. Every mistake is reported, each with the path of its field in dots. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): CommandResult<z.output<Schema>> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return done(parsed.data);
  return {
    ok: false,
    userErrors: parsed.error.issues.map((issue) => ({
      field: issue.path.length > 0 ? issue.path.join('.') : null,
      message: issue.message,
      code: 'BAD_USER_INPUT' as const,
    })),
  };
}

/** Control characters have no place in a name or a title, and Postgres refuses NUL in any text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controlCharacters = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** Text of 1 to `max` characters once the blanks around it are gone. */
export function text(max: number) {
  return z
    .string()
    .max(max, `Use at most ${max} characters.`)
    .trim()
    .min(1, 'This cannot be empty.')
    .refine((value) => !controlCharacters.test(value), 'Control characters are not allowed.')
    .refine((value) => value.isWellFormed(), 'This is not well-formed Unicode.');
}

/** The longest address that SMTP can carry (RFC 5321, 4.5.3.1.3, less the angle brackets). */
const emailMax = 254;

/** An e-mail address as people write it; `normaliseEmail` gives the form to compare by. */
export function email() {
  return z
    .string()
    .max(emailMax, `Use at most ${emailMax} characters.`)
    .trim()
    .pipe(z.email('This is not an e-mail address.'));
}

/** The form of an e-mail address by which two are the same person: NFC, lower case, no blanks around it. */
export function normaliseEmail(address: string): string {
  return address.trim().normalize('NFC').toLowerCase();
}

/** A phone number as people write it: digits, blanks and `+ ( ) . / -`, 3 to 32 characters. */
export function phone() {
  return z
    .string()
    .trim()
    .regex(/^\+?[0-9 ()./-]{3,32}$/, 'This is not a phone number.');
}

/** The id of a record. */
export function entityId() {
  return z.string().refine(isEntityId, 'This is not an id.');
}

/** The version that a change was made on: a stale one is a `CONFLICT`. */
export function baseVersion() {
  return z.int('A version is a whole number.').positive('A version is 1 or more.');
}

/** Money in the smallest unit of its currency, not negative. */
export function minorUnits() {
  return z.int('An amount is a whole number of the smallest unit.').nonnegative('An amount cannot be negative.');
}

/** An ISO 4217 currency code. */
export function currency() {
  return z.string().regex(/^[A-Z]{3}$/, 'A currency is three capital letters, as in EUR.');
}

type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

const jsonBytesMax = 16_384;
const jsonLevelsMax = 32;

/** Tells whether JSON nests deeper than some levels; it looks no further down than that, so any depth is safe. */
function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => nestsDeeper(inner, levels - 1));
}

/** What `JSON.stringify` writes of NUL and of half a surrogate pair, neither of which Postgres keeps. */
const unstorableEscape = /(?:^|[^\\])(?:\\\\)*\\u(?:0000|d[89a-f])/;

/** A JSON object of at most 16 KiB and 32 levels, for what an app keeps beside its own fields. */
export function jsonObject() {
  return z
    .custom<Readonly<Record<string, JsonValue>>>(isMap, { error: 'A JSON object is expected.', abort: true })
    .refine((value) => !nestsDeeper(value, jsonLevelsMax), { error: 'Nest at most 32 levels of JSON.', abort: true })
    .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= jsonBytesMax, 'Use at most 16 KiB of JSON.')
    .refine((value) => !unstorableEscape.test(JSON.stringify(value)), 'Use well-formed Unicode without NUL in JSON.');
}
