import { z } from 'zod';
import type { ProcessAnalyticsInput } from '../../generated/graphql/analytics.ts';
import { runCommand } from '../../kernel/subgraph/command.ts';
import { type CommandResult, done, parseInput } from '../../kernel/subgraph/input.ts';
import { startOfDay } from './day.ts';
import type { AnalyticsContext } from './loaders.ts';
import { countEngagement } from './queries.ts';
import { setMetrics } from './store/figures.ts';

const processAnalyticsInput = z.object({ day: z.date().nullish() });

/** What was processed, and how long that took in milliseconds. */
export interface ProcessedAnalytics {
  readonly processedCount: number;
  readonly processingTime: number;
}

/** Works out the figures of a day from what is known of each customer. */
export async function processAnalytics(
  context: AnalyticsContext,
  input: ProcessAnalyticsInput,
): Promise<CommandResult<ProcessedAnalytics>> {
  const parsed = parseInput(processAnalyticsInput, input);
  if (!parsed.ok) return parsed;
  const day = startOfDay(parsed.value.day ?? new Date());
  return runCommand(context, {}, async (tx, publish) => {
    const startedAt = performance.now();
    const { high, medium, low } = await countEngagement(tx);
    const customers = high + medium + low;
    await setMetrics(tx, day, {
      'engagement.high': high,
      'engagement.medium': medium,
      'engagement.low': low,
    });
    const date = day.toISOString().slice(0, 10);
    const data = { day: date, customers, high, medium, low };
    publish({ type: 'ANALYTICS_PROCESSED', entityId: date, version: 1, data });
    const processingTime = Math.round((performance.now() - startedAt) * 1_000) / 1_000;
    return done({ processedCount: customers, processingTime });
  });
}
