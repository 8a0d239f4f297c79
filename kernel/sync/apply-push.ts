import type { GraphQLResolveInfo } from 'graphql';
import type { Closing } from '../audit/mutation-run.ts';
import { eventCatalogue } from '../changes/catalogue.ts';
import type { UnplacedChange } from '../changes/insert-changes.ts';
import { createChangeReaders } from '../changes/may-read.ts';
import type { PrismaClientLike, TenantTransaction } from '../data/tenant-database.ts';
import { forgetForeseen } from '../data/together.ts';
import { PanoramaError } from '../errors/panorama-error.ts';
import type { AppContext } from '../subgraph/app.ts';
import { deriveContext } from '../subgraph/call-context.ts';
import { createPushBatch, StartOver } from './mutation-batch.ts';
import { beginPush, duplicateOf, insertResults, type KnownClient, type PushPlace, type Settled } from './push-rows.ts';
import {
  appliedPush,
  digestMutation,
  type MutationResult,
  type PushAnswer,
  type PushedMutation,
} from './pushed-mutation.ts';
import { readRecordStates } from './record-states.ts';
import { requestHolder } from './request-holder.ts';
import { type Settlement, settleMutation } from './settle-mutation.ts';
import type { SyncedApp } from './synced-entities.ts';

type PushContext<Client extends PrismaClientLike, Loaders> = AppContext<Client, Loaders>;

const readers = createChangeReaders(eventCatalogue());

/** Divides the mutations of a push into those that were settled before and those that are new. Throws where they do not fit. */
function dividePush(
  mutations: readonly PushedMutation[],
  { holder, lastMutationId, settled }: KnownClient,
  place: PushPlace,
) {
  if (holder !== place.holder) {
    throw new PanoramaError('FORBIDDEN', 'This client id belongs to somebody else.', { field: 'clientId' });
  }
  const [first] = mutations;
  if (first && first.id > lastMutationId + 1) throw outOfOrder(lastMutationId + 1);
  const duplicates = mutations.filter(({ id }) => id <= lastMutationId);
  for (const mutation of duplicates) {
    const known = settled.get(mutation.id);
    if (known && known.digest !== digestMutation(mutation)) {
      throw new PanoramaError('CLIENT_FORKED', `The mutation ${mutation.id} of this client was another one.`, {
        value: mutation.id,
      });
    }
  }
  const results = duplicates.map(({ id }) => duplicateOf(id, settled.get(id)));
  return { results, fresh: mutations.slice(duplicates.length) };
}

/** The refusal of a push that does not begin where the last one ended. */
export function outOfOrder(expected: number): PanoramaError {
  return new PanoramaError('OUT_OF_ORDER', `The next mutation of this client has the id ${expected}.`, {
    value: expected,
  });
}

/**
 * What the log says of a mutation that changed nothing, so that its client finds the end of it there as well. It names
 * no record, because anybody in the tenant may read it.
 */
function acknowledgement(
  {
    tenantId,
    principal,
    correlationId,
  }: Pick<AppContext<PrismaClientLike, never>, 'tenantId' | 'principal' | 'correlationId'>,
  { app, clientId }: PushPlace,
  { result: { id, status } }: Settled,
): UnplacedChange {
  return {
    ...{ tenantId, app, type: 'MUTATION_SETTLED', entity: 'SyncClient', entityId: clientId, version: id, op: 'ACK' },
    data: { status },
    actor: principal.userId ?? principal.credentialId,
    sourceApp: principal.app,
    correlationId,
    clientId,
    mutationId: id,
    priority: 'LOW',
  };
}

/** What is settled in one transaction. */
interface FreshPush<Client extends PrismaClientLike, Loaders> {
  readonly synced: SyncedApp<Client>;
  readonly place: PushPlace;
  readonly mutations: readonly PushedMutation[];
  readonly context: PushContext<Client, Loaders>;
  readonly info: GraphQLResolveInfo;
  readonly isCareful: boolean;
}

/**
 * Cuts a push into waves: mutations that follow each other and make or change different records of one type do not ask for
 * each other's effects, and may run side by side.
 */
