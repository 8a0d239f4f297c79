import type DataLoader from 'dataloader';
import type {
  ActivityMetrics,
  CurrencyTotal,
  DealMetrics,
  LeadMetrics,
  Resolvers,
} from '../../generated/graphql/crm.ts';
import { countOf, createDayLoader } from '../../kernel/data/day-figures.ts';
import { readTimeRange, type TimeRange } from '../../kernel/data/time-range.ts';
import type { CrmContext } from './loaders.ts';
import {
  countActivitiesByType,
  countLeadsByStatus,
  countNewDeals,
  countSalesByDay,
  type DealTotal,
  type SalesFigure,
  sumDeals,
} from './store/metrics.ts';

const statuses = ['NEW', 'CONTACTED', 'QUALIFIED', 'CONVERTED', 'LOST'] as const;
const typesMax = 50;

const sumOf = (counts: readonly { readonly count: number }[]) => counts.reduce((sum, { count }) => sum + count, 0);
/** A part of a whole, to four decimals; null of nothing. */
const shareOf = (part: number, whole: number) => (whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000);
const worthOf = ({ currency, amount, count }: DealTotal): CurrencyTotal => ({ currency, amount, count });

async function readLeadMetrics(context: CrmContext, range: TimeRange): Promise<LeadMetrics> {
  const counts = await context.database.read(context, (tx) => countLeadsByStatus(tx, range));
  const byStatus = statuses.map((status) => ({
    status,
    count: counts.find((one) => one.status === status)?.count ?? 0,
  }));
  const created = sumOf(byStatus);
  const converted = byStatus.find(({ status }) => status === 'CONVERTED')?.count ?? 0;
  return { created, byStatus, conversionRate: shareOf(converted, created) };
}

async function readDealMetrics(context: CrmContext, range: TimeRange): Promise<DealMetrics> {
  const [totals, created] = await context.database.read(context, (tx) =>
    Promise.all([sumDeals(tx, range), countNewDeals(tx, range)]),
  );
  const inState = (state: DealTotal['state']) => totals.filter((one) => one.state === state);
  const won = sumOf(inState('WON'));
  const lost = sumOf(inState('LOST'));
  const revenue = inState('WON').map(worthOf);
  return { created, won, lost, winRate: shareOf(won, won + lost), revenue, pipeline: inState('OPEN').map(worthOf) };
}

async function readActivityMetrics(context: CrmContext, range: TimeRange): Promise<ActivityMetrics> {
  const counts = await context.database.read(context, (tx) => countActivitiesByType(tx, range));
  return { logged: sumOf(counts), byType: counts.slice(0, typesMax) };
}

/** Loads what the CRM counts of days, by the ids of these. */
export const createSalesLoader = (context: Omit<CrmContext, 'loaders'>): DataLoader<string, readonly SalesFigure[]> =>
  createDayLoader((range) => context.database.read(context, (tx) => countSalesByDay(tx, range)));

const countOfDay =
  (figure: string) =>
  async ({ id }: { readonly id: string }, _args: object, { loaders }: CrmContext): Promise<number> =>
    countOf(await loaders.salesOfDay.load(id), figure);

/** How many deals ended a day in a stage, of all currencies. */
const dealsOfDay =
  (stage: 'WON' | 'LOST') =>
  async ({ id }: { readonly id: string }, _args: object, { loaders }: CrmContext): Promise<number> => {
    const figures = await loaders.salesOfDay.load(id);
    return figures.reduce((sum, { figure, value }) => (figure === stage ? sum + value : sum), 0);
  };

async function revenueOfDay(id: string, { loaders }: CrmContext): Promise<CurrencyTotal[]> {
  const figures = await loaders.salesOfDay.load(id);
  return figures.flatMap(({ figure, currency, amount, value }) =>
    figure === 'WON' && currency !== null ? [{ currency, amount, count: value }] : [],
  );
}

/** What the CRM adds to the metrics of the tenant. */
export const metricsResolvers = {
  Metrics: {
    __resolveReference: ({ id }) => readTimeRange(id) ?? null,
    leads: (range, _, context: CrmContext) => readLeadMetrics(context, range),
    deals: (range, _, context: CrmContext) => readDealMetrics(context, range),
    activities: (range, _, context: CrmContext) => readActivityMetrics(context, range),
  },
  MetricsDay: {
    __resolveReference: ({ id }) => ({ id }),
    leadsCreated: countOfDay('leadsCreated'),
    activitiesLogged: countOfDay('activitiesLogged'),
    dealsWon: dealsOfDay('WON'),
    dealsLost: dealsOfDay('LOST'),
    revenue: ({ id }, _, context: CrmContext) => revenueOfDay(id, context),
  },
} satisfies Resolvers;
