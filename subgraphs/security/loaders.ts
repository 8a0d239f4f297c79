import type DataLoader from 'dataloader';
import type { PrismaClient } from '../../generated/prisma/security/client.ts';
import { createLoader } from '../../kernel/data/batch.ts';
import type { DayFigure } from '../../kernel/data/day-figures.ts';
import type { AppContext } from '../../kernel/subgraph/app.ts';
import { createReportedLoader } from './metrics.ts';
import { findBackupsById } from './store/backups.ts';
import { findReportsById } from './store/compliance-reports.ts';
import { findIncidentsById } from './store/incidents.ts';
import type { BackupModel, ComplianceReportModel, IncidentModel } from './store.ts';

/** The batch functions of one request. */
export interface SecurityLoaders {
  readonly incident: DataLoader<string, IncidentModel | null>;
  readonly complianceReport: DataLoader<string, ComplianceReportModel | null>;
  readonly backup: DataLoader<string, BackupModel | null>;
  /** By the id of a day of metrics. */
  readonly reportedOfDay: DataLoader<string, readonly DayFigure[]>;
}

export type SecurityContext = AppContext<PrismaClient, SecurityLoaders>;

export function createSecurityLoaders(context: Omit<SecurityContext, 'loaders'>): SecurityLoaders {
  const { database } = context;
  return {
    incident: createLoader(
      (ids) => database.read(context, (tx) => findIncidentsById(tx, ids)),
      (incident) => incident.id,
    ),
    reportedOfDay: createReportedLoader(context),
    complianceReport: createLoader(
      (ids) => database.read(context, (tx) => findReportsById(tx, ids)),
      (report) => report.id,
    ),
    backup: createLoader(
      (ids) => database.read(context, (tx) => findBackupsById(tx, ids)),
      ({ id }) => id,
    ),
  };
}
