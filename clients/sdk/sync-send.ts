import { OperationFailed } from './failure.ts';
import type { PendingMutation } from './records.ts';
import { orAborted, rest, type SyncContext } from './sync-context.ts';
import { acknowledge, fork } from './sync-queue.ts';
import type { PushAnswer } from './sync-server.ts';
import { type ClientIdentity, keys } from './sync-state.ts';
import { uniqueId } from './unique-id.ts';

/** As many mutations as `push` takes at once. */
const mostAtOnce = 100;

/** Codes of a push that was not taken at all, for what one of its mutations says. */
const unreadable = new Set(['BAD_USER_INPUT', 'OPERATION_LIMIT_EXCEEDED']);

/** Sends the queue, oldest first, until the signal ends it. Runs in one place at a time. */
export async function sendQueue(context: SyncContext): Promise<void> {
  const { state, signal, bell } = context;
  let atOnce = mostAtOnce;
  let failures = 0;
  while (!signal.aborted) {
    const rung = bell.next();
    const batch = nextBatch(state.pending(), atOnce);
    if (batch.length === 0) {
      await orAborted(rung, signal);
      continue;
    }
    try {
      atOnce = await sendBatch(batch, context);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof OperationFailed)) throw error;
      failures += 1;
      await rest({ failure: error, failures, rung }, context);
    }
  }
}

/** Sends a part of the queue and keeps what became of it. Gives how many to send at once next. */
async function sendBatch(batch: readonly PendingMutation[], context: SyncContext): Promise<number> {
  const { server, signal } = context;
  const { clientId = '', id = 0 } = batch[0] ?? {};
  let answer: PushAnswer;
  try {
    answer = await server.push(clientId, batch, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof OperationFailed)) throw error;
    const isForked = error.code === 'CLIENT_FORKED';
    // Which one it is, and whether those before it were applied, shows when they come one by one.
    if (batch.length > 1 && (isForked || unreadable.has(error.code))) return 1;
    if (unreadable.has(error.code)) {
      // The server does not count what it cannot take, so the next one is out of order: it gets a new number then.
      await settle(batch, rejection(id, error), context);
      return 1;
    }
    // The first of a new client cannot be out of order: another name would not help.
    if (!isForked && (error.code !== 'OUT_OF_ORDER' || id === 1)) throw error;
    await takeNewIdentity(context);
    return mostAtOnce;
  }
  await settle(batch, answer, context);
  return mostAtOnce;
}

function rejection(id: number, { code, message }: OperationFailed): PushAnswer {
  const result = { id, status: 'REJECTED', original: null, code, field: null, message, serverRecord: null } as const;
  return { lastMutationId: id, results: [result] };
}

/** The oldest that were not answered; all of one client id. */
function nextBatch(pending: readonly PendingMutation[], atOnce: number): readonly PendingMutation[] {
  const waiting = pending.filter(({ applied }) => !applied);
  return waiting.filter(({ clientId }) => clientId === waiting[0]?.clientId).slice(0, atOnce);
}

async function settle(
  batch: readonly PendingMutation[],
  answer: PushAnswer,
  { commit, events, bell }: SyncContext,
): Promise<void> {
  let refused: ReturnType<typeof acknowledge>['refused'] = [];
  await commit(
    batch.map(({ place }) => keys.pending(place)),
    (values) => {
      // As they are now: the feed may have told of them while the answer was on its way.
      const queued = values.filter((value) => value !== undefined) as unknown as PendingMutation[];
      const outcome = acknowledge(queued, answer);
      refused = outcome.refused;
      return outcome.changes;
    },
  );
  bell.ring();
  for (const mutation of refused) events.tell(mutation.status === 'CONFLICT' ? 'conflict' : 'rejected', mutation);
}

/**
 * The server knows this client id from elsewhere: the storage was copied, or one of the two was restored from a backup.
 * What is left of the queue goes on under another id.
 */
async function takeNewIdentity({ commit, state }: SyncContext): Promise<void> {
  const places = state.pending().map(({ place }) => keys.pending(place));
  await commit([keys.client, ...places], ([client, ...pending]) => {
    const queued = pending.filter((value) => value !== undefined) as unknown as PendingMutation[];
    return fork(queued, client as unknown as ClientIdentity, uniqueId());
  });
}
