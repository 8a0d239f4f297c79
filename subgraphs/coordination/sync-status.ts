import { z } from 'zod';
import type { AckRejectionsInput, SyncRejection, SyncStatus } from '../../generated/graphql/coordination.ts';
import { notFound, runCommand } from '../../kernel/subgraph/command.ts';
import { type CommandResult, done, entityId, parseInput, unchanged } from '../../kernel/subgraph/input.ts';
import { requestHolder } from '../../kernel/sync/request-holder.ts';
import type { CoordinationContext } from './loaders.ts';
import {
  type CoordinationTransaction,
  findRejections,
  findSyncClient,
  insertAcknowledgement,
  type SyncRejectionRow,
} from './store.ts';

const mostRejections = 100;
const mostCounted = 1_000;

function toRejection({ mutation, serverRecord, ...result }: SyncRejectionRow): SyncRejection {
  const { id, entity, entityId, op, baseVersion, patch } = mutation;
  return { id, entity, entityId, op, baseVersion: baseVersion ?? null, patch: patch ?? null, serverRecord, ...result };
}

async function readStatus(
  tx: CoordinationTransaction,
  { principal }: Pick<CoordinationContext, 'principal'>,
  clientId: string,
): Promise<SyncStatus | null> {
  const client = await findSyncClient(tx, clientId);
  if (client?.holder !== requestHolder(principal)) return null;
  const rejections = await findRejections(tx, clientId, mostRejections);
  const { lastMutationId, lastPushAt } = client;
  const settled = { lastMutationId: lastMutationId ?? 0, lastPushAt };
  return { clientId, ...settled, lag: null, rejections: rejections.map(toRejection) };
}

/** How many changes lie after a position. */
async function countAfter({ feed, principal }: CoordinationContext, after: string): Promise<number> {
  const event = await feed.pull({ principal, after, limit: mostCounted });
  return event.kind === 'batch' ? event.changes.length : mostCounted;
}

/** How far a client of the principal is; null for any other. */
export async function findSyncStatus(
  context: CoordinationContext,
  clientId: string,
  after: string | null | undefined,
): Promise<SyncStatus | null> {
  const status = await context.database.read(context, (tx) => readStatus(tx, context, clientId));
  return status && after != null ? { ...status, lag: await countAfter(context, after) } : status;
}

const ackRejectionsInput = z.object({ clientId: entityId(), upTo: z.int().min(1, 'Ids of mutations begin at 1.') });

/** Notes that a client knows what was not done. Saying it again changes nothing. */
export async function ackRejections(
  context: CoordinationContext,
  input: AckRejectionsInput,
): Promise<CommandResult<SyncStatus>> {
  const parsed = parseInput(ackRejectionsInput, input);
  if (!parsed.ok) return parsed;
  const { clientId, upTo } = parsed.value;
  return runCommand(context, {}, async (tx, publish) => {
    const before = await readStatus(tx, context, clientId);
    if (!before || upTo > before.lastMutationId) {
      return before ? notFound('upTo', 'settled mutation') : notFound('clientId', 'client of yours');
    }
    const isNew = await insertAcknowledgement(tx, clientId, upTo);
    const status = (await readStatus(tx, context, clientId)) ?? before;
    if (!isNew) return unchanged(status);
    publish({ type: 'REJECTIONS_ACKNOWLEDGED', entityId: clientId, version: upTo, data: { upTo } });
    return done(status);
  });
}
