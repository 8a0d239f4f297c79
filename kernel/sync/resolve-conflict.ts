import type { PushedMutation, SettledStatus } from './pushed-mutation.ts';
import type { ConflictPolicy } from './synced-entities.ts';

/** One change of a record in the log. */
export interface PastChange {
  readonly version: number;
  /** The sync client that it came from, if one. */
  readonly clientId: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What is to be done with a mutation of a record that is there. */
export type Resolution =
  /** The patch, or the part of it that holds, is applied. */
  | {
      readonly kind: 'apply';
      readonly status: Extract<SettledStatus, 'APPLIED' | 'MERGED'>;
      readonly patch: Readonly<Record<string, unknown>>;
      readonly conflicts: readonly string[];
    }
  | { readonly kind: 'conflict'; readonly message: string }
  | {
      readonly kind: 'reject';
      readonly code: 'BAD_USER_INPUT' | 'CONFLICT';
      readonly field: string;
      readonly message: string;
    };

/** What a resolution is made of. */
export interface ConflictCase {
  readonly policy: ConflictPolicy;
  readonly mutation: Pick<PushedMutation, 'op' | 'baseVersion' | 'patch'>;
  readonly clientId: string;
  readonly currentVersion: number;
  /** What is known of the versions from the base on; some may be gone from the log. */
  readonly past: readonly PastChange[];
}

/**
 * The versions after the base that are not the client's own: it could not know them. What the log no longer tells of
 * counts among them.
 */
function foreignVersions({ mutation, clientId, currentVersion, past }: ConflictCase): readonly number[] {
  const base = mutation.baseVersion ?? currentVersion;
  const own = new Set(past.filter((change) => change.clientId === clientId).map(({ version }) => version));
  const all = Array.from({ length: Math.max(currentVersion - base, 0) }, (_, index) => base + 1 + index);
  return all.filter((version) => !own.has(version));
}

/** The fields that differ between two states of a record; all of them where one state is not known. */
function differs(name: string, before: PastChange | undefined, after: PastChange | undefined): boolean {
  if (!before || !after) return true;
  return JSON.stringify(before.data[name]) !== JSON.stringify(after.data[name]);
}

/** The fields of the patch that somebody else has changed since the base. */
function conflictingFields({ mutation, past }: ConflictCase, foreign: readonly number[]): readonly string[] {
  const byVersion = new Map(past.map((change) => [change.version, change]));
  return Object.keys(mutation.patch ?? {}).filter((name) =>
    foreign.some((version) => differs(name, byVersion.get(version - 1), byVersion.get(version))),
  );
}

/** Decides what becomes of a mutation of a record that is there, by the conflict policy of its type. */
export function resolveConflict(conflict: ConflictCase): Resolution {
  const { policy, mutation, currentVersion } = conflict;
  const { op, baseVersion, patch } = mutation;
  const whole = { kind: 'apply', status: 'APPLIED', patch: patch ?? {}, conflicts: [] } as const;
  if (baseVersion != null && baseVersion > currentVersion) {
    return { kind: 'reject', code: 'BAD_USER_INPUT', field: 'baseVersion', message: 'There is no such version yet.' };
  }
  if (policy === 'APPEND_ONLY') {
    return { kind: 'reject', code: 'CONFLICT', field: 'entityId', message: 'A record of this type is never changed.' };
  }
  if (policy === 'REJECT_STALE' && baseVersion == null) {
    const message = 'Say the version that the change was made on.';
    return { kind: 'reject', code: 'BAD_USER_INPUT', field: 'baseVersion', message };
  }
  const foreign = foreignVersions(conflict);
  if (foreign.length === 0 || policy === 'CLIENT_WINS') return whole;
  if (policy === 'REJECT_STALE' || op === 'DELETE') {
    return { kind: 'conflict', message: `The record has changed since: it has version ${currentVersion} now.` };
  }
  const conflicts = conflictingFields(conflict, foreign);
  if (policy === 'FIELD_MERGE') return { ...whole, status: 'MERGED', conflicts };
  const kept = Object.entries(whole.patch).filter(([name]) => !conflicts.includes(name));
  return { ...whole, status: 'MERGED', patch: Object.fromEntries(kept), conflicts };
}
