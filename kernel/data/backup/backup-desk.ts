import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PanoramaError } from '../../errors/panorama-error.ts';
import type { TenantId } from '../../tenancy/ids.ts';
import { type WrittenBackup, writeBackup } from './write-backup.ts';

/** Which backup of a tenant is wanted. */
export interface WantedBackup {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly requestedAt: Date;
}

/** Where an app has backups made, which reach what no app reaches. */
export interface BackupDesk {
  /** The file of a backup, below the folder of backups. */
  fileNameOf(wanted: WantedBackup): string;
  /** From when on the file of a backup that was asked for at an instant may be removed. */
  expiryOf(requestedAt: Date): Date;
  /**
   * Has a backup be made, if nobody has yet, and waits for it a few seconds; undefined when it takes longer: ask again. Asked
   * for once more after it was made, it is made anew.
   */
  write(wanted: WantedBackup): Promise<WrittenBackup | undefined>;
}

/** A desk that makes backups in this process. */
export interface OpenBackupDesk extends BackupDesk {
  /** Gives up what is under way. */
  stop(): Promise<void>;
}

/** How an app has backups made where nobody makes any. */
export const absentBackups: BackupDesk = {
  fileNameOf: refuseBackups,
  expiryOf: refuseBackups,
  write: async () => refuseBackups(),
};

function refuseBackups(): never {
  throw new PanoramaError('CONFLICT', 'No backups are made here.');
}

export interface BackupDeskOptions {
  /** Of the database's owner. */
  readonly ownerUrl: string;
  readonly schemas: readonly string[];
  /** The folder of all backups. */
  readonly directory: string;
  /** For how long files are kept. */
  readonly keepDays: number;
}

const patienceMs = 5_000;
const dayMillis = 86_400_000;
const namePattern = /^(\d{4}-\d\d-\d\d)T(\d\d)(\d\d)(\d\d\.\d{3}Z)/;

/** The name of a file for a backup of an instant: `2026-11-21T081530.123Z.ndjson.gz`. */
export function backupFileName(at: Date, mark = ''): string {
  return `${at.toISOString().replaceAll(':', '')}${mark}.ndjson.gz`;
}

/** When the backup in a file was asked for, by its name; undefined for any other file. */
function timeOf(name: string): number | undefined {
  const [, day, hour, minute, second] = namePattern.exec(name) ?? [];
  return day === undefined || !name.endsWith('.ndjson.gz')
    ? undefined
    : Date.parse(`${day}T${hour}:${minute}:${second}`);
}

/** Removes the backups in a folder that are past their time. */
export async function removeOldBackups(folder: string, keepDays: number): Promise<void> {
  const oldest = Date.now() - keepDays * dayMillis;
  for (const name of await readdir(folder)) {
    const time = timeOf(name);
    if (time !== undefined && time < oldest) await rm(join(folder, name), { force: true });
  }
}

/** Makes backups, one after the other: a large tenant is read for minutes, and each takes a share of the database. */
export function openBackupDesk({ ownerUrl, schemas, directory, keepDays }: BackupDeskOptions): OpenBackupDesk {
  const underWay = new Map<string, Promise<WrittenBackup>>();
  const leaving = new AbortController();
  const { signal } = leaving;
  let last: Promise<unknown> = Promise.resolve();

  const fileNameOf = ({ tenantId, id, requestedAt }: WantedBackup) =>
    `${tenantId}/${backupFileName(requestedAt, `-${id.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 64)}`)}`;

  async function make(wanted: WantedBackup): Promise<WrittenBackup> {
    const { tenantId } = wanted;
    const file = join(directory, fileNameOf(wanted));
    const written = await writeBackup({ ownerUrl, schemas, tenantId, file, signal });
    await removeOldBackups(join(directory, tenantId), keepDays);
    return written;
  }

  return {
    fileNameOf,
    expiryOf: (requestedAt) => new Date(requestedAt.getTime() + keepDays * dayMillis),
    async write(wanted) {
      const name = fileNameOf(wanted);
      let making = underWay.get(name);
      if (!making) {
        making = last.then(() => (signal.aborted ? Promise.reject(signal.reason) : make(wanted)));
        last = making.catch(() => undefined);
        underWay.set(name, making);
      }
      const written = await Promise.race([making, sleep(patienceMs, undefined, { ref: false })]).catch(
        (error: unknown) => {
          underWay.delete(name);
          if (!signal.aborted) throw error;
          throw new PanoramaError('SUBGRAPH_UNAVAILABLE', 'This process makes no backups any more.', {
            app: 'security',
          });
        },
      );
      if (written) underWay.delete(name);
      return written;
    },
    async stop() {
      leaving.abort();
      await last;
    },
  };
}
