import type { Resolvers } from '../../generated/graphql/security.ts';
import { grants } from '../../kernel/permissions/permission.ts';
import { toPayload } from '../../kernel/subgraph/input.ts';
import { beginBackup, completeBackup, failBackup } from './backup-commands.ts';
import { listBackups, readBackupFile } from './backup-queries.ts';
import { recordComplianceReport } from './compliance-commands.ts';
import { listComplianceReports, readUsedCredentials } from './compliance-queries.ts';
import { privacyFields } from './erasure.ts';
import { feedResolvers } from './feeds.ts';
import { acknowledgeIncident, reportIncident, resolveIncident } from './incident-commands.ts';
import { listIncidents } from './incident-queries.ts';
import { incidentSteps } from './incident-states.ts';
import { metricsResolvers } from './metrics.ts';
import { listAuditRecords } from './queries.ts';
import { readRiskMetrics } from './risk.ts';
import { search } from './search.ts';

export const resolvers: Resolvers = {
  ...feedResolvers,
  ...metricsResolvers,
  Query: {
    securityCustomerData: privacyFields.data,
    securitySearch: search,
    auditRecords: (_, args, context) => listAuditRecords(context, args),
    incident: (_, { id }, { loaders }) => loaders.incident.load(id),
    incidents: (_, args, context) => listIncidents(context, args),
    riskMetrics: (_, args, context) => readRiskMetrics(context, args),
    complianceReport: (_, { id }, { loaders }) => loaders.complianceReport.load(id),
    complianceReports: (_, args, context) => listComplianceReports(context, args),
    usedCredentials: (_, args, context) => readUsedCredentials(context, args),
    backup: (_, { id }, { loaders }) => loaders.backup.load(id),
    backups: (_, args, context) => listBackups(context, args),
    backupFile: (_, args, context) => readBackupFile(context, args),
  },
  Mutation: {
    eraseSecurityCustomerData: privacyFields.erase,
    reportIncident: async (_, { input }, context) => toPayload('incident', await reportIncident(context, input)),
    acknowledgeIncident: async (_, { input }, context) =>
      toPayload('incident', await acknowledgeIncident(context, input)),
    resolveIncident: async (_, { input }, context) => toPayload('incident', await resolveIncident(context, input)),
    recordComplianceReport: async (_, { input }, context) =>
      toPayload('report', await recordComplianceReport(context, input)),
    beginBackup: async (_, { input }, context) => toPayload('backup', await beginBackup(context, input)),
    completeBackup: async (_, { input }, context) => toPayload('backup', await completeBackup(context, input)),
    failBackup: async (_, { input }, context) => toPayload('backup', await failBackup(context, input)),
  },
  Incident: {
    __resolveReference: ({ id }, { loaders }) => loaders.incident.load(id),
    viewerCan: ({ status }, _, { principal }) => {
      const may = grants(principal.permissions, 'write:incidents');
      const { acknowledge, resolve } = incidentSteps;
      return { acknowledge: may && status === acknowledge.from, resolve: may && status === resolve.from };
    },
  },
  Backup: {
    __resolveReference: ({ id }, { loaders }) => loaders.backup.load(id),
  },
  ComplianceReport: {
    __resolveReference: ({ id }, { loaders }) => loaders.complianceReport.load(id),
  },
};
