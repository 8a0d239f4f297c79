import type { Resolvers } from '../../generated/graphql/coordination.ts';
import { toPayload } from '../../kernel/subgraph/input.ts';
import { bootstrap, pull } from './bootstrap.ts';
import { feedResolvers } from './feeds.ts';
import { deriveInsights } from './insights.ts';
import { push } from './push.ts';
import { listEvents, listEventTypes } from './queries.ts';
import { syncFeedResolvers } from './sync-feed.ts';
import { ackRejections, findSyncStatus } from './sync-status.ts';

export const resolvers: Resolvers = {
  ...feedResolvers,
  ...syncFeedResolvers,
  Subscription: { ...feedResolvers.Subscription, ...syncFeedResolvers.Subscription },
  Query: {
    pull: (_, args, context) => pull(context, args),
    bootstrap: (_, args, context) => bootstrap(context, args),
    syncStatus: (_, { clientId, after }, context) => findSyncStatus(context, clientId, after),
    events: (_, args, context) => listEvents(context, args),
    eventTypes: () => listEventTypes(),
  },
  Mutation: {
    push: (_, { input }, context) => push(context, input),
    ackRejections: async (_, { input }, context) => toPayload('status', await ackRejections(context, input)),
  },
  Customer: {
    insights: ({ profile, behavior, documents }) => deriveInsights({ profile, behavior, documents }),
  },
};
