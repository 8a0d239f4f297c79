import type { PushInput, PushPayload } from '../../generated/graphql/coordination.ts';
import { isErrorCode } from '../../kernel/errors/codes.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { SubgraphRequest, SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import { type CommandResult, parseInput } from '../../kernel/subgraph/input.ts';
import { outOfOrder } from '../../kernel/sync/apply-push.ts';
import {
  type AppliedPush,
  appliedPush,
  type MutationResult,
  type PushAnswer,
  type PushedMutation,
} from '../../kernel/sync/pushed-mutation.ts';
import { syncFieldsOf } from '../../kernel/sync/sync-fields.ts';
import type { CoordinationContext } from './loaders.ts';

/** Which app does what is pushed for records of a type. */
export const syncedTypes: Readonly<Record<string, string>> = {
  Lead: 'crm',
  Contact: 'crm',
  Company: 'crm',
  Deal: 'crm',
  Activity: 'crm',
  Document: 'documents',
  Folder: 'documents',
  User: 'users',
  TrackedEvent: 'analytics',
};

/** Mutations for one app that follow each other. */
interface Run {
  readonly app: string;
  readonly mutations: PushedMutation[];
}

/** Cuts a push into runs. Records of a type that nobody syncs go to the app at hand, which says so. */
function cutIntoRuns(mutations: readonly PushedMutation[]): readonly Run[] {
  const runs: Run[] = [];
  for (const mutation of mutations) {
    const open = runs.at(-1);
    const known = Object.hasOwn(syncedTypes, mutation.entity) ? syncedTypes[mutation.entity] : undefined;
    const app = known ?? open?.app ?? 'crm';
    if (open?.app === app) open.mutations.push(mutation);
    else runs.push({ app, mutations: [mutation] });
  }
  return runs;
}

/** Asks one of the two fields by which an app is synced, in the name of the sender. Throws what the app refuses with. */
export async function askApp<Answer>(
  { callApp, principal, correlationId, operationName }: CoordinationContext,
  app: string,
  kind: 'apply' | 'records',
  input: object,
): Promise<Answer> {
  const operationKind: SubgraphRequest['operationKind'] = kind === 'apply' ? 'mutation' : 'query';
  const { data, errors } = await callApp(app, {
    document: `${operationKind} ($input: JSON!) { answer: ${syncFieldsOf(app)[kind]}(input: $input) }`,
    operationName: undefined,
    variables: { input },
    operationKind,
    context: { principal, correlationId, operationName, signal: new AbortController().signal },
  });
  const [error] = errors ?? [];
  if (error) throw asError(error);
  return data?.answer as Answer;
}

function asError({ message, extensions = {} }: NonNullable<SubgraphResponse['errors']>[number]): Error {
  const { code, ...details } = extensions;
  // What is not ours is masked where it happened, and again here.
  return isErrorCode(code) ? new PanoramaError(code, message, details) : new Error(message);
}

function readPush(input: PushInput): CommandResult<AppliedPush> {
  return parseInput(appliedPush, { ...input, mutations: input.mutations.map((one) => ({ ...one })) });
}

/** The ids of a push follow each other, whatever went before. */
function checkOrder(mutations: readonly PushedMutation[]): void {
  const [first] = mutations;
  const gap = mutations.find(({ id }, index) => first && id !== first.id + index);
  if (first && gap) throw outOfOrder(first.id + mutations.indexOf(gap));
}

function toResult(result: MutationResult): PushPayload['results'][number] {
  const { id, status, original, version, code, field, message, conflicts, serverRecord } = result;
  const reason = { code: code ?? null, field: field ?? null, message: message ?? null };
  const record = { version: version ?? null, conflicts: [...(conflicts ?? [])], serverRecord: serverRecord ?? null };
  return { id, status, original: original ?? null, ...reason, ...record };
}

/**
 * Has the apps do what a client did, run by run, in its order. When one fails, what was done before it stays done: the
 * client sends all of it again, and that part comes back as `DUPLICATE`.
 */
export async function push(context: CoordinationContext, input: PushInput): Promise<PushPayload> {
  const parsed = readPush(input);
  if (!parsed.ok) return { lastMutationId: null, cursor: null, results: [], userErrors: [...parsed.userErrors] };
  const { clientId, mutations } = parsed.value;
  checkOrder(mutations);
  let lastMutationId = 0;
  const results: PushPayload['results'] = [];
  for (const run of cutIntoRuns(mutations)) {
    const answer = await askApp<PushAnswer>(context, run.app, 'apply', { clientId, mutations: run.mutations });
    lastMutationId = answer.lastMutationId;
    results.push(...answer.results.map(toResult));
  }
  const cursor = await context.feed.head(context.principal);
  return { lastMutationId, cursor, results, userErrors: [] };
}
