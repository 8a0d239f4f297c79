import type { NewChange } from '../../kernel/changes/change.ts';
import { toChangeData } from '../../kernel/changes/change-data.ts';
import type { BackupModel, ComplianceReportModel, IncidentModel } from './store.ts';

/** What a change tells of an incident. */
export function incidentChange(type: string, incident: IncidentModel): NewChange {
  const { tenantId: _, severityRank: _rank, searchKey: _key, updatedAt: _updated, ...told } = incident;
  return { type, entityId: incident.id, version: incident.version, data: toChangeData(told) };
}

/** What is told of a report, which does not change: not the findings one by one. */
export function reportCompletion(report: ComplianceReportModel): NewChange {
  const { id, focus, score, overallCompliance, appsAudited, findings, omitted, runId, completedAt } = report;
  const verdict = { score, overallCompliance, findingCount: findings.length + omitted };
  const data = toChangeData({ id, focus, ...verdict, appsAudited, runId, completedAt });
  return { type: 'COMPLIANCE_CHECK_COMPLETED', entityId: id, version: 1, data };
}

/** What a change tells of a backup. */
export function backupChange(type: string, backup: BackupModel): NewChange {
  const { tenantId: _, ...told } = backup;
  return { type, entityId: backup.id, version: backup.version, data: toChangeData(told) };
}

/** What is told of a backup whose file has had its time. */
export function backupDeletion({ id, version }: BackupModel): NewChange {
  return { type: 'BACKUP_DELETED', op: 'DELETE', entityId: id, version: version + 1, data: { id } };
}
