import type { Resolvers, SubscriptionSyncStatusChangedArgs } from '../../generated/graphql/coordination.ts';
import type { Change } from '../../kernel/changes/change.ts';
import type { FeedEvent } from '../../kernel/changes/feed.ts';
import { followChanges, keepChanges, typeOfEvent } from '../../kernel/changes/feed-fields.ts';
import type { CoordinationContext } from './loaders.ts';
import { findSyncStatus } from './sync-status.ts';

/** The changes that a client has pushed, or acknowledged. */
function follow(
  context: CoordinationContext,
  { clientId, after }: SubscriptionSyncStatusChangedArgs,
): AsyncIterableIterator<FeedEvent, undefined> {
  const isOfClient = (change: Change) =>
    change.clientId === clientId || (change.type === 'REJECTIONS_ACKNOWLEDGED' && change.entityId === clientId);
  return keepChanges(followChanges(context, { after }, {}), isOfClient);
}

/** The subscription field that tells how far a client is. */
export const syncFeedResolvers = {
  Subscription: {
    syncStatusChanged: {
      subscribe: (_, args, context) => follow(context, args),
      resolve: (event: FeedEvent, { clientId }: SubscriptionSyncStatusChangedArgs) => ({ ...event, clientId }),
    },
  },
  SyncStatusEvent: { __resolveType: typeOfEvent('SyncStatusChange') },
  SyncStatusChange: { status: ({ clientId }, _, context) => findSyncStatus(context, clientId, undefined) },
} satisfies Resolvers;
