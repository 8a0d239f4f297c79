import type { Resolvers } from '../../../generated/graphql/coordination.ts';
import { toPayload } from '../../../kernel/subgraph/input.ts';
import type { CoordinationContext } from '../loaders.ts';
import type { RunStatus } from '../store/workflows.ts';
import type { ReportModel } from '../store.ts';
import { metricsResolvers } from './metrics.ts';
import { columnsOf, downloadReport, exportReport, getReport, listReports } from './queries.ts';
import { requestReport } from './request-report.ts';

/** How far a report is: as its run is, unless the rows are there. */
async function statusOf({ id, completedAt }: ReportModel, { loaders }: CoordinationContext): Promise<RunStatus> {
  if (completedAt) return 'SUCCEEDED';
  return (await loaders.workflowRun.load(id))?.status ?? 'PENDING';
}

/** Metrics and reports. */
export const reportResolvers = {
  ...metricsResolvers,
  Query: {
    ...metricsResolvers.Query,
    report: (_, { id }, context) => getReport(context, id),
    reports: (_, args, context) => listReports(context, args),
    exportReport: (_, { id, format }, context) => exportReport(context, id, format),
  },
  Mutation: {
    requestReport: async (_, { input }, context) => toPayload('report', await requestReport(context, input)),
  },
  Report: {
    __resolveReference: ({ id }, context: CoordinationContext) => getReport(context, id),
    from: ({ rangeFrom }) => rangeFrom,
    to: ({ rangeTo }) => rangeTo,
    status: (report, _, context: CoordinationContext) => statusOf(report, context),
    run: ({ id }, _, { loaders }: CoordinationContext) => loaders.workflowRun.load(id),
    columns: (report) => [...columnsOf(report)],
    download: (report, { format }, context: CoordinationContext) => downloadReport(context, report, format),
  },
} satisfies Resolvers;
