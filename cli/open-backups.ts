import type { Settings } from '../kernel/config/settings.ts';
import { type OpenBackupDesk, openBackupDesk } from '../kernel/data/backup/backup-desk.ts';
import { apps } from '../subgraphs/index.ts';

/** The schemas of all apps, whose rows belong into a backup. */
export const backupSchemas: readonly string[] = apps.map(({ name }) => name);

/** Where the apps of a process have backups made. */
export function openBackups(
  { PANORAMA_BACKUP_DIR, PANORAMA_BACKUP_DAYS }: Pick<Settings, 'PANORAMA_BACKUP_DIR' | 'PANORAMA_BACKUP_DAYS'>,
  ownerUrl: string,
): OpenBackupDesk {
  const place = { directory: PANORAMA_BACKUP_DIR, keepDays: PANORAMA_BACKUP_DAYS };
  return openBackupDesk({ ownerUrl, schemas: backupSchemas, ...place });
}
