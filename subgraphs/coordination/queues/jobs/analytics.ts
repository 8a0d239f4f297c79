import { z } from 'zod';
import { entityId, jsonObject } from '../../../../kernel/subgraph/input.ts';
import { defineJobType } from '../queue.ts';

const trackEvent = `mutation ($input: TrackEventInput!) {
  trackEvent(input: $input) { userErrors { field message code } }
}`;
const processAnalytics = `mutation ($input: ProcessAnalyticsInput!) {
  processAnalytics(input: $input) { processedCount processingTime userErrors { field message code } }
}`;

const event = z.strictObject({
  id: entityId().optional(),
  customerId: entityId(),
  type: z.string(),
  app: z.string().optional(),
  properties: jsonObject().optional(),
  occurredAt: z.iso.datetime().optional(),
});

/** Events to be tracked, in their order. */
const trackEvents = defineJobType({
  name: 'TRACK_EVENTS',
  needs: ['write:analytics'],
  permissions: ['write:analytics'],
  timeoutMs: 60_000,
  data: z.strictObject({ events: z.array(event).min(1).max(100) }),
  async run({ ask, data: { events } }) {
    for (const input of events) await ask('analytics', trackEvent, { input });
    return { tracked: events.length };
  },
});

/** The figures of today are worked out anew. */
const recompute = defineJobType({
  name: 'RECOMPUTE',
  needs: ['write:metrics'],
  permissions: ['execute:workflows'],
  timeoutMs: 120_000,
  data: z.strictObject({}),
  async run({ ask }) {
    const answer = await ask<{ processAnalytics: { processedCount: number; processingTime: number } }>(
      'analytics',
      processAnalytics,
      { input: {} },
    );
    const { processedCount, processingTime } = answer.processAnalytics;
    return { processedCount, processingTime };
  },
});

export const analyticsJobs = [trackEvents, recompute];
