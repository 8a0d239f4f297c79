import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SettingError } from '../../kernel/config/setting-error.ts';
import { readSettings, type Settings } from '../../kernel/config/settings.ts';
import { backupFileName } from '../../kernel/data/backup/backup-desk.ts';
import { BackupRefused } from '../../kernel/data/backup/backup-refused.ts';
import { restoreTenant } from '../../kernel/data/backup/restore-tenant.ts';
import { writeBackup } from '../../kernel/data/backup/write-backup.ts';
import type { TenantId } from '../../kernel/tenancy/ids.ts';
import { apps } from '../../subgraphs/index.ts';
import { eraseAgain } from '../erase-again.ts';
import { explainFailure } from '../explain-failure.ts';
import { readTenant, required, type Values } from '../key-arguments.ts';
import { backupSchemas } from '../open-backups.ts';
import { type ReachedDatabase, reachDatabase } from '../reach-database.ts';

interface Work extends ReachedDatabase {
  readonly tenantId: TenantId;
  readonly settings: Settings;
}

const text = { type: 'string' } as const;
const options = { tenant: text, file: text, 'data-dir': text, config: text } as const;

/** Does something for a tenant on the database of a platform that runs or does not. */
async function onDatabase(values: Values, work: (given: Work) => Promise<string>): Promise<void> {
  const tenantId = readTenant(values);
  const settings = readSettings({
    ...(typeof values['data-dir'] === 'string' && { PANORAMA_DATA_DIR: values['data-dir'] }),
    ...(typeof values.config === 'string' && { PANORAMA_CONFIG: values.config }),
  });
  const reached = await reachDatabase(settings, (step) => process.stderr.write(`${step} ...\n`));
  try {
    process.stdout.write(await work({ ...reached, tenantId, settings }));
  } catch (error) {
    if (error instanceof BackupRefused) throw new SettingError(error.message);
    throw explainFailure(error, 'security');
  } finally {
    await reached.close();
  }
}

/** `panorama backup`: writes all that the platform holds of a tenant into a file, and prints where and what it is. */
export async function backup(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options });
  await onDatabase(values, async ({ ownerUrl, tenantId, settings }) => {
    const usual = join(settings.PANORAMA_BACKUP_DIR, tenantId, backupFileName(new Date()));
    const file = values.file === undefined ? usual : resolve(values.file);
    const { size, checksum, rowCount } = await writeBackup({ ownerUrl, schemas: backupSchemas, tenantId, file });
    process.stderr.write(`${rowCount} rows, ${size} bytes.\n`);
    return `${checksum}  ${file}\n`;
  });
}

/** `panorama restore`: brings a tenant back to what a file has, and has erased anew who was erased since. */
export async function restore(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { ...options, replace: { type: 'boolean' } } });
  const { replace = false, ...others } = values;
  const file = resolve(required(others, 'file', 'the file of the backup'));
  await onDatabase(others, async ({ ownerUrl, tenantId, secret, settings }) => {
    const { at, rowCount, erasedSince } = await restoreTenant({
      ownerUrl,
      schemas: backupSchemas,
      tenantId,
      file,
      replaces: replace,
      erasure: { type: 'CUSTOMER_ERASED', field: 'customerId' },
      news: { type: 'TENANT_RESTORED', app: 'users', entity: 'Tenant' },
      afterwards: apps.flatMap(({ afterRestore = [] }) => afterRestore),
    });
    const customerIds = erasedSince;
    const count = await eraseAgain({ ownerUrl, secret, tenantId, customerIds, logLevel: settings.LOG_LEVEL });
    const again = `${count} customers were erased after that: they are erased again as soon as the platform runs.\n`;
    return `The tenant ${tenantId} is as it was at ${at.toISOString()}: ${rowCount} rows.\n${count > 0 ? again : ''}`;
  });
}
