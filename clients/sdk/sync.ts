import { type BackoffBounds, pause } from './backoff.ts';
import type { Events } from './events.ts';
import { OperationFailed } from './failure.ts';
import type { Gate } from './gate.ts';
import type { Fields, LocalRecord, RefusedMutation } from './records.ts';
import type { Storage } from './storage.ts';
import { checkApplied } from './sync-check.ts';
import { createBell, rest, type SyncContext, type SyncEvents } from './sync-context.ts';
import { type Kept, openKept } from './sync-kept.ts';
import { enqueue, newIdentity } from './sync-queue.ts';
import { receiveChanges } from './sync-receive.ts';
import { sendQueue } from './sync-send.ts';
import type { SyncServer } from './sync-server.ts';
import { type ClientIdentity, keys } from './sync-state.ts';
import { uniqueId } from './unique-id.ts';

export interface SyncOptions {
  /** Types of the graph that are kept here: `['Lead', 'Contact']`. */
  readonly entities: readonly string[];
  readonly storage: Storage;
  readonly server: SyncServer;
  readonly events: Events<SyncEvents>;
  readonly backoff: BackoffBounds;
  /** Whether trying again makes sense without anything having changed here. */
  readonly mayPass: (failure: OperationFailed) => boolean;
  /** While it is closed nothing is sent or followed here, and another tab may. */
  readonly gate: Gate;
}

/** Records that are here, whether there is a network or not. `Types` says what the data of each type hold, where it is known. */
export interface Sync<Types extends object = Readonly<Record<string, Fields>>> {
  /** The records of a type, as the user sees them; the same list until something changes. */
  list<Entity extends keyof Types & string>(entity: Entity): readonly LocalRecord<Types[Entity]>[];
  /** One record, the same until it changes; undefined when there is none. */
  get<Entity extends keyof Types & string>(entity: Entity, id: string): LocalRecord<Types[Entity]> | undefined;
  /** Changes fields of a record; without an id it makes one. Resolves with the id when the edit is kept here. */
  put(entity: keyof Types & string, id: string | undefined, patch: Fields): Promise<string>;
  /** Deletes a record. Resolves when the edit is kept here. */
  delete(entity: keyof Types & string, id: string): Promise<void>;
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
export async function openSync({ storage, events, gate, ...options }: SyncOptions): Promise<Sync> {
  const ending = new AbortController();
  const bell = createBell();
  const nudge = createBell();
  const kept = await openKept({ storage, events, onMorePending: bell.ring });
  const { state, commit } = kept;
  const context: SyncContext = { ...options, state, events, bell, nudge, signal: ending.signal, commit };

  const running = takeTurns(storage, kept, gate, context).catch((cause: unknown) => {
    // Failures of the server, and to keep something, are dealt with; what remains is a storage that cannot be used.
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
      kept.close();
      await running;
    },
  };
}

/**
 * Only one tab sends and applies; the others see what it keeps, and take its place when it is closed, or switched off line.
 */
async function takeTurns(storage: Storage, kept: Kept, gate: Gate, context: SyncContext): Promise<void> {
  const { signal } = context;
  // Whoever opened this has it in hand before it tells anything.
  await pause(0, signal);
  while (!signal.aborted) {
    await gate.opened(signal);
    const turn = { ...context, signal: AbortSignal.any([signal, gate.closing]) };
    await storage.alone('sync', turn.signal, async () => {
      await lead(kept, turn);
      await Promise.all([receiveChanges(turn), sendQueue(turn), checkApplied(turn)]);
      kept.follow();
    });
  }
}

/** Becomes the one that sends and applies, as soon as the storage keeps that. */
async function lead(kept: Kept, context: SyncContext): Promise<void> {
  for (let failures = 1; !context.signal.aborted; failures += 1) {
    const rung = context.bell.next();
    try {
      return await kept.lead();
    } catch (failure) {
      if (context.signal.aborted) return;
      if (!(failure instanceof OperationFailed)) throw failure;
      await rest({ failure, failures, rung }, context);
    }
  }
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
    if (error instanceof OperationFailed && error.code !== 'OFFLINE' && !signal.aborted) events.tell('failure', error);
  });
}
