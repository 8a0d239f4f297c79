import { z } from 'zod';
import type { BeginBackupInput, CompleteBackupInput, FailBackupInput } from '../../generated/graphql/security.ts';
import { type ConstraintMeanings, notFound, runCommand } from '../../kernel/subgraph/command.ts';
import {
  type CommandResult,
  done,
  entityId,
  parseInput,
  refused,
  text,
  unchanged,
} from '../../kernel/subgraph/input.ts';
import { backupChange, backupDeletion } from './changes.ts';
import type { SecurityContext } from './loaders.ts';
import { findBackupsById, insertBackup, moveBackup, removeOldBackups } from './store/backups.ts';
import type { BackupModel, SecurityTransaction } from './store.ts';

const count = () => z.int('Give a whole number.').nonnegative('A count cannot be negative.');

const beginBackupInput = z.object({ id: entityId(), requestedBy: text(200), requestedAt: z.date() });
const failBackupInput = z.object({ id: entityId() });
const completeBackupInput = z.object({
  id: entityId(),
  size: count(),
  checksum: z.string().regex(/^[0-9a-f]{64}$/, 'Give a SHA-256 in hex.'),
  rowCount: count(),
  asOf: z.date(),
});

const takenId = { code: 'CONFLICT', field: 'id', message: 'This id is taken.' } as const;
const constraints: ConstraintMeanings = { backups_pkey: takenId };

/** Why a backup could not come into a state: it is there already, or it is in none that leads there. */
async function refuseMove(
  tx: SecurityTransaction,
  id: string,
  to: BackupModel['status'],
): Promise<CommandResult<BackupModel>> {
  const [current] = await findBackupsById(tx, [id]);
  if (!current) return notFound('id', 'backup');
  return current.status === to ? unchanged(current) : refused('CONFLICT', 'id', `The backup is ${current.status}.`);
}

/** Notes that a backup is made. One that failed is made anew. */
export async function beginBackup(
  context: SecurityContext,
  input: BeginBackupInput,
): Promise<CommandResult<BackupModel>> {
  const parsed = parseInput(beginBackupInput, input);
  if (!parsed.ok) return parsed;
  const { id, requestedBy, requestedAt } = parsed.value;
  const { backups, tenantId } = context;
  const fileName = backups.fileNameOf({ tenantId, id, requestedAt });
  const place = { fileName, requestedAt, expiresAt: backups.expiryOf(requestedAt) };
  return runCommand(context, constraints, async (tx, publish) => {
    const [known] = await findBackupsById(tx, [id]);
    const backup = known
      ? await moveBackup(tx, id, { from: 'FAILED', to: 'RUNNING' }, place)
      : await insertBackup(tx, { ...place, id, requestedBy });
    if (!backup) return refuseMove(tx, id, 'RUNNING');
    publish(backupChange('BACKUP_STARTED', backup));
    return done(backup);
  });
}

/** Notes that the file of a backup is there. */
export async function completeBackup(
  context: SecurityContext,
  input: CompleteBackupInput,
): Promise<CommandResult<BackupModel>> {
  const parsed = parseInput(completeBackupInput, input);
  if (!parsed.ok) return parsed;
  const { id, ...file } = parsed.value;
  return runCommand(context, constraints, async (tx, publish) => {
    const now = new Date();
    const backup = await moveBackup(tx, id, { from: 'RUNNING', to: 'COMPLETED' }, { ...file, completedAt: now });
    if (!backup) return refuseMove(tx, id, 'COMPLETED');
    publish(backupChange('BACKUP_COMPLETED', backup));
    for (const old of await removeOldBackups(tx, now)) publish(backupDeletion(old));
    return done(backup);
  });
}

/** Notes that a backup was not made. */
export async function failBackup(
  context: SecurityContext,
  input: FailBackupInput,
): Promise<CommandResult<BackupModel>> {
  const parsed = parseInput(failBackupInput, input);
  if (!parsed.ok) return parsed;
  const { id } = parsed.value;
  return runCommand(context, constraints, async (tx, publish) => {
    const backup = await moveBackup(tx, id, { from: 'RUNNING', to: 'FAILED' });
    if (!backup) return refuseMove(tx, id, 'FAILED');
    publish(backupChange('BACKUP_FAILED', backup));
    return done(backup);
  });
}
