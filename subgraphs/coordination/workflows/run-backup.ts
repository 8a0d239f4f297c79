import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { defineWorkflow, type StepContext } from './definition.ts';

const input = z.object({ requestedBy: z.string() });

type BackupInput = z.output<typeof input>;

interface BackupFile {
  readonly size: number;
  readonly checksum: string;
  readonly rowCount: number;
  readonly asOf: string;
}

const beginBackup = `mutation ($input: BeginBackupInput!) {
  beginBackup(input: $input) { backup { fileName } userErrors { field message code } }
}`;
const backupFile = `query ($id: ID!) { backupFile(id: $id) { size checksum rowCount asOf } }`;
const completeBackup = `mutation ($input: CompleteBackupInput!) {
  completeBackup(input: $input) { backup { id } userErrors { field message code } }
}`;
const failBackup = `mutation ($input: FailBackupInput!) {
  failBackup(input: $input) { backup { id } userErrors { field message code } }
}`;

const maxMinutes = 60;
const askAgainMs = 500;

/** Has the file be made, and asks until it is there. */
async function write({ ask, run, signal }: StepContext<BackupInput>) {
  for (;;) {
    const { backupFile: file } = await ask<{ backupFile: BackupFile | null }>('security', backupFile, { id: run.id });
    if (file) return { ...file };
    await sleep(askAgainMs, undefined, { signal });
  }
}

/** Writes a backup of the tenant. Its id is that of the run. */
export const runBackup = defineWorkflow<BackupInput>({
  name: 'runBackup',
  permissions: ['write:backups'],
  input,
  steps: [
    { name: 'begin', run: async () => ({ at: new Date().toISOString() }) },
    {
      name: 'announce',
      async run({ ask, run, results, input: { requestedBy } }) {
        const asked = { id: run.id, requestedBy, requestedAt: results.begin?.at };
        type Answer = { beginBackup: { backup: { fileName: string } } };
        const { beginBackup: begun } = await ask<Answer>('security', beginBackup, { input: asked });
        return { fileName: begun.backup.fileName };
      },
      compensate: ({ ask, run }) => ask('security', failBackup, { input: { id: run.id } }),
    },
    { name: 'write', run: write, timeoutMs: maxMinutes * 60_000 },
    {
      name: 'complete',
      async run({ ask, run, results }) {
        await ask('security', completeBackup, { input: { id: run.id, ...results.write } });
        return {};
      },
    },
  ],
  result: (results) => ({ ...results.announce, ...results.write }),
});
