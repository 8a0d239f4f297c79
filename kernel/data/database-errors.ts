import pg from 'pg';

/** Why the database did not accept a write, where the reason lies in the input. */
export type Refusal =
  /** A unique value is taken. */
  | { readonly kind: 'UNIQUE_CLASH'; readonly constraint: string }
  /** The row refers to one that does not exist. */
  | { readonly kind: 'MISSING_REFERENCE'; readonly constraint: string }
  /** The row cannot go or change its key: others refer to it. */
  | { readonly kind: 'STILL_REFERENCED'; readonly constraint: string }
  /** The row to update or delete does not exist, or no longer has the version that was asked for. */
  | { readonly kind: 'NO_SUCH_ROW' };

interface DriverCause {
  readonly originalCode?: unknown;
  readonly originalMessage?: unknown;
  readonly kind?: unknown;
  readonly constraint?: { readonly index?: unknown };
}

/**
 * Reads an error of Prisma as a refusal that a command answers with a `userError`; undefined for anything else, which
 * is a failure and is thrown on. `constraint` is the name in the migration: give constraints names that say what they
 * keep, and compare with those.
 *
 * Prisma's own codes are not enough: a typed call gives P2002 or P2003, a raw one P2010, and the columns are in
 * neither. The SQLSTATE and the constraint's name come with each, from the driver adapter.
 */
export function refusalOf(error: unknown): Refusal | undefined {
  if (prismaCodeOf(error) === 'P2025') return { kind: 'NO_SUCH_ROW' };
  const cause = driverCauseOf(error);
  const constraint = typeof cause?.constraint?.index === 'string' ? cause.constraint.index : '';
  switch (cause?.originalCode) {
    case '23505':
      return { kind: 'UNIQUE_CLASH', constraint };
    case '23503':
      // One code for both directions; only the message tells them apart.
      return String(cause.originalMessage).startsWith('update or delete')
        ? { kind: 'STILL_REFERENCED', constraint }
        : { kind: 'MISSING_REFERENCE', constraint };
    case '23001':
      return { kind: 'STILL_REFERENCED', constraint };
    default:
      return undefined;
  }
}

/** A serialization failure, and a deadlock. */
const conflictStates = new Set<unknown>(['40001', '40P01']);

/** Tells whether the same work may succeed when it is run again: a deadlock or a serialization failure. */
export function isTransientConflict(error: unknown): boolean {
  const cause = driverCauseOf(error);
  return (
    prismaCodeOf(error) === 'P2034' ||
    cause?.kind === 'TransactionWriteConflict' ||
    conflictStates.has(cause?.originalCode)
  );
}

/** A text with a NUL character (22021, in JSON 22P05), a time out of the calendar (22007, 22008). */
const unstorable = new Set<unknown>(['22021', '22P05', '22007', '22008']);

/** Tells whether a statement was given a value that Postgres has no room for, whatever the column. */
export function isUnstorableValue(error: unknown): boolean {
  return unstorable.has(driverCauseOf(error)?.originalCode);
}

/** Prisma's words for no server, a closed connection, and no connection or transaction within the time for it. */
const unreachableCodes = new Set<unknown>(['P1001', 'P1017', 'P2024', 'P2028']);

/**
 * The like of SQLSTATE: connection exceptions, too few resources, a server that starts or stops, a login refused, and a lock
 * that was not given in time.
 */
const unreachableStates = /^(08|53|57P|28|55P03)/;

/** Thrown where a statement was sent without Prisma and no answer of the database came; `cause` says why. */
export class DatabaseUnreachable extends Error {}

/** Tells whether the database could not be reached, as against having refused something. */
export function isUnreachable(error: unknown): boolean {
  if (error instanceof DatabaseUnreachable) return true;
  const cause = driverCauseOf(error);
  return (
    unreachableCodes.has(prismaCodeOf(error)) ||
    cause?.kind === 'DatabaseNotReachable' ||
    unreachableStates.test(String(cause?.originalCode))
  );
}

/** Tells whether a server answered and did not let the role in: it does not exist, or has another password. */
export function isLoginRefused(error: unknown): boolean {
  return String(driverCauseOf(error)?.originalCode).startsWith('28');
}

/** No such table or column: P2021 and P2022 of a typed call, 42P01 and 42703 of any other. */
const missingFromSchema = new Set<unknown>(['P2021', 'P2022', '42P01', '42703']);

/** Tells whether a statement asked for what the schema does not have (yet): its migrations were not applied. */
export function isMissingFromSchema(error: unknown): boolean {
  const state = error instanceof pg.DatabaseError ? error.code : driverCauseOf(error)?.originalCode;
  return missingFromSchema.has(prismaCodeOf(error)) || missingFromSchema.has(state);
}

function prismaCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/**
 * What the driver adapter said: in `meta` of Prisma's error, or the error itself when it comes from BEGIN or COMMIT. The
 * database's own error where a statement was sent without Prisma.
 */
function driverCauseOf(error: unknown): DriverCause | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof pg.DatabaseError) {
    return { originalCode: error.code, originalMessage: error.message, constraint: { index: error.constraint } };
  }
  const meta = 'meta' in error ? (error.meta as { readonly driverAdapterError?: unknown } | undefined) : undefined;
  const source = meta?.driverAdapterError ?? error;
  if (!(source instanceof Error) || source.name !== 'DriverAdapterError') return undefined;
  return source.cause as DriverCause | undefined;
}
