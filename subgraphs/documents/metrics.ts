import type DataLoader from 'dataloader';
import type { Resolvers } from '../../generated/graphql/documents.ts';
import { countOf, createDayLoader, type DayFigure } from '../../kernel/data/day-figures.ts';
import { readTimeRange } from '../../kernel/data/time-range.ts';
import type { DocumentsContext } from './loaders.ts';
import { countDocumentsOver, countUploadsByDay } from './store/metrics.ts';

/** Loads what this app counts of days, by the ids of these. */
export const createUploadsLoader = (
  context: Omit<DocumentsContext, 'loaders'>,
): DataLoader<string, readonly DayFigure[]> =>
  createDayLoader((range) => context.database.read(context, (tx) => countUploadsByDay(tx, range)));

/** What this app adds to the metrics of the tenant. */
export const metricsResolvers = {
  Metrics: {
    __resolveReference: ({ id }) => readTimeRange(id) ?? null,
    documents: (range, _, context: DocumentsContext) =>
      context.database.read(context, (tx) => countDocumentsOver(tx, range)),
  },
  MetricsDay: {
    __resolveReference: ({ id }) => ({ id }),
    documentsUploaded: async ({ id }, _, { loaders }: DocumentsContext) =>
      countOf(await loaders.uploadsOfDay.load(id), 'documentsUploaded'),
  },
} satisfies Resolvers;
