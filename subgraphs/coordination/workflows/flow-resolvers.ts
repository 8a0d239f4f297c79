import type { Resolvers } from '../../../generated/graphql/coordination.ts';
import { toPayload } from '../../../kernel/subgraph/input.ts';
import { beginRun } from './commands.ts';
import { leadToContact } from './lead-to-contact.ts';
import { onboardUser } from './onboard-user.ts';
import { runBackup } from './run-backup.ts';
import { runComplianceAudit } from './run-compliance-audit.ts';
import { runDataPipeline } from './run-data-pipeline.ts';

/** The fields that begin a run of a workflow. */
export const flowResolvers = {
  Mutation: {
    onboardUser: async (_, { input }, context) => toPayload('run', await beginRun(context, onboardUser, input)),
    runDataPipeline: async (_, { input }, context) => toPayload('run', await beginRun(context, runDataPipeline, input)),
    runComplianceAudit: async (_, { input }, context) => {
      const { principal } = context;
      const requestedBy = principal.userId ?? principal.credentialId;
      return toPayload('run', await beginRun(context, runComplianceAudit, { ...input, requestedBy }));
    },
    requestBackup: async (_, { input }, context) => {
      const { principal } = context;
      const requestedBy = principal.userId ?? principal.credentialId;
      return toPayload('run', await beginRun(context, runBackup, { ...input, requestedBy }));
    },
    processLead: async (_, { input }, context) => toPayload('run', await beginRun(context, leadToContact, input)),
  },
} satisfies Resolvers;
