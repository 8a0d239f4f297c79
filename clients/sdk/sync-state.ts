import { type LocalRecord, type PendingMutation, type RefusedMutation, rebase, type ServerRecord } from './records.ts';
import type { Changes, Json } from './storage.ts';

/** Who this client is to `push`. */
export interface ClientIdentity {
  readonly id: string;
  /** The id of the next mutation. */
  readonly nextId: number;
  readonly nextPlace: number;
}

/** Everything that synchronising has to remember, as it is kept, read into memory. */
export interface SyncState {
  readonly client: ClientIdentity | undefined;
  /** Up to where the feed was applied; undefined before the records were loaded for the first time. */
  readonly cursor: string | undefined;
  /** The types whose records were loaded. */
  readonly entities: readonly string[];
  /** Server records by type and id. */
  readonly records: ReadonlyMap<string, ReadonlyMap<string, ServerRecord>>;
  readonly pendingCount: number;
  /** In the order of the user's edits. */
  pending(): readonly PendingMutation[];
  refused(): readonly RefusedMutation[];
  /** As the user sees it. */
  record(entity: string, id: string): LocalRecord | undefined;
  list(entity: string): readonly LocalRecord[];
  /** Takes in what was written. */
  take(changes: Changes): void;
  /** Begins anew with everything that is kept. */
  replace(kept: ReadonlyMap<string, Json>): void;
}

const prefix = 'sync/';

/** The names that things are kept under. Numbers have leading zeros, so that the order of names is theirs. */
export const keys = {
  prefix,
  client: `${prefix}client`,
  cursor: `${prefix}cursor`,
  entities: `${prefix}entities`,
  /** Changes with the one that sends and applies. */
  leader: `${prefix}leader`,
  record: (entity: string, id: string) => `${prefix}record/${entity}/${id}`,
  pending: (place: number) => `${prefix}pending/${String(place).padStart(15, '0')}`,
  refused: (place: number) => `${prefix}refused/${String(place).padStart(15, '0')}`,
  /** Whether something of the records, or of how far they go, is kept under the name. */
  isOfRecords: (key: string) => key === keys.cursor || key === keys.entities || key.startsWith(`${prefix}record/`),
};

/** The state with nothing in it; `take` fills it. */
export function createSyncState(): SyncState {
  const single = new Map<string, Json>();
  const records = new Map<string, Map<string, ServerRecord>>();
  const pending = createQueue<PendingMutation>();
  const refused = createQueue<RefusedMutation>();
  const views = createViews();

  function takeRecord(path: string, value: Json | undefined): void {
    const [entity = '', ...rest] = path.split('/');
    const ofEntity = records.get(entity) ?? new Map<string, ServerRecord>();
    records.set(entity, ofEntity);
    put(ofEntity, rest.join('/'), value as ServerRecord | undefined);
  }

  function takeOne(key: string, value: Json | undefined): void {
    const [room = '', ...rest] = key.slice(prefix.length).split('/');
    if (room === 'record') takeRecord(rest.join('/'), value);
    else if (room === 'pending') pending.put(key, value as PendingMutation | undefined);
    else if (room === 'refused') refused.put(key, value as RefusedMutation | undefined);
    else put(single, key, value);
  }

  const state: SyncState = {
    get client() {
      return single.get(keys.client) as ClientIdentity | undefined;
    },
    get cursor() {
      return single.get(keys.cursor) as string | undefined;
    },
    get entities() {
      return (single.get(keys.entities) as readonly string[] | undefined) ?? [];
    },
    records,
    get pendingCount() {
      return pending.count();
    },
    pending: pending.inOrder,
    refused: refused.inOrder,
    record: (entity, id) =>
      views.record(keys.record(entity, id), () => {
        const edits = state.pending().filter((edit) => edit.entity === entity && edit.entityId === id);
        return views.rebase(id, records.get(entity)?.get(id), edits);
      }),
    list: (entity) =>
      views.list(entity, () => {
        const edits = Map.groupBy(
          state.pending().filter((edit) => edit.entity === entity),
          ({ entityId }) => entityId,
        );
        const ids = new Set([...(records.get(entity)?.keys() ?? []), ...edits.keys()]);
        return [...ids].flatMap((id) => views.rebase(id, records.get(entity)?.get(id), edits.get(id) ?? []) ?? []);
      }),
    take(changes) {
      views.clear();
      for (const [key, value] of Object.entries(changes)) if (key.startsWith(prefix)) takeOne(key, value);
    },
    replace(kept) {
      views.clear();
      for (const part of [single, records, pending, refused]) part.clear();
      for (const [key, value] of kept) takeOne(key, value);
    },
  };
  return state;
}

/**
 * What was shown since the last change, and is the same when it is asked for again: pages compare to see what to draw
 * anew. A record without edits is the same until the server tells another.
 */
function createViews() {
  const lists = new Map<string, readonly LocalRecord[]>();
  const single = new Map<string, LocalRecord | undefined>();
  const unedited = new WeakMap<ServerRecord, LocalRecord>();

  function remember<View>(views: Map<string, View>, name: string, make: () => View): View {
    if (!views.has(name)) views.set(name, make());
    return views.get(name) as View;
  }

  return {
    list: (entity: string, make: () => readonly LocalRecord[]) => remember(lists, entity, make),
    record: (name: string, make: () => LocalRecord | undefined) => remember(single, name, make),
    rebase(id: string, base: ServerRecord | undefined, edits: readonly PendingMutation[]): LocalRecord | undefined {
      if (base === undefined || edits.length > 0) return rebase(id, base, edits);
      const shown = unedited.get(base) ?? rebase(id, base, edits);
      if (shown) unedited.set(base, shown);
      return shown;
    },
    clear() {
      lists.clear();
      single.clear();
    },
  };
}

/** Mutations by the names they are kept under, which are in the order of their places. */
function createQueue<Mutation>() {
  const byKey = new Map<string, Mutation>();
  let ordered: readonly Mutation[] | undefined;
  return {
    put(key: string, mutation: Mutation | undefined) {
      put(byKey, key, mutation);
      ordered = undefined;
    },
    clear() {
      byKey.clear();
      ordered = undefined;
    },
    count: () => byKey.size,
    // Those that another tab has made may come in another order.
    inOrder: () =>
      (ordered ??= [...byKey].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, mutation]) => mutation)),
  };
}

function put<Value>(map: Map<string, Value>, key: string, value: Value | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
