import type { Resolvers } from '../../../generated/graphql/coordination.ts';
import { dayIdOf, daysOf, makeTimeRange, readDayId, readTimeRange } from '../../../kernel/data/time-range.ts';

/** The range of time that metrics are of, and its days; the figures come from the other apps. */
export const metricsResolvers = {
  Query: {
    metrics: (_, range) => makeTimeRange(range),
  },
  Metrics: {
    __resolveReference: ({ id }) => readTimeRange(id) ?? null,
    perDay: (range) => daysOf(range).map((day) => ({ id: dayIdOf(range, day), day })),
  },
  MetricsDay: {
    __resolveReference: ({ id }) => {
      const named = readDayId(id);
      return named ? { id, day: named.day } : null;
    },
  },
} satisfies Resolvers;
