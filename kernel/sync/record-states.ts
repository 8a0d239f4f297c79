import type { UnplacedChange } from '../changes/insert-changes.ts';
import type { SealKeys } from '../changes/sealing/seal-keys.ts';
import { openChanges } from '../changes/sealing/sealed-changes.ts';
import type { PrismaClientLike, TenantTransaction } from '../data/tenant-database.ts';
import { isEntityId } from '../tenancy/ids.ts';
import type { PushedMutation } from './pushed-mutation.ts';
import type { PastChange } from './resolve-conflict.ts';
import type { SyncedApp, SyncedRecord } from './synced-entities.ts';

/** What is known of the records that a push is about; it goes on with the push. */
export interface RecordStates {
  /** A record as it is now; undefined where it is not there. */
  current(entity: string, id: string): SyncedRecord | undefined;
  /** The changes of a record that the log knows, from the oldest version that the push was made on. */
  past(entity: string, id: string): readonly PastChange[];
  /** The last that is known of a record which is gone; undefined where it never was, or is. */
  gone(entity: string, id: string): SyncedRecord | undefined;
  /** Takes what a mutation of the push has changed. */
  note(changes: readonly UnplacedChange[]): void;
}

interface PastRow {
  readonly app: string;
  readonly type: string;
  readonly entity: string;
  readonly entityId: string;
  readonly version: number;
  readonly op: 'PUT' | 'DELETE';
  readonly clientId: string | null;
  readonly data: SyncedRecord['data'];
}

const keyOf = (entity: string, id: string) => `${entity} ${id}`;

/** The records that mutations are about, by type, as far as the app syncs them; types and ids in one order for all. */
function idsByEntity(app: SyncedApp<never>, mutations: readonly PushedMutation[]): ReadonlyMap<string, string[]> {
  const known = mutations.filter(({ entity }) => Object.hasOwn(app.entities, entity));
  const groups = Map.groupBy(known, ({ entity }) => entity);
  const inOrder = [...groups].sort(([one], [other]) => (one < other ? -1 : 1));
  return new Map(
    inOrder.map(([entity, ofEntity]) => [entity, [...new Set(ofEntity.map(({ entityId }) => entityId))].sort()]),
  );
}

/**
 * Reads the records that a push is about, and locks them until the end of the transaction, in the order of their ids: what
 * is decided by their present state holds when they are written.
 */
async function readAndLock<Client extends PrismaClientLike>(
  tx: TenantTransaction<Client>,
  { app, entities }: SyncedApp<Client>,
  ids: ReadonlyMap<string, string[]>,
): Promise<Map<string, SyncedRecord>> {
  const records = new Map<string, SyncedRecord>();
  for (const [entity, wanted] of ids) {
    const synced = entities[entity];
    if (!synced) continue;
    if (synced.readAndLock) {
      for (const record of await synced.readAndLock(tx, wanted)) records.set(keyOf(entity, record.entityId), record);
      continue;
    }
    const locked = await tx.rows<{ readonly id: string }>({
      text: `SELECT id FROM ${app}.${synced.table} WHERE tenant_id = $1 AND id = ANY($2::text[]) ORDER BY id FOR UPDATE`,
      values: [tx.tenantId, wanted],
    });
    if (locked.length === 0) continue;
    for (const record of await synced.read(
      tx,
      locked.map(({ id }) => id),
    )) {
      records.set(keyOf(entity, record.entityId), record);
    }
  }
  return records;
}

/** What the log tells of records: since a version, or their end. */
async function readPast<Client extends PrismaClientLike>(
  tx: TenantTransaction<Client>,
  asked: readonly { readonly entity: string; readonly id: string; readonly from: number }[],
  sealKeys: SealKeys,
): Promise<readonly PastRow[]> {
  if (asked.length === 0) return [];
  const from = new Map(asked.map((one) => [keyOf(one.entity, one.id), one.from]));
  const ids = [...new Set(asked.map(({ id }) => id))];
  // Record by record, in the order of the index: of a plain join the planner has made a reading of the whole log.
  const rows = await tx.rows<PastRow>({
    text: `SELECT app, type, entity, entity_id AS "entityId", version, op, client_id AS "clientId", data FROM unnest($2::text[]) AS asked (id) CROSS JOIN LATERAL (
        SELECT * FROM platform.change_log
        WHERE tenant_id = $1 AND entity_id = asked.id AND version >= $3::integer AND op IN ('PUT', 'DELETE')
        ORDER BY seq OFFSET 0) AS past`,
    values: [tx.tenantId, ids, Math.min(...from.values())],
  });
  const isAsked = ({ entity, entityId, version }: PastRow) =>
    version >= (from.get(keyOf(entity, entityId)) ?? Infinity);
  return await openChanges(tx.rows, tx.tenantId, rows.filter(isAsked), sealKeys);
}

/** Which part of the past decides: of a record that is there, what came after the oldest base; of one that is not, all. */
function neededPast(mutations: readonly PushedMutation[], records: ReadonlyMap<string, SyncedRecord>) {
  const asked = new Map<string, { entity: string; id: string; from: number }>();
  for (const { entity, entityId: id, baseVersion } of mutations) {
    if (!isEntityId(id)) continue;
    const key = keyOf(entity, id);
    const record = records.get(key);
    const from = record ? (baseVersion ?? record.version) : 1;
    if (record && from >= record.version) continue;
    asked.set(key, { entity, id, from: Math.min(from, asked.get(key)?.from ?? from) });
  }
  return [...asked.values()];
}

/** Reads what is known of the records that mutations are about. */
export async function readRecordStates<Client extends PrismaClientLike>(
  tx: TenantTransaction<Client>,
  app: SyncedApp<Client>,
  mutations: readonly PushedMutation[],
  sealKeys: SealKeys,
): Promise<RecordStates> {
  const records = await readAndLock(tx, app, idsByEntity(app as SyncedApp<never>, mutations));
  const rows = await readPast(tx, neededPast(mutations, records), sealKeys);
  const past = new Map<string, PastChange[]>();
  const last = new Map<string, SyncedRecord>();
  const deleted = new Set<string>();
  const add = (key: string, op: string, record: SyncedRecord, clientId: string | undefined) => {
    if (op === 'DELETE') deleted.add(key);
    // What is told of the end of a record does for one whose changes are gone from the log.
    if (op !== 'DELETE' || !last.has(key)) last.set(key, record);
    const { version, data } = record;
    past.set(key, [...(past.get(key) ?? []), { version, clientId, data }]);
  };
  for (const { type, entity, entityId, version, op, clientId, data } of rows) {
    add(keyOf(entity, entityId), op, { type, entityId, version, data }, clientId ?? undefined);
  }
  return {
    current: (entity, id) => records.get(keyOf(entity, id)),
    past: (entity, id) => past.get(keyOf(entity, id)) ?? [],
    gone: (entity, id) => (deleted.has(keyOf(entity, id)) ? last.get(keyOf(entity, id)) : undefined),
    note(changes) {
      for (const { type, entity, entityId, version, op, clientId, data } of changes) {
        const key = keyOf(entity, entityId);
        const record = { type, entityId, version, data };
        if (op === 'DELETE') records.delete(key);
        else records.set(key, record);
        add(key, op, record, clientId);
      }
    },
  };
}
