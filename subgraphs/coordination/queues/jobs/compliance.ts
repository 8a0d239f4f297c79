import { z } from 'zod';
import { defineJobType } from '../queue.ts';

/** An audit of the apps: a run of its workflow. */
export const complianceJobs = [
  defineJobType({
    name: 'COMPLIANCE_AUDIT',
    needs: ['write:workflows', 'read:compliance'],
    permissions: [],
    data: z.strictObject({ focus: z.enum(['USERS', 'DATA', 'DOCUMENTS', 'COMPREHENSIVE']).default('COMPREHENSIVE') }),
    run: ({ begin, data: { focus }, job: { queuedBy } }) =>
      begin('runComplianceAudit', { focus, requestedBy: queuedBy }),
  }),
];
