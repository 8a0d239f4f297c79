import type { Resolvers } from '../../generated/graphql/analytics.ts';
import { toPayload } from '../../kernel/subgraph/input.ts';
import { setThreshold, trackEvent, updatePreferences } from './commands.ts';
import { engagementLevelOf } from './engagement.ts';
import { getBehavior, listThresholds, listTrackedEvents, readMetricSeries, summariseEngagement } from './queries.ts';
import { sync } from './sync.ts';

export const resolvers: Resolvers = {
  Query: {
    analyticsRecords: sync.records,
    trackedEvents: (_, args, context) => listTrackedEvents(context, args),
    metricSeries: (_, args, context) => readMetricSeries(context, args),
    thresholds: (_, args, context) => listThresholds(context, args),
    engagementSummary: (_, _args, context) => summariseEngagement(context),
  },
  Mutation: {
    applyAnalyticsMutations: sync.apply,
    trackEvent: async (_, { input }, context) => toPayload('event', await trackEvent(context, input)),
    updatePreferences: async (_, { input }, context) => toPayload('customer', await updatePreferences(context, input)),
    setThreshold: async (_, { input }, context) => toPayload('threshold', await setThreshold(context, input)),
  },
  Customer: {
    // Any id may be a customer's: which exist, the app of the accounts knows.
    __resolveReference: ({ id }) => ({ id }),
    behavior: ({ id }, _, context) => getBehavior(context, id),
  },
  CustomerBehavior: {
    engagementLevel: (behavior) => engagementLevelOf(behavior),
    engagementMetrics: ({ eventCount, sessionCount }) => ({
      eventCount,
      eventsPerSession: sessionCount === 0 ? null : Math.round((eventCount / sessionCount) * 100) / 100,
    }),
  },
  TrackedEvent: {
    __resolveReference: ({ id }, { loaders }) => loaders.trackedEvent.load(id),
    customer: ({ customerId }) => ({ id: customerId }),
  },
  Threshold: {
    __resolveReference: ({ id }, { loaders }) => loaders.threshold.load(id),
  },
};
