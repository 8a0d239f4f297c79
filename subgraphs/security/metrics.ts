import type DataLoader from 'dataloader';
import type { IncidentMetrics, Resolvers } from '../../generated/graphql/security.ts';
import { severities } from '../../kernel/compliance/severity.ts';
import { countOf, createDayLoader, type DayFigure } from '../../kernel/data/day-figures.ts';
import { readTimeRange, type TimeRange } from '../../kernel/data/time-range.ts';
import type { SecurityContext } from './loaders.ts';
import { countReportedByDay, countReportedIn } from './store/metrics.ts';
import { countOpenIncidents } from './store/risk.ts';

async function readIncidentMetrics(context: SecurityContext, range: TimeRange): Promise<IncidentMetrics> {
  const [reported, counts] = await context.database.read(context, (tx) =>
    Promise.all([countReportedIn(tx, range), countOpenIncidents(tx)]),
  );
  const openBySeverity = severities.toReversed().map((severity) => {
    const ofSeverity = counts.filter((one) => one.severity === severity);
    return { severity, count: ofSeverity.reduce((sum, { count }) => sum + count, 0) };
  });
  return { reported, open: counts.reduce((sum, { count }) => sum + count, 0), openBySeverity };
}

/** Loads what this app counts of days, by the ids of these. */
export const createReportedLoader = (
  context: Omit<SecurityContext, 'loaders'>,
): DataLoader<string, readonly DayFigure[]> =>
  createDayLoader((range) => context.database.read(context, (tx) => countReportedByDay(tx, range)));

/** What this app adds to the metrics of the tenant. */
export const metricsResolvers = {
  Metrics: {
    __resolveReference: ({ id }) => readTimeRange(id) ?? null,
    incidents: (range, _, context: SecurityContext) => readIncidentMetrics(context, range),
  },
  MetricsDay: {
    __resolveReference: ({ id }) => ({ id }),
    incidentsReported: async ({ id }, _, { loaders }: SecurityContext) =>
      countOf(await loaders.reportedOfDay.load(id), 'incidentsReported'),
  },
} satisfies Resolvers;
