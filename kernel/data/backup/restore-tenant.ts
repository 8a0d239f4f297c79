import type pg from 'pg';
import type { TenantId } from '../../tenancy/ids.ts';
import { findApplied, firstDifference } from './applied-migrations.ts';
import type { BackupManifest, TableHeader } from './backup-format.ts';
import { BackupRefused } from './backup-refused.ts';
import { withOwner } from './owner-session.ts';
import { readBackup, verifyBackup } from './read-backup.ts';
import { columnList, findTenantTables, type TenantTable } from './tenant-tables.ts';

export interface RestoreRequest {
  /** Of the database's owner. */
  readonly ownerUrl: string;
  /** The schemas of the apps; that of the platform is always in it. */
  readonly schemas: readonly string[];
  readonly tenantId: TenantId;
  readonly file: string;
  /** Whether what the tenant has now gives way. */
  readonly replaces: boolean;
  /** Which changes say that somebody was erased, and by which field of their data. */
  readonly erasure: { readonly type: string; readonly field: string };
  /** How the change log tells that the tenant was restored. */
  readonly news: { readonly type: string; readonly app: string; readonly entity: string };
  /** What apps do to their rows when they are back, with the tenant as `$1`: what was under way is not any more. */
  readonly afterwards: readonly string[];
}

/** What was restored. */
export interface RestoredTenant {
  /** The instant of which the rows are. */
  readonly at: Date;
  readonly rowCount: number;
  /** Who was erased, as far as this database knows, after the backup was made: they are back. */
  readonly erasedSince: readonly string[];
}

async function assertFits(client: pg.Client, { tenantId, schemas }: RestoreRequest, manifest: BackupManifest) {
  if (manifest.tenant !== tenantId) {
    throw new BackupRefused(`The backup is of the tenant "${manifest.tenant}", not of "${tenantId}".`);
  }
  const here = await findApplied(client, ['platform', ...schemas]);
  const other = firstDifference(here, manifest.migrations);
  if (other === undefined) return;
  throw new BackupRefused(
    `The backup and this database are not of one version: the migration ${other} is in one of them only. ` +
      'Restore it with the version that made it, and start this version then.',
  );
}

/** The table of a header, where it has the columns that the backup has. */
function tableOf(tables: readonly TenantTable[], { table: name, columns }: TableHeader): TenantTable {
  const table = tables.find((one) => one.name === name);
  if (table?.columns.join() === columns.join()) return table;
  throw new BackupRefused(`The backup has the table ${name} otherwise than this database.`);
}

/** Lays the rows of a backup aside, under the place of their table; the file is read to its end before any of them counts. */
async function layAside(client: pg.Client, file: string, tables: readonly TenantTable[]) {
  await client.query(
    'CREATE TEMPORARY TABLE restored_rows (place integer NOT NULL, cells jsonb NOT NULL) ON COMMIT DROP',
  );
  let place = -1;
  let rowCount = 0;
  const found = new Set<TenantTable>();
  for await (const part of readBackup(file)) {
    if (part.kind === 'table') {
      const table = tableOf(tables, part.header);
      place = tables.indexOf(table);
      found.add(table);
    } else if (part.kind === 'rows') {
      rowCount += part.lines.length;
      await client.query(
        'INSERT INTO pg_temp.restored_rows SELECT $1, cells FROM jsonb_array_elements($2::jsonb) AS cells',
        [place, `[${part.lines.join(',')}]`],
      );
    }
  }
  const missing = tables.find((table) => !found.has(table));
  if (missing) throw new BackupRefused(`The backup does not have the table ${missing.name}.`);
  return rowCount;
}