function cutIntoWaves(mutations: readonly PushedMutation[]): readonly (readonly PushedMutation[])[] {
  const waves: { readonly ids: Set<string>; readonly mutations: PushedMutation[] }[] = [];
  for (const mutation of mutations) {
    const { entity, entityId, op } = mutation;
    const wave = waves.at(-1);
    const [first] = wave?.mutations ?? [];
    const fits = op === 'PUT' && first?.op === 'PUT' && first.entity === entity && !wave?.ids.has(entityId);
    if (wave && fits) {
      wave.mutations.push(mutation);
      wave.ids.add(entityId);
    } else {
      waves.push({ ids: new Set([entityId]), mutations: [mutation] });
    }
  }
  return waves.map((wave) => wave.mutations);
}

/** Waits for all before it throws: nothing may still be sent when the transaction is rolled back. */
async function allOf<T>(running: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(running);
  return await Promise.all(running);
}

async function settleAll<Client extends PrismaClientLike, Loaders>(
  tx: TenantTransaction<Client>,
  { synced, place, mutations, context, info, isCareful }: FreshPush<Client, Loaders>,
): Promise<{ readonly results: readonly MutationResult[]; readonly closing: Closing }> {
  const { clientId } = place;
  const batch = createPushBatch(tx, isCareful);
  const settlement: Settlement<Client> = {
    ...{ synced, clientId, batch, info },
    states: await readRecordStates(batch.tx, synced, mutations, context.sealKeys),
    mayRead: readers(context.principal),
    // Its own id goes into the changes; the key of the request is not its own.
    contextOf: ({ id: mutationId }, own) =>
      deriveContext(context, { batch: own, clientId, mutationId, idempotency: undefined }),
  };
  const settled: Settled[] = [];
  for (const wave of isCareful ? mutations.map((one) => [one]) : cutIntoWaves(mutations)) {
    settled.push(...(await allOf(wave.map((mutation) => settleMutation(settlement, mutation)))));
    forgetForeseen(batch.tx);
  }
  const changes = settled.flatMap((one) =>
    one.changes.length > 0 ? one.changes : [acknowledgement(context, place, one)],
  );
  const statements = [...insertResults(tx.tenantId, place, settled), batch.insertRecords()];
  return { results: settled.map(({ result }) => result), closing: { changes, statements } };
}

/**
 * Applies what a client pushed into an app, in one transaction: each mutation is done by the app's own mutation of the
 * graph, with its rules and its record, or settled as one that cannot be done. What was settled before is not done again.
 *
 * @param input An `AppliedPush`, from the app that cuts pushes.
 * @throws `OUT_OF_ORDER` with the id that comes next, `CLIENT_FORKED`, or `FORBIDDEN` for the client of somebody else;
 * then nothing is applied
 */
export async function applyPush<Client extends PrismaClientLike, Loaders>(
  synced: SyncedApp<Client>,
  input: unknown,
  context: PushContext<Client, Loaders>,
  info: GraphQLResolveInfo,
): Promise<PushAnswer> {
  const { clientId, mutations } = appliedPush.parse(input);
  const place = { app: synced.app, clientId, holder: requestHolder(context.principal) };
  const ids = { first: mutations.at(0)?.id ?? 0, last: mutations.at(-1)?.id ?? 0 };
  const attempt = async (isCareful: boolean): Promise<PushAnswer> => {
    if (!context.mutation) throw new Error('A push is applied in a mutation only.');
    const { value } = await context.mutation.write(async (tx) => {
      const known = await beginPush(tx, place, ids);
      const { results, fresh } = dividePush(mutations, known, place);
      if (fresh.length === 0) return { value: { lastMutationId: known.lastMutationId, results } };
      const settled = await settleAll(tx, { synced, place, mutations: fresh, context, info, isCareful });
      const lastMutationId = fresh.at(-1)?.id ?? known.lastMutationId;
      return { value: { lastMutationId, results: [...results, ...settled.results] }, closing: settled.closing };
    });
    return value;
  };
  try {
    return await attempt(false);
  } catch (error) {
    if (error instanceof StartOver) return await attempt(true);
    throw error;
  }
}
