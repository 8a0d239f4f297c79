import type { BackoffBounds } from './backoff.ts';
import type { Events } from './events.ts';
import { OperationFailed } from './failure.ts';
import type { Fields, LocalRecord, RefusedMutation } from './records.ts';
import type { Changes, Storage } from './storage.ts';
import { checkApplied } from './sync-check.ts';
import { createBell, type SyncContext, type SyncEvents } from './sync-context.ts';
import { enqueue, newIdentity } from './sync-queue.ts';
import { receiveChanges } from './sync-receive.ts';
import { sendQueue } from './sync-send.ts';
import type { SyncServer } from './sync-server.ts';
import { type ClientIdentity, createSyncState, keys } from './sync-state.ts';
import { uniqueId } from './unique-id.ts';

export interface SyncOptions {
  /** Types of the graph that are kept here: `['Lead', 'Contact']`. */
  readonly entities: readonly string[];
  readonly storage: Storage;
  readonly server: SyncServer;
  readonly events: Events<SyncEvents>;
  readonly backoff: BackoffBounds;
}

/** Records that are here, whether there is a network or not. */
export interface Sync {
  /** The records of a type, as the user sees them. */
  list(entity: string): readonly LocalRecord[];
  /** One record; undefined when there is none. */
  get(entity: string, id: string): LocalRecord | undefined;
  /** Changes fields of a record; without an id it makes one. Resolves with the id when the edit is kept here. */
  put(entity: string, id: string | undefined, patch: Fields): Promise<string>;
  /** Deletes a record. Resolves when the edit is kept here. */
  delete(entity: string, id: string): Promise<void>;
  /** How many edits are on their way. */
  readonly pending: number;
  /** Whether the records were loaded, now or in an earlier life. */
  readonly loaded: boolean;
  /** Edits that were not applied, until they are dismissed. */
  refused(): readonly RefusedMutation[];
  dismiss(refused: RefusedMutation): Promise<void>;
  /** Tries now what waits to be tried. */
  retry(): void;
  /** Stops; what is kept stays for the next time. */
  close(): Promise<void>;
}

/** Opens the records that the storage holds and keeps them in step with the server. */
export async function openSync({ entities, storage, server, events, backoff }: SyncOptions): Promise<Sync> {
  const state = createSyncState();
  const ending = new AbortController();
  const bell = createBell();
  const nudge = createBell();

  /** Takes in what was changed, here or by others, and tells of it. */
  function take(changes: Changes): void {
    const before = state.pendingCount;
    state.take(changes);
    const after = state.pendingCount;
    if (after !== before) events.tell('pending', after);
    if (after > before) bell.ring();
    events.tell('records', undefined);
  }

  const context: SyncContext = {
    entities,
    state,
    storage,
    server,
    events,
    backoff,
    bell,
    nudge,
    signal: ending.signal,
    async commit(names, change) {
      let changes: Changes = {};
      await storage.update(names, (values) => {
        changes = change(values);
        return changes;
      });
      if (Object.keys(changes).length > 0) take(changes);
    },
  };

  const unwatch = storage.watch(take);
  state.take(Object.fromEntries(await storage.list(keys.prefix)));
  // Only one tab sends and applies; the others see what it keeps, and take its place when it is closed.
  const running = storage
    .alone('sync', ending.signal, async () => {
      await Promise.all([receiveChanges(context), sendQueue(context), checkApplied(context)]);
    })
    .catch((cause: unknown) => {
      // Every failure of the server is dealt with; what remains is a storage that no longer keeps anything.
      ending.abort();
      events.tell('failure', new OperationFailed('Synchronising has stopped.', { code: 'STOPPED', cause }));
    });

  return {
    ...createEditing(context),
    list: state.list,
    get: state.record,
    refused: state.refused,
    get pending() {
      return state.pendingCount;
    },
    get loaded() {
      return state.cursor !== undefined;
    },
    retry() {
      nudge.ring();
      bell.ring();
    },
    async close() {
      ending.abort();
      unwatch();
      await running;
    },
  };
}

function createEditing(context: SyncContext): Pick<Sync, 'put' | 'delete' | 'dismiss'> {
  const { state, commit } = context;
  const edit = (op: 'PUT' | 'DELETE', entity: string, entityId: string, patch?: Fields) =>
    commit([keys.client], ([kept]) => {
      const client = (kept as unknown as ClientIdentity | undefined) ?? newIdentity(uniqueId());
      const baseVersion = state.records.get(entity)?.get(entityId)?.version;
      return enqueue(client, {
        entity,
        entityId,
        op,
        ...(patch && { patch }),
        ...(baseVersion !== undefined && { baseVersion }),
      });
    });
  return {
    async put(entity, id, patch) {
      const entityId = id ?? uniqueId();
      await edit('PUT', entity, entityId, patch);
      return entityId;
    },
    delete: (entity, id) => edit('DELETE', entity, id),
    async dismiss({ place, clientId, id }) {
      await commit([], () => ({ [keys.refused(place)]: undefined }));
      await acknowledgeUpTo(clientId, id, context);
    },
  };
}

/** Tells the server, unless an older refusal of the client is still to be seen. It forgets without being told as well. */
async function acknowledgeUpTo(clientId: string, id: number, context: SyncContext): Promise<void> {
  const { state, server, events, signal } = context;
  if (state.refused().some((other) => other.clientId === clientId && other.id < id)) return;
  await server.acknowledge(clientId, id, signal).catch((error: unknown) => {
    if (error instanceof OperationFailed && !signal.aborted) events.tell('failure', error);
  });
}
