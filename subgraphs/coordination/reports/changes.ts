import type { NewChange } from '../../../kernel/changes/change.ts';
import { toChangeData } from '../../../kernel/changes/change-data.ts';
import type { ReportModel } from '../store.ts';

/** What is told of a report that was requested. */
export function reportRequest(report: ReportModel): NewChange {
  const { id, kind, rangeFrom, rangeTo, timeZone, requestedBy, requestedAt, expiresAt, version } = report;
  const about = { id, kind, from: rangeFrom, to: rangeTo, timeZone };
  const data = toChangeData({ ...about, requestedBy, requestedAt, expiresAt, version });
  return { type: 'REPORT_REQUESTED', entityId: id, version, data };
}

/** What is told of a report that has all its rows. */
export function reportCompletion({ id, kind, rowCount, isTruncated, completedAt, version }: ReportModel): NewChange {
  const data = toChangeData({ id, kind, rowCount, isTruncated, completedAt, version });
  return { type: 'REPORT_COMPLETED', entityId: id, version, data };
}

/** What is told of a report that was removed, given as its table had it. */
export function reportDeletion(row: Readonly<Record<string, unknown>>): NewChange {
  const id = String(row.id);
  return { type: 'REPORT_DELETED', op: 'DELETE', entityId: id, version: Number(row.version) + 1, data: { id } };
}
