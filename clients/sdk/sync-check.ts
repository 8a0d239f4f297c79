import { pause } from './backoff.ts';
import { OperationFailed } from './failure.ts';
import type { PendingMutation } from './records.ts';
import { orAborted, rest, type SyncContext } from './sync-context.ts';
import { applyChanges } from './sync-receive.ts';
import type { FeedChange } from './sync-server.ts';

/** How many first pauses the feed gets to tell of an applied mutation by itself, as it nearly always does. */
const patience = 4;

/**
 * Asks for what the feed has not told. It never tells of a mutation that was applied before the records were loaded, when
 * the answer to its push was lost, nor of one whose change the user may write but not read. What is asked for after the
 * answer holds everything the mutation did, so the mutation can go.
 */
export async function checkApplied(context: SyncContext): Promise<void> {
  const { state, signal, bell, backoff } = context;
  let failures = 0;
  while (!signal.aborted) {
    const rung = bell.next();
    const applied = state.pending().filter((mutation) => mutation.applied);
    if (applied.length === 0 || state.cursor === undefined) {
      await orAborted(rung, signal);
      continue;
    }
    await pause(patience * backoff.firstMs, signal);
    const untold = new Set(applied.map(({ place }) => place));
    const left = state.pending().filter(({ place }) => untold.has(place));
    if (left.length === 0 || signal.aborted) continue;
    try {
      await ask(left, state.cursor, context);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof OperationFailed)) throw error;
      failures += 1;
      await rest({ failure: error, failures, rung }, context);
    }
  }
}

async function ask(left: readonly PendingMutation[], after: string, context: SyncContext): Promise<void> {
  const { server, signal } = context;
  const changes: FeedChange[] = [];
  for (let from = after; ; ) {
    const batch = await server.pull(from, signal);
    // The past is gone: whoever follows the feed finds out too, loads the records, and this begins anew.
    if (batch.kind === 'resync') return;
    changes.push(...batch.changes);
    if (batch.upToDate) break;
    from = batch.to;
  }
  const told = left.map(({ clientId, id }) => ({ clientId, mutationId: id }));
  // The cursor stays: the feed tells these changes again, and their versions say that they are here already.
  await applyChanges(changes, told, context);
}
