import { z } from 'zod';
import { defineWorkflow, type StepResults } from './definition.ts';

/** What an app came to: how much it processed, how much of that failed, and how long it took in milliseconds. */
interface Processed {
  readonly processedCount: number;
  readonly failedCount: number;
  readonly processingTime: number;
}

const batchSize = 50;
const input = z.object({});

const processDocuments = `mutation ($input: ProcessDocumentsInput!) {
  processDocuments(input: $input) { processedCount failedCount processingTime userErrors { field message code } }
}`;
const processAnalytics = `mutation ($input: ProcessAnalyticsInput!) {
  processAnalytics(input: $input) { processedCount processingTime userErrors { field message code } }
}`;

const nothing: Processed = { processedCount: 0, failedCount: 0, processingTime: 0 };

function ofApp(results: StepResults, step: string): Processed {
  return { ...nothing, ...results[step] };
}

/** Side by side, so the whole takes as long as the longer of the two. */
function merge(results: StepResults) {
  const analytics = ofApp(results, 'processAnalytics');
  const documents = ofApp(results, 'processDocuments');
  return {
    apps: { analytics, documents },
    totalProcessed: analytics.processedCount + documents.processedCount,
    processingTime: Math.max(analytics.processingTime, documents.processingTime),
  };
}

/** Has analytics and documents process what waits to be processed, side by side, and adds up what they did. */
export const runDataPipeline = defineWorkflow({
  name: 'runDataPipeline',
  permissions: ['execute:workflows', 'write:documents', 'write:metrics'],
  input,
  steps: [
    {
      parallel: [
        {
          name: 'processAnalytics',
          timeoutMs: 120_000,
          async run({ ask }) {
            const answer = await ask<{ processAnalytics: Omit<Processed, 'failedCount'> }>(
              'analytics',
              processAnalytics,
              { input: {} },
            );
            const { processedCount, processingTime } = answer.processAnalytics;
            return { processedCount, processingTime };
          },
        },
        {
          name: 'processDocuments',
          timeoutMs: 600_000,
          async run({ ask }) {
            const total = { ...nothing };
            for (;;) {
              const answer = await ask<{ processDocuments: Processed }>('documents', processDocuments, {
                input: { limit: batchSize },
              });
              const { processedCount, failedCount, processingTime } = answer.processDocuments;
              total.processedCount += processedCount;
              total.failedCount += failedCount;
              total.processingTime += processingTime;
              if (processedCount + failedCount < batchSize) return total;
            }
          },
        },
      ],
    },
  ],
  result: merge,
});
