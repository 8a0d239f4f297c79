import { hash } from 'node:crypto';
import { z } from 'zod';
import { isEntityId } from '../tenancy/ids.ts';

/** How many mutations one push holds at most. */
export const maxPushed = 100;
/** The ids of clients and records have the same form. */
const id = () => z.string().refine(isEntityId, 'This is not an id.');

const pushedMutation = z.strictObject({
  id: z.int().min(1),
  entity: z.string().min(1).max(64),
  entityId: id(),
  op: z.enum(['PUT', 'DELETE']),
  baseVersion: z.int().min(1).nullish(),
  patch: z.record(z.string(), z.json()).nullish(),
});

/** What a client did without a connection, as it kept it. */
export type PushedMutation = z.output<typeof pushedMutation>;

/** What an app is asked to apply: mutations of one client, whose ids follow each other. */
export const appliedPush = z.strictObject({
  clientId: id(),
  mutations: z.array(pushedMutation).min(1).max(maxPushed),
});
export type AppliedPush = z.output<typeof appliedPush>;

/** How a mutation ended for good. */
export const settledStatuses = ['APPLIED', 'MERGED', 'CONFLICT', 'REJECTED'] as const;
export type SettledStatus = (typeof settledStatuses)[number];

/** What came of a mutation. */
export interface MutationResult {
  readonly id: number;
  /** `DUPLICATE` for one that was done before; one that was not done before stays that. */
  readonly status: SettledStatus | 'DUPLICATE';
  /** How a `DUPLICATE` ended then; undefined where that is too long ago. */
  readonly original?: Extract<SettledStatus, 'APPLIED' | 'MERGED'> | undefined;
  /** The version of the record after it, or that of the record that stood against it. */
  readonly version?: number | undefined;
  /** Why it was not done, in a word of the error table. */
  readonly code?: string | undefined;
  /** The field of the patch at fault, in dots. */
  readonly field?: string | undefined;
  readonly message?: string | undefined;
  /** Fields of the patch that somebody else had changed since the version that the client had. */
  readonly conflicts?: readonly string[] | undefined;
  /** The record as the server has it, where that is not what the client can expect and the principal may read it. */
  readonly serverRecord?: Readonly<Record<string, unknown>> | undefined;
}

/** What an app answers to a push. */
export interface PushAnswer {
  readonly lastMutationId: number;
  readonly results: readonly MutationResult[];
}

/** Tells a mutation from another under the same id. The order of the patch's fields does not count. */
export function digestMutation({ entity, entityId, op, baseVersion, patch }: PushedMutation): string {
  const fields = Object.entries(patch ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
  return hash('sha256', JSON.stringify([entity, entityId, op, baseVersion ?? null, fields]), 'base64url');
}
