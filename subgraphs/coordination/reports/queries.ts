import type { QueryReportsArgs, ReportFormat, ReportKind } from '../../../generated/graphql/coordination.ts';
import { type Connection, planPage } from '../../../kernel/data/page.ts';
import { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import { grants } from '../../../kernel/permissions/permission.ts';
import type { Principal } from '../../../kernel/tenancy/principal.ts';
import type { CoordinationContext } from '../loaders.ts';
import { countReports, findPages, findReports } from '../store/reports.ts';
import type { ReportModel } from '../store.ts';
import { type ReportFile, type Row, renderReport } from './render-report.ts';
import { kindNames, reportKinds } from './report-kinds.ts';

/** The kinds of report of which a principal may read all that is in them. */
const readableKinds = ({ permissions }: Principal): readonly ReportKind[] =>
  kindNames.filter((kind) => reportKinds[kind].needs.every((need) => grants(permissions, need)));

/** What stands in the rows of a report. */
export const columnsOf = ({ kind }: Pick<ReportModel, 'kind'>): readonly string[] =>
  reportKinds[kind as ReportKind].columns;

/** A report that the sender may read; null where there is none, also for one that has had its time. */
export async function getReport(context: CoordinationContext, id: string): Promise<ReportModel | null> {
  const report = await context.loaders.report.load(id);
  const isThere = report && report.expiresAt > new Date();
  return isThere && readableKinds(context.principal).includes(report.kind as ReportKind) ? report : null;
}

/** The reports of the tenant that the sender may read, the newest first. */
export async function listReports(
  context: CoordinationContext,
  { filter, ...args }: QueryReportsArgs,
): Promise<Connection<ReportModel>> {
  const page = planPage(context.cursors, args, {
    list: 'coordination.reports',
    column: 'requestedAt',
    type: 'instant',
    direction: 'DESC',
  });
  const readable = readableKinds(context.principal);
  const kinds = readable.filter((kind) => filter?.kinds?.includes(kind) ?? true);
  const selection = { kinds, now: new Date() };
  const rows = await context.database.read(context, (tx) => findReports(tx, selection, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countReports(tx, selection)));
}

/** A complete report as a file; null for one that is not complete. */
export async function downloadReport(
  context: CoordinationContext,
  report: ReportModel,
  format: ReportFormat,
): Promise<ReportFile | null> {
  if (report.completedAt === null) return null;
  const pages = await context.database.read(context, (tx) => findPages(tx, report.id));
  return renderReport(format, report, columnsOf(report), pages.flat() as Row[]);
}

/** The same by id: null for a report that is not there, `CONFLICT` for one that is not complete. */
export async function exportReport(
  context: CoordinationContext,
  id: string,
  format: ReportFormat,
): Promise<ReportFile | null> {
  const report = await getReport(context, id);
  if (!report) return null;
  const file = await downloadReport(context, report, format);
  if (file) return file;
  throw new PanoramaError('CONFLICT', 'The report is not complete: its `status` says how far it is.', { field: 'id' });
}