/** Makes room: takes away what the tenant has, or refuses to. */
async function clear(client: pg.Client, tables: readonly TenantTable[], { tenantId, replaces }: RestoreRequest) {
  for (const table of tables.filter(({ isAddedTo }) => !isAddedTo).toReversed()) {
    const { rowCount } = await client.query(`DELETE FROM ${table.sql} WHERE tenant_id = $1`, [tenantId]);
    if (rowCount && !replaces) {
      throw new BackupRefused(`The tenant "${tenantId}" has rows in ${table.name}. --replace has them give way.`);
    }
  }
}

/** One statement for each table, so that rows may refer to rows of the same table in any order. */
async function fill(client: pg.Client, tables: readonly TenantTable[]): Promise<void> {
  for (const [place, { sql, columns, types, isAddedTo }] of tables.entries()) {
    const values = types.map((type, index) => `(cells ->> ${index})::${type}`).join(', ');
    await client.query(
      `INSERT INTO ${sql} (${columnList(columns)}) SELECT ${values} FROM pg_temp.restored_rows WHERE place = ${place}
       ${isAddedTo ? 'ON CONFLICT DO NOTHING' : ''}`,
    );
  }
}

/** Who was erased after the backup, by the last changes of the log that is about to give way. */
async function findErased(client: pg.Client, { tenantId, erasure }: RestoreRequest, { log }: BackupManifest) {
  const { rows } = await client.query<{ id: string }>(
    `SELECT DISTINCT data ->> $4 AS id FROM platform.change_log
     WHERE tenant_id = $1 AND type = $2 AND seq > $3 ORDER BY id`,
    [tenantId, erasure.type, log.head, erasure.field],
  );
  return rows.map(({ id }) => id);
}

/**
 * Lets the log go on in a new life of the tenant: no cursor of before is good any more, no number is given out twice, and who
 * follows the log is told.
 */
async function beginLife(client: pg.Client, { tenantId, news }: RestoreRequest, { log, at }: BackupManifest) {
  await client.query(
    `SELECT setval('platform.change_numbers', $1::bigint) FROM platform.change_numbers WHERE last_value < $1::bigint`,
    [log.head],
  );
  await client.query(
    `INSERT INTO platform.log_floors (tenant_id, seq, life_began)
     VALUES ($1, $2, nextval('platform.change_numbers'))
     ON CONFLICT (tenant_id) DO UPDATE
       SET seq = greatest(log_floors.seq, EXCLUDED.seq), life_began = EXCLUDED.life_began`,
    [tenantId, log.floor],
  );
  await client.query(
    `INSERT INTO platform.change_log (tenant_id, seq, epoch, app, type, entity, entity_id, version, op, data, actor,
       source_app, priority)
     SELECT $1, nextval('platform.change_numbers'), epoch, $3, $4, $5, $1, 1, 'ACK',
       jsonb_build_object('id', $1::text, 'asOf', $2::text), 'command-line', 'command-line', 'HIGH' FROM platform.log_life`,
    [tenantId, at, news.app, news.type, news.entity],
  );
}

/**
 * Brings a tenant back to what a backup has, in one transaction: all of it, or nothing. Other tenants are not touched. Writes
 * to the tenant wait until it is done, or fail.
 *
 * @throws {BackupRefused} when the file is damaged, or of another tenant or version, and when the tenant has rows that are
 * not to give way
 */
export async function restoreTenant(request: RestoreRequest): Promise<RestoredTenant> {
  const { ownerUrl, tenantId, schemas, file, afterwards } = request;
  const manifest = await verifyBackup(file);
  return await withOwner({ ownerUrl, tenantId, begin: 'BEGIN' }, async (client) => {
    await assertFits(client, request, manifest);
    const tables = await findTenantTables(client, ['platform', ...schemas]);
    const rowCount = await layAside(client, file, tables);
    await client.query('SELECT platform.lock_changes()');
    const erasedSince = await findErased(client, request, manifest);
    await clear(client, tables, request);
    await fill(client, tables);
    for (const statement of afterwards) await client.query(statement, [tenantId]);
    await beginLife(client, request, manifest);
    return { at: new Date(manifest.at), rowCount, erasedSince };
  });
}
