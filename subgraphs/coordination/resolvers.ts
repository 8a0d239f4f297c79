import type { Resolvers } from '../../generated/graphql/coordination.ts';
import { toPayload } from '../../kernel/subgraph/input.ts';
import { bootstrap, pull } from './bootstrap.ts';
import { deadLetterResolvers } from './events/dead-letters.ts';
import { feedResolvers } from './feeds.ts';
import { deriveInsights } from './insights.ts';
import { announceMaintenance } from './maintenance.ts';
import { notificationResolvers } from './notifications/resolvers.ts';
import { privacyResolvers } from './privacy/resolvers.ts';
import { push } from './push.ts';
import { listEvents, listEventTypes } from './queries.ts';
import { queueResolvers } from './queues/resolvers.ts';
import { reportResolvers } from './reports/resolvers.ts';
import { searchResolvers } from './search/resolvers.ts';
import { syncFeedResolvers } from './sync-feed.ts';
import { ackRejections, findSyncStatus } from './sync-status.ts';
import { voiceResolversWith } from './voice/resolvers.ts';
import { ruleInterpreter } from './voice/rule-interpreter.ts';
import { flowResolvers } from './workflows/flow-resolvers.ts';
import { workflowResolvers } from './workflows/resolvers.ts';

const voiceResolvers = voiceResolversWith(ruleInterpreter);

export const resolvers: Resolvers = {
  ...feedResolvers,
  ...syncFeedResolvers,
  ...voiceResolvers,
  ...deadLetterResolvers,
  ...reportResolvers,
  ...workflowResolvers,
  ...queueResolvers,
  ...notificationResolvers,
  ...searchResolvers,
  ...privacyResolvers,
  Subscription: {
    ...feedResolvers.Subscription,
    ...syncFeedResolvers.Subscription,
    ...voiceResolvers.Subscription,
    ...workflowResolvers.Subscription,
    ...notificationResolvers.Subscription,
  },
  Query: {
    ...voiceResolvers.Query,
    ...deadLetterResolvers.Query,
    ...reportResolvers.Query,
    ...workflowResolvers.Query,
    ...queueResolvers.Query,
    ...notificationResolvers.Query,
    ...searchResolvers.Query,
    ...privacyResolvers.Query,
    pull: (_, args, context) => pull(context, args),
    bootstrap: (_, args, context) => bootstrap(context, args),
    syncStatus: (_, { clientId, after }, context) => findSyncStatus(context, clientId, after),
    events: (_, args, context) => listEvents(context, args),
    eventTypes: () => listEventTypes(),
  },
  Mutation: {
    ...voiceResolvers.Mutation,
    ...deadLetterResolvers.Mutation,
    ...workflowResolvers.Mutation,
    ...queueResolvers.Mutation,
    ...notificationResolvers.Mutation,
    ...reportResolvers.Mutation,
    ...flowResolvers.Mutation,
    ...privacyResolvers.Mutation,
    announceMaintenance: async (_, { input }, context) =>
      toPayload('maintenance', await announceMaintenance(context, input)),
    push: (_, { input }, context) => push(context, input),
    ackRejections: async (_, { input }, context) => toPayload('status', await ackRejections(context, input)),
  },
  Customer: {
    insights: ({ profile, behavior, documents }) => deriveInsights({ profile, behavior, documents }),
  },
};
