import pg from 'pg';
import type { AppliedMigration, BackupManifest } from './backup-format.ts';

/** The migrations that are applied to some schemas, by schema, in the order of their names; an app that never ran has none. */
export async function findApplied(
  client: pg.Client,
  schemas: readonly string[],
): Promise<BackupManifest['migrations']> {
  const found: Record<string, readonly AppliedMigration[]> = {};
  for (const schema of schemas) {
    const history = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
      `${pg.escapeIdentifier(schema)}._prisma_migrations`,
    ]);
    if (!history.rows[0]?.there) continue;
    const { rows } = await client.query<AppliedMigration>(
      `SELECT migration_name AS name, checksum FROM ${pg.escapeIdentifier(schema)}._prisma_migrations
       WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name`,
    );
    found[schema] = rows;
  }
  return found;
}

/** The first migration that one database has and the other has not, as `app/name`; undefined when there is none. */
export function firstDifference(
  one: BackupManifest['migrations'],
  other: BackupManifest['migrations'],
): string | undefined {
  const namesIn = (migrations: BackupManifest['migrations']) =>
    Object.entries(migrations).flatMap(([schema, applied]) =>
      applied.map(({ name, checksum }) => `${schema}/${name} ${checksum}`),
    );
  const [ours, theirs] = [new Set(namesIn(one)), new Set(namesIn(other))];
  const different = [...ours, ...theirs].filter((name) => !ours.has(name) || !theirs.has(name));
  return different.sort()[0]?.replace(/ .*$/, '');
}
