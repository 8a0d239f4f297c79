import type { Json } from './storage.ts';

export type Fields = Readonly<Record<string, Json>>;

/** A record as the server last told it. */
export interface ServerRecord {
  readonly version: number;
  readonly data: Fields;
}

/** A record as the user sees it: the server's, with the user's own changes that are still on their way. */
export interface LocalRecord<Data = Fields> {
  readonly id: string;
  /** Of the server's record; 0 for one that the server has not told of yet. */
  readonly version: number;
  readonly data: Data;
  /** How many of the user's changes to it are on their way. */
  readonly pending: number;
}

/** What a user does to a record. */
export interface Edit {
  readonly entity: string;
  readonly entityId: string;
  readonly op: 'PUT' | 'DELETE';
  /** The fields that change, with their new values; null empties a field. Absent for a deletion. */
  readonly patch?: Fields;
  /** The version of the server's record that the user saw; absent for a new one. */
  readonly baseVersion?: number;
}

/** An edit in the queue. */
export interface PendingMutation extends Edit {
  /** Its place in the order of the user's edits; stays the same when the client gets a new id. */
  readonly place: number;
  readonly clientId: string;
  /** Counts the mutations of the client id from 1, without gaps. */
  readonly id: number;
  /** Whether the server has answered that it is applied. Its effect may still be missing from what the feed has told. */
  readonly applied: boolean;
  /** Whether the feed has told its effect. The answer that says what became of it may still be on its way. */
  readonly told: boolean;
}

/** An edit that the server will never apply. */
export interface RefusedMutation extends PendingMutation {
  /** `REJECTED` is against a rule; `CONFLICT` met a change that somebody else made. */
  readonly status: 'REJECTED' | 'CONFLICT';
  readonly code: string | null;
  /** The field of the patch that is at fault, in dots. */
  readonly field: string | null;
  readonly message: string | null;
  /** The record that a `CONFLICT` met. */
  readonly serverRecord: Fields | null;
}

/** A change as the feed tells it. */
export interface ServerChange {
  readonly entity: string;
  readonly entityId: string;
  readonly op: 'PUT' | 'DELETE' | 'ACK';
  readonly version: number;
  readonly data: Fields | null;
}

/**
 * The server's record after a change; undefined when there is none. What is at least as new stays: records that were
 * loaded are newer than the first changes that follow.
 */
export function afterChange(held: ServerRecord | undefined, change: ServerChange): ServerRecord | undefined {
  if (change.op === 'ACK') return held;
  if (change.op === 'DELETE') return held !== undefined && held.version > change.version ? held : undefined;
  if (held !== undefined && held.version >= change.version) return held;
  return { version: change.version, data: { ...held?.data, ...change.data } };
}

/** The record as the user sees it: the edits, in their order, upon what the server has told. Undefined when deleted. */
export function rebase(
  id: string,
  base: ServerRecord | undefined,
  edits: readonly Pick<Edit, 'op' | 'patch'>[],
): LocalRecord | undefined {
  let data = base?.data;
  for (const { op, patch } of edits) data = op === 'DELETE' ? undefined : { ...data, ...patch };
  if (data === undefined) return undefined;
  return { id, version: base?.version ?? 0, data, pending: edits.length };
}
