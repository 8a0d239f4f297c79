import type {
  CustomerDocumentMetrics,
  EngagementSummary,
  MetricSeries,
  QueryMetricSeriesArgs,
  QueryThresholdsArgs,
  QueryTrackedEventsArgs,
} from '../../generated/graphql/analytics.ts';
import { type Connection, planPage } from '../../kernel/data/page.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { dayMillis, startOfDay } from './day.ts';
import { engagementFloors } from './engagement.ts';
import type { AnalyticsContext } from './loaders.ts';
import {
  type AnalyticsTransaction,
  type CustomerBehaviorModel,
  countBehavior,
  countBehaviorAbove,
  countThresholds,
  countTrackedEvents,
  findDailyMetrics,
  findMetricNames,
  findThresholds,
  findTrackedEvents,
  type ThresholdModel,
  type TrackedEventModel,
} from './store.ts';

const limits = { filterTypes: 50, metricNames: 50, metricDays: 366 } as const;
const metricDaysDefault = 90;

function assertWithin(limit: keyof typeof limits, asked: number, field: string): void {
  const value = limits[limit];
  if (asked <= value) return;
  throw new PanoramaError('OPERATION_LIMIT_EXCEEDED', `Ask for at most ${value} in \`${field}\`.`, {
    limit,
    value,
    field,
  });
}

/** The tracked events of the tenant, newest first unless ordered otherwise. */
export async function listTrackedEvents(
  context: AnalyticsContext,
  args: QueryTrackedEventsArgs,
): Promise<Connection<TrackedEventModel>> {
  const direction = args.orderBy?.direction ?? 'DESC';
  const page = planPage(context.cursors, args, {
    list: 'analytics.trackedEvents',
    column: 'occurredAt',
    type: 'instant',
    direction,
  });
  const { customerId, types, app, occurredFrom, occurredTo } = args.filter ?? {};
  assertWithin('filterTypes', types?.length ?? 0, 'filter.types');
  const selection = {
    customerId: customerId ?? undefined,
    types: types ?? undefined,
    app: app ?? undefined,
    occurredFrom: occurredFrom ?? undefined,
    occurredTo: occurredTo ?? undefined,
  };
  const rows = await context.database.read(context, (tx) => findTrackedEvents(tx, selection, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countTrackedEvents(tx, selection)));
}

/** The thresholds of the tenant, by metric. */
export async function listThresholds(
  context: AnalyticsContext,
  args: QueryThresholdsArgs,
): Promise<Connection<ThresholdModel>> {
  const page = planPage(context.cursors, args, {
    list: 'analytics.thresholds',
    column: 'metric',
    type: 'string',
    direction: 'ASC',
  });
  const selection = { metric: args.filter?.metric ?? undefined };
  const rows = await context.database.read(context, (tx) => findThresholds(tx, selection, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countThresholds(tx, selection)));
}

/** The daily values of metrics. Throws `OPERATION_LIMIT_EXCEEDED` for too many names or days. */
export async function readMetricSeries(
  context: AnalyticsContext,
  { filter }: QueryMetricSeriesArgs,
): Promise<MetricSeries[]> {
  const to = startOfDay(filter?.to ?? new Date());
  const from = startOfDay(filter?.from ?? new Date(to.getTime() - (metricDaysDefault - 1) * dayMillis));
  assertWithin('metricDays', (to.getTime() - from.getTime()) / dayMillis + 1, 'filter.from');
  assertWithin('metricNames', filter?.names?.length ?? 0, 'filter.names');
  const values = await context.database.read(context, async (tx) => {
    const names = filter?.names ?? (await findMetricNames(tx, from, to, limits.metricNames));
    return findDailyMetrics(tx, names, from, to);
  });
  return [...Map.groupBy(values, ({ name }) => name)].map(([name, points]) => ({ name, points }));
}

/** How many customers there are on each level of engagement. */
export function summariseEngagement(context: AnalyticsContext): Promise<EngagementSummary> {
  return context.database.read(context, countEngagement);
}

/** Counts the customers of a tenant by how engaged they are. */
export async function countEngagement(tx: AnalyticsTransaction): Promise<EngagementSummary> {
  const [highFloor, mediumFloor] = engagementFloors;
  const all = await countBehavior(tx);
  const high = await countBehaviorAbove(tx, highFloor.score, highFloor.sessions);
  const highOrMedium = await countBehaviorAbove(tx, mediumFloor.score, mediumFloor.sessions);
  return { high, medium: highOrMedium - high, low: all - highOrMedium };
}

/** What is known of a customer's behavior; zeros when no event is known. */
export async function getBehavior(context: AnalyticsContext, customerId: string): Promise<CustomerBehaviorModel> {
  const behavior = await context.loaders.behavior.load(customerId);
  return (
    behavior ?? {
      customerId,
      behaviorScore: 0,
      sessionCount: 0,
      eventCount: 0,
      lastActivity: null,
      preferences: null,
      version: 1,
    }
  );
}

/** What was processed of a customer's documents; zeros before the first. */
export async function getDocumentMetrics(
  { loaders }: AnalyticsContext,
  customerId: string,
): Promise<CustomerDocumentMetrics> {
  const metrics = await loaders.documentMetrics.load(customerId);
  return {
    processedCount: metrics?.processedCount ?? 0,
    wordCount: Number(metrics?.wordCount ?? 0),
    lastProcessedAt: metrics?.lastProcessedAt ?? null,
  };
}
