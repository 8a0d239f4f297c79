import { failureOfClosed } from './connection.ts';
import type { Events } from './events.ts';
import { OperationFailed } from './failure.ts';
import type { Changes, Json, Storage } from './storage.ts';
import type { SyncEvents } from './sync-context.ts';
import { createSyncState, keys, type SyncState } from './sync-state.ts';
import { uniqueId } from './unique-id.ts';

/** What synchronising remembers: in the storage, which counts, and in memory, which follows it. */
export interface Kept {
  readonly state: SyncState;
  /**
   * Changes what is kept, with nobody else in between, and then what is in memory.
   *
   * @throws {OperationFailed} `STORAGE_FAILED`, and nothing has changed; `CLOSED`
   */
  commit(names: readonly string[], change: (values: readonly (Json | undefined)[]) => Changes): Promise<void>;
  /** This one sends and applies from now on: it begins with what the one before has kept, whether that was told or not. */
  lead(): Promise<void>;
  /** Another may, from now on. */
  follow(): void;
  close(): void;
}

interface KeptOptions {
  readonly storage: Storage;
  readonly events: Events<SyncEvents>;
  readonly onMorePending: () => void;
}

/** Reads what the storage holds, and heeds what others change in it from then on. */
export async function openKept({ storage, events, onMorePending }: KeptOptions): Promise<Kept> {
  const state = createSyncState();
  let role: 'follower' | 'leader' | 'closed' = 'follower';
  /** While the storage is read nothing is changed here, so what is read is never older than what is in memory. */
  let reading: Promise<void> = Promise.resolve();

  /** Changes what is in memory and tells of it. */
  function take(changeState: () => void): void {
    const before = state.pendingCount;
    changeState();
    const after = state.pendingCount;
    if (after !== before) events.tell('pending', after);
    if (after > before) onMorePending();
    events.tell('records', undefined);
  }

  function read(): Promise<void> {
    const done = reading.then(async () => {
      const kept = await storage.list(keys.prefix).catch(fail);
      take(() => state.replace(kept));
    });
    reading = done.catch(() => undefined);
    return done;
  }

  async function heed(changes: Changes): Promise<void> {
    // Another leads: the one before is gone, maybe between a change and the telling of it. Whoever cannot read now hears
    // of the next change.
    if (keys.leader in changes && role === 'follower') return await read().catch(() => undefined);
    await reading;
    take(() => state.take(role === 'leader' ? withoutRecords(changes) : changes));
  }

  async function commit(...[names, change]: Parameters<Kept['commit']>): Promise<void> {
    await reading;
    if (role === 'closed') throw failureOfClosed();
    let changes: Changes = {};
    let gone: Changes = {};
    try {
      await storage.update(names, (values) => {
        changes = change(values);
        gone = Object.fromEntries(
          names.flatMap((name, place) => (values[place] === undefined ? [[name, undefined]] : [])),
        );
        return changes;
      });
    } catch (cause) {
      fail(cause);
    }
    // What is gone from the storage goes from memory as well, if nobody told of it.
    const taken = { ...gone, ...changes };
    if (Object.keys(taken).length > 0) take(() => state.take(taken));
  }

  const unwatch = storage.watch((changes) => void heed(changes));
  try {
    state.replace(await storage.list(keys.prefix));
  } catch (cause) {
    unwatch();
    fail(cause);
  }

  return {
    state,
    commit,
    async lead() {
      role = 'leader';
      await read();
      await commit([], () => ({ [keys.leader]: uniqueId() }));
    },
    follow() {
      if (role === 'leader') role = 'follower';
    },
    close() {
      role = 'closed';
      unwatch();
    },
  };
}

function fail(cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new OperationFailed(`The storage failed: ${reason}`, { code: 'STORAGE_FAILED', cause });
}

/** Only the leader writes records and how far they go: what still comes of them is of the one before, and was read. */
function withoutRecords(changes: Changes): Changes {
  return Object.fromEntries(Object.entries(changes).filter(([key]) => !keys.isOfRecords(key)));
}
