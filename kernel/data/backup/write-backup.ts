import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import pg from 'pg';
import type { TenantId } from '../../tenancy/ids.ts';
import { findApplied } from './applied-migrations.ts';
import { type BackupEnd, type BackupManifest, backupFormat, type TableHeader } from './backup-format.ts';
import { BackupRefused } from './backup-refused.ts';
import { withOwner } from './owner-session.ts';
import { findTenantTables, type TenantTable } from './tenant-tables.ts';

export interface BackupRequest {
  /** Of the database's owner. */
  readonly ownerUrl: string;
  /** The schemas of the apps; that of the platform is always in it. */
  readonly schemas: readonly string[];
  readonly tenantId: TenantId;
  /** Where the backup is written; its folder is made. Nothing is there before it is complete. */
  readonly file: string;
  /** Gives up. */
  readonly signal?: AbortSignal | undefined;
}

/** A backup that was written. */
export interface WrittenBackup {
  readonly file: string;
  /** Of the file, in bytes. */
  readonly size: number;
  /** SHA-256 of the file, in hex. */
  readonly checksum: string;
  readonly rowCount: number;
  /** The instant of which the rows are. */
  readonly at: Date;
}

/** How many rows are in memory at a time. */
const rowsAtATime = 200;

async function readManifest(client: pg.Client, { schemas, tenantId }: BackupRequest): Promise<BackupManifest> {
  const { rows } = await client.query<{ at: Date; epoch: string; head: string; floor: string }>(
    `SELECT now() AS at, (SELECT epoch FROM platform.log_life) AS epoch,
       coalesce((SELECT max(seq) FROM platform.change_log WHERE tenant_id = $1), 0) AS head,
       coalesce((SELECT max(seq) FROM platform.log_floors WHERE tenant_id = $1), 0) AS floor`,
    [tenantId],
  );
  const [found] = rows;
  if (!found) throw new Error('The change log has no life.');
  const migrations = await findApplied(client, ['platform', ...schemas]);
  const log = { epoch: found.epoch, head: Number(found.head), floor: Number(found.floor) };
  return { panorama: 'backup', format: backupFormat, tenant: tenantId, at: found.at.toISOString(), migrations, log };
}

/** The rows of one table, some at a time, each as a line. */
async function* linesOf(client: pg.Client, table: TenantTable, tenantId: TenantId): AsyncGenerator<readonly string[]> {
  const values = table.columns.map((name) => `${pg.escapeIdentifier(name)}::text`).join(', ');
  await client.query(
    `DECLARE backup NO SCROLL CURSOR FOR SELECT to_json(ARRAY[${values}])::text AS line FROM ${table.sql}
     WHERE tenant_id = ${pg.escapeLiteral(tenantId)} ORDER BY ${table.key.join(', ')}`,
  );
  for (;;) {
    const { rows } = await client.query<{ line: string }>(`FETCH ${rowsAtATime} FROM backup`);
    if (rows.length === 0) break;
    yield rows.map(({ line }) => line);
  }
  await client.query('CLOSE backup');
}

/** The whole text of a backup, in pieces. `rows` is filled: how many each table has. */
async function* textOf(
  client: pg.Client,
  { schemas, tenantId }: BackupRequest,
  manifest: BackupManifest,
  rows: Record<string, number>,
): AsyncGenerator<string> {
  const digest = createHash('sha256');
  const signed = (lines: readonly string[]) => {
    const text = `${lines.join('\n')}\n`;
    digest.update(text);
    return text;
  };
  yield signed([JSON.stringify(manifest)]);
  for (const table of await findTenantTables(client, ['platform', ...schemas])) {
    const header: TableHeader = { table: table.name, columns: table.columns };
    yield signed([JSON.stringify(header)]);
    rows[table.name] = 0;
    for await (const lines of linesOf(client, table, tenantId)) {
      rows[table.name] = (rows[table.name] ?? 0) + lines.length;
      yield signed(lines);
    }
  }
  const end: BackupEnd = { rows, sha256: digest.digest('hex') };
  yield `${JSON.stringify(end)}\n`;
}

/**
 * Writes all that the platform and the apps hold of a tenant, as it is at one instant, into a file that its owner alone may
 * read. Nothing that is under way waits for it. A few hundred rows are in memory at a time.
 *
 * @throws {BackupRefused} for a tenant of which the apps hold nothing; and what the file system throws
 */
export async function writeBackup(request: BackupRequest): Promise<WrittenBackup> {
  const { ownerUrl, tenantId, file, signal } = request;
  const begin = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const unfinished = `${file}.${randomUUID()}.unfinished`;
  const digest = createHash('sha256');
  const rows: Record<string, number> = {};
  let size = 0;
  async function* measure(source: AsyncIterable<Buffer>) {
    for await (const bytes of source) {
      digest.update(bytes);
      size += bytes.length;
      yield bytes;
    }
  }
  try {
    const at = await withOwner({ ownerUrl, tenantId, begin, signal }, async (client) => {
      const manifest = await readManifest(client, request);
      const text = Readable.from(textOf(client, request, manifest, rows));
      await pipeline(text, createGzip(), measure, createWriteStream(unfinished, { mode: 0o600, flush: true }), {
        signal,
      });
      return new Date(manifest.at);
    });
    const held = Object.entries(rows).filter(([name, count]) => count > 0 && !name.startsWith('platform.'));
    if (held.length === 0) throw new BackupRefused(`There is nothing of a tenant "${tenantId}".`);
    await rename(unfinished, file);
    const rowCount = Object.values(rows).reduce((sum, count) => sum + count, 0);
    return { file, size, checksum: digest.digest('hex'), rowCount, at };
  } finally {
    await rm(unfinished, { force: true });
  }
}
