import { hasLostPlace, OperationFailed } from './failure.ts';
import { afterChange, type PendingMutation, type ServerRecord } from './records.ts';
import type { Changes, Json } from './storage.ts';
import { rest, type SyncContext } from './sync-context.ts';
import { cover, covered, type MutationName } from './sync-queue.ts';
import type { BootstrapPage, FeedChange } from './sync-server.ts';
import { keys } from './sync-state.ts';

/** Loads the records once, then follows the feed, until the signal ends it. Runs in one place at a time. */
export async function receiveChanges(context: SyncContext): Promise<void> {
  const { entities, state, signal, bell } = context;
  let failures = 0;
  let lost: string | undefined;
  while (!signal.aborted) {
    const rung = bell.next();
    try {
      if (lost !== undefined) await losePlace(lost, context);
      lost = undefined;
      // Types that were not asked for before have never been loaded.
      const isLoaded = entities.every((entity) => state.entities.includes(entity));
      if (state.cursor === undefined || !isLoaded) await loadRecords(context);
      else
        await follow(state.cursor, context, () => {
          failures = 0;
        });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof OperationFailed)) throw error;
      failures += 1;
      if (hasLostPlace(error)) lost = error.code;
      await rest({ failure: error, failures, rung, ...(lost !== undefined && { mayPass: true }) }, context);
    }
  }
}

/**
 * Replaces the records by what the server has. The queue stays: the user's edits are laid upon whatever comes. What
 * changes while the pages are read is told by the feed again, and its version says that it is here already.
 */
async function loadRecords({ server, entities, state, signal, bell, commit }: SyncContext): Promise<void> {
  const loaded: Record<string, Json | undefined> = {};
  for (const entity of entities) {
    for (const id of state.records.get(entity)?.keys() ?? []) loaded[keys.record(entity, id)] = undefined;
  }
  let cursor: string | undefined;
  let page: string | null = null;
  do {
    const answer: BootstrapPage = await server.bootstrap(entities, page, signal);
    cursor ??= answer.cursor;
    for (const { entity, entityId, version, data } of answer.records) {
      loaded[keys.record(entity, entityId)] = { version, data };
    }
    page = answer.next;
  } while (page !== null);
  await commit([], () => ({ ...loaded, [keys.cursor]: cursor, [keys.entities]: entities }));
  bell.ring();
}

async function follow(after: string, context: SyncContext, onProgress: () => void): Promise<void> {
  const { server, entities, signal } = context;
  const events = server.follow(entities, after);
  const leave = () => void events.return?.();
  signal.addEventListener('abort', leave);
  try {
    for await (const event of events) {
      if (event.kind === 'resync') return await losePlace(event.reason, context);
      await applyChanges(event.changes, event.changes, context, event.to);
      onProgress();
    }
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

async function losePlace(reason: string, { commit, events }: SyncContext): Promise<void> {
  await commit([], () => ({ [keys.cursor]: undefined }));
  events.tell('resync', reason);
}

/** The records, what is known of the own mutations, and the cursor change together or not at all. */
export async function applyChanges(
  changes: readonly FeedChange[],
  told: readonly MutationName[],
  { entities, state, commit }: SyncContext,
  cursor?: string,
): Promise<void> {
  const queued = covered(state.pending(), told).map(({ place }) => keys.pending(place));
  const kept = changes.filter(({ entity }) => entities.includes(entity));
  await commit(queued, (values) => {
    const pending = values.filter((value) => value !== undefined) as unknown as PendingMutation[];
    return {
      ...recordsAfter(kept, state.records),
      ...cover(pending, told),
      ...(cursor !== undefined && { [keys.cursor]: cursor }),
    };
  });
}

function recordsAfter(
  changes: readonly FeedChange[],
  records: ReadonlyMap<string, ReadonlyMap<string, ServerRecord>>,
): Changes {
  const next = new Map<string, ServerRecord | undefined>();
  for (const change of changes) {
    const key = keys.record(change.entity, change.entityId);
    const held = next.has(key) ? next.get(key) : records.get(change.entity)?.get(change.entityId);
    const after = afterChange(held, change);
    if (after !== held) next.set(key, after);
  }
  return Object.fromEntries([...next].map(([key, record]) => [key, record && { ...record }]));
}
