import type { QueryBackupsArgs } from '../../generated/graphql/security.ts';
import { type Connection, planPage } from '../../kernel/data/page.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { SecurityContext } from './loaders.ts';
import { countBackups, findBackups } from './store/backups.ts';
import type { BackupFileModel, BackupModel } from './store.ts';

/** The backups of the tenant, the newest first unless ordered otherwise. */
export async function listBackups(context: SecurityContext, args: QueryBackupsArgs): Promise<Connection<BackupModel>> {
  const direction = args.orderBy?.direction ?? 'DESC';
  const ordering = { list: 'security.backups', column: 'requestedAt', type: 'instant', direction } as const;
  const page = planPage(context.cursors, args, ordering);
  const filter = args.filter ?? {};
  const rows = await context.database.read(context, (tx) => findBackups(tx, filter, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countBackups(tx, filter)));
}

/** Has the file of a backup that runs be made; null while that takes longer. Throws `CONFLICT` for one that does not run. */
export async function readBackupFile(
  { backups, loaders, tenantId }: SecurityContext,
  { id }: { readonly id: string },
): Promise<BackupFileModel | null> {
  const backup = await loaders.backup.load(id);
  if (!backup) throw new PanoramaError('NOT_FOUND', 'There is no backup with this id.', { field: 'id' });
  if (backup.status !== 'RUNNING') {
    throw new PanoramaError('CONFLICT', `The backup is ${backup.status}.`, { field: 'id' });
  }
  const written = await backups.write({ tenantId, id, requestedAt: backup.requestedAt });
  return written ? { ...written, asOf: written.at } : null;
}
