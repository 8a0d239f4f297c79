import { z } from 'zod';
import { defineJobType } from '../queue.ts';

/** A backup of the tenant: a run of its workflow. */
export const backupJobs = [
  defineJobType({
    name: 'BACKUP',
    needs: ['write:backups'],
    permissions: [],
    data: z.strictObject({}),
    run: ({ begin, job: { queuedBy } }) => begin('runBackup', { requestedBy: queuedBy }),
  }),
];
