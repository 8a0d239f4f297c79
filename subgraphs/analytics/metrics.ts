import type DataLoader from 'dataloader';
import type { Resolvers } from '../../generated/graphql/analytics.ts';
import { countOf, createDayLoader, type DayFigure } from '../../kernel/data/day-figures.ts';
import { readTimeRange } from '../../kernel/data/time-range.ts';
import type { AnalyticsContext } from './loaders.ts';
import { countEventsByDay, countEventsIn } from './store/metrics.ts';

/** Loads what this app counts of days, by the ids of these. */
export const createEventsLoader = (
  context: Omit<AnalyticsContext, 'loaders'>,
): DataLoader<string, readonly DayFigure[]> =>
  createDayLoader((range) => context.database.read(context, (tx) => countEventsByDay(tx, range)));

/** What this app adds to the metrics of the tenant. */
export const metricsResolvers = {
  Metrics: {
    __resolveReference: ({ id }) => readTimeRange(id) ?? null,
    events: (range, _, context: AnalyticsContext) => context.database.read(context, (tx) => countEventsIn(tx, range)),
  },
  MetricsDay: {
    __resolveReference: ({ id }) => ({ id }),
    eventsTracked: async ({ id }, _, { loaders }: AnalyticsContext) =>
      countOf(await loaders.eventsOfDay.load(id), 'eventsTracked'),
  },
} satisfies Resolvers;
