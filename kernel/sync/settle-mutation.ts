import type { GraphQLResolveInfo } from 'graphql';
import type { ChangeReader } from '../changes/may-read.ts';
import type { PrismaClientLike } from '../data/tenant-database.ts';
import type { BatchPlace, PushBatch } from './mutation-batch.ts';
import type { Settled } from './push-rows.ts';
import type { MutationResult, PushedMutation, SettledStatus } from './pushed-mutation.ts';
import type { RecordStates } from './record-states.ts';
import { resolveConflict } from './resolve-conflict.ts';
import { callMutation } from './run-mutation.ts';
import { conflictPolicyOf, type SyncedApp, type SyncedEntity, type SyncedRecord } from './synced-entities.ts';

/** What the mutations of a push are settled with. */
export interface Settlement<Client extends PrismaClientLike> {
  readonly synced: SyncedApp<Client>;
  readonly clientId: string;
  readonly states: RecordStates;
  readonly batch: PushBatch<Client>;
  /** Tells whether the principal may read a record. */
  readonly mayRead: ChangeReader;
  readonly info: GraphQLResolveInfo;
  /** Makes the context in which a mutation runs. */
  readonly contextOf: (
    mutation: PushedMutation,
    place: BatchPlace<Client>,
  ) => Parameters<typeof callMutation>[2]['context'];
}

type Outcome = Omit<MutationResult, 'id'>;

function settle(mutation: PushedMutation, outcome: Outcome, changes: Settled['changes'] = []): Settled {
  return { mutation, result: { id: mutation.id, ...outcome }, changes };
}

function reject(mutation: PushedMutation, code: string, field: string | null, message: string): Settled {
  return settle(mutation, { status: 'REJECTED', code, field: field ?? undefined, message });
}

/** The record as the principal may see it. */
function shown<Client extends PrismaClientLike>(
  { mayRead }: Settlement<Client>,
  record: SyncedRecord | undefined,
): Pick<Outcome, 'version' | 'serverRecord'> {
  return record && mayRead(record) ? { version: record.version, serverRecord: record.data } : {};
}

/** Runs a mutation of the app for a pushed one, and tells what came of it. */
async function run<Client extends PrismaClientLike>(
  settlement: Settlement<Client>,
  mutation: PushedMutation,
  name: string,
  input: Readonly<Record<string, unknown>>,
  done: { readonly status: Extract<SettledStatus, 'APPLIED' | 'MERGED'>; readonly conflicts: readonly string[] },
): Promise<Settled> {
  const { info, contextOf, batch, states } = settlement;
  const place = batch.next();
  const refusal = await callMutation(name, input, { info, context: contextOf(mutation, place) });
  if (refusal) return reject(mutation, refusal.code, refusal.field, refusal.message);
  const { changes } = place;
  states.note(changes);
  const record = states.current(mutation.entity, mutation.entityId);
  const { status, conflicts } = done;
  const seen = shown(settlement, record);
  if (status === 'APPLIED') return settle(mutation, { status, version: seen.version }, changes);
  return settle(mutation, { status, ...seen, conflicts }, changes);
}

/** A mutation of a record that is not there: it makes it, or comes too late. */
async function settleAbsent<Client extends PrismaClientLike>(
  settlement: Settlement<Client>,
  entity: SyncedEntity<Client>,
  mutation: PushedMutation,
): Promise<Settled> {
  const { states } = settlement;
  const { op, entityId, baseVersion, patch } = mutation;
  if (op === 'DELETE') return settle(mutation, { status: 'APPLIED' });
  const last = states.gone(mutation.entity, entityId);
  if (last) {
    const message = 'The record was deleted in the meantime.';
    const { serverRecord } = shown(settlement, last);
    return settle(mutation, { status: 'CONFLICT', code: 'NOT_FOUND', field: 'entityId', message, serverRecord });
  }
  if (baseVersion != null) return reject(mutation, 'NOT_FOUND', 'entityId', 'There is no record with this id.');
  if (!entity.create) {
    return reject(mutation, 'BAD_USER_INPUT', 'op', `A record of type ${mutation.entity} cannot be made by a push.`);
  }
  return await run(
    settlement,
    mutation,
    entity.create,
    { ...patch, id: entityId },
    { status: 'APPLIED', conflicts: [] },
  );
}

/** A mutation of a record that is there, after whatever others did to it. */
async function settlePresent<Client extends PrismaClientLike>(
  settlement: Settlement<Client>,
  entity: SyncedEntity<Client>,
  mutation: PushedMutation,
  record: SyncedRecord,
): Promise<Settled> {
  const { states, clientId, info, mayRead } = settlement;
  const { op, entityId: id, baseVersion } = mutation;
  const name = op === 'DELETE' ? entity.remove : entity.update;
  if (!name) {
    const what = op === 'DELETE' ? 'deleted' : 'changed';
    return reject(mutation, 'BAD_USER_INPUT', 'op', `A record of type ${mutation.entity} cannot be ${what} by a push.`);
  }
  if (!mayRead(record)) {
    // To the app itself it is left what to say about a record that the sender may not see.
    const input = { ...mutation.patch, id, ...(baseVersion != null && { baseVersion }) };
    return await run(settlement, mutation, name, input, { status: 'APPLIED', conflicts: [] });
  }
  const policy = conflictPolicyOf(info.schema, mutation.entity);
  const past = states.past(mutation.entity, id);
  const resolution = resolveConflict({ policy, mutation, clientId, currentVersion: record.version, past });
  if (resolution.kind === 'reject') {
    return reject(mutation, resolution.code, resolution.field, resolution.message);
  }
  if (resolution.kind === 'conflict') {
    const { message } = resolution;
    const conflict = { code: 'CONFLICT', field: 'baseVersion', message, ...shown(settlement, record) };
    return settle(mutation, { status: 'CONFLICT', ...conflict });
  }
  const { patch, status, conflicts } = resolution;
  if (op === 'PUT' && Object.keys(patch).length === 0) {
    return settle(mutation, { status, conflicts, ...shown(settlement, record) });
  }
  return await run(settlement, mutation, name, { ...patch, id }, { status, conflicts });
}

/** Settles one mutation: for good, whatever comes of it. Throws what may not happen again: then nothing of the push stays. */
export async function settleMutation<Client extends PrismaClientLike>(
  settlement: Settlement<Client>,
  mutation: PushedMutation,
): Promise<Settled> {
  const { entities } = settlement.synced;
  const entity = Object.hasOwn(entities, mutation.entity) ? entities[mutation.entity] : undefined;
  if (!entity) return reject(mutation, 'BAD_USER_INPUT', 'entity', 'Records of this type are not synced.');
  const record = settlement.states.current(mutation.entity, mutation.entityId);
  return record
    ? await settlePresent(settlement, entity, mutation, record)
    : await settleAbsent(settlement, entity, mutation);
}
