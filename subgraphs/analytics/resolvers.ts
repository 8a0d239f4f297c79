import type { Resolvers } from '../../generated/graphql/analytics.ts';
import { toPayload } from '../../kernel/subgraph/input.ts';
import { setThreshold, trackEvent, updatePreferences } from './commands.ts';
import { findBreaches } from './compliance.ts';
import { recordConsent } from './consent-commands.ts';
import { engagementLevelOf } from './engagement.ts';
import { privacyFields } from './erasure.ts';
import { metricsResolvers } from './metrics.ts';
import { discardTracking, ensureTracking } from './onboarding.ts';
import { processAnalytics } from './processing.ts';
import {
  getBehavior,
  getDocumentMetrics,
  listThresholds,
  listTrackedEvents,
  readMetricSeries,
  summariseEngagement,
} from './queries.ts';
import { sync } from './sync.ts';

export const resolvers: Resolvers = {
  ...metricsResolvers,
  Query: {
    analyticsCustomerData: privacyFields.data,
    analyticsRecords: sync.records,
    complianceFindings: (_, { at }, context) => findBreaches(context, at),
    trackedEvents: (_, args, context) => listTrackedEvents(context, args),
    metricSeries: (_, args, context) => readMetricSeries(context, args),
    thresholds: (_, args, context) => listThresholds(context, args),
    engagementSummary: (_, _args, context) => summariseEngagement(context),
  },
  Mutation: {
    eraseAnalyticsCustomerData: privacyFields.erase,
    applyAnalyticsMutations: sync.apply,
    ensureTracking: async (_, { input }, context) => toPayload('customerId', await ensureTracking(context, input)),
    discardTracking: async (_, { input }, context) =>
      toPayload('discardedCustomerId', await discardTracking(context, input)),
    processAnalytics: async (_, { input }, context) => {
      const { processed, userErrors } = toPayload('processed', await processAnalytics(context, input));
      const { processedCount = null, processingTime = null } = processed ?? {};
      return { processedCount, processingTime, userErrors };
    },
    trackEvent: async (_, { input }, context) => toPayload('event', await trackEvent(context, input)),
    updatePreferences: async (_, { input }, context) => toPayload('customer', await updatePreferences(context, input)),
    recordConsent: async (_, { input }, context) => toPayload('consent', await recordConsent(context, input)),
    setThreshold: async (_, { input }, context) => toPayload('threshold', await setThreshold(context, input)),
  },
  Customer: {
    // Any id may be a customer's: which exist, the app of the accounts knows.
    __resolveReference: ({ id }) => ({ id }),
    behavior: ({ id }, _, context) => getBehavior(context, id),
    documentMetrics: ({ id }, _, context) => getDocumentMetrics(context, id),
  },
  CustomerBehavior: {
    consents: async ({ customerId }, _, { loaders }) => [...(await loaders.consents.load(customerId))],
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
