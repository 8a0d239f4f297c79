import { z } from 'zod';
import { minorUnits, text } from '../../kernel/subgraph/input.ts';

/** A field of a new record that may be left out: null then. */
export function optional<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? null);
}

/** A field of a change that every record has: left out, or null, it stays as it is. */
export function kept<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** A field of a change that a record can lack: left out it stays as it is, null empties it. */
export function clearable<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish();
}

/** A first or last name. */
export const personName = () => text(100);
/** A title of a deal, a subject of an activity or a name of a company. */
export const title = () => text(200);
/** A word for where a record came from. */
export const source = () => text(100);
/** Text of several lines. */
export const longText = () => text(5_000);

/** How far a deal has come. */
export const dealStage = () => z.enum(['OPEN', 'PROPOSAL', 'NEGOTIATION', 'WON', 'LOST']);

/** Money in the smallest unit of its currency, as the database keeps it. */
export const amount = () => minorUnits().transform((value) => BigInt(value));

/** A day, as in `2026-11-30`; a `Date` at its midnight in UTC inside. */
export function day() {
  return z.iso
    .date('This is not a day, as in 2026-11-30.')
    .refine((value) => value >= '1900', 'Days before 1900 are not kept.')
    .transform((value) => new Date(value));
}

/** A domain name with at least one dot, in lower case inside (RFC 1035, 2.3.4: labels of 63 characters, 253 in all). */
export function domain() {
  return z
    .string()
    .max(253, 'Use at most 253 characters.')
    .trim()
    .toLowerCase()
    .pipe(
      z
        .string()
        .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, 'This is not a domain, as in example.com.'),
    );
}
