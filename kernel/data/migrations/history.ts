import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { StartRefused } from '../start-refused.ts';
import { checksumOf, type Migration, matchesChecksum } from './read-migrations.ts';

interface Applied {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

/** Prisma's own table, column for column, so that `prisma migrate deploy` and we read each other's history. */
const historyColumns = `
  id                  VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum            VARCHAR(64) NOT NULL,
  finished_at         TIMESTAMPTZ,
  migration_name      VARCHAR(255) NOT NULL,
  logs                TEXT,
  rolled_back_at      TIMESTAMPTZ,
  started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0`;

/**
 * Compares an app's migration folder with what its schema records, and returns what is still to be applied. The
 * schema and its history table are made when they do not exist.
 *
 * @throws {StartRefused} when an applied migration was changed, is missing or did not finish
 */
export async function findPending(
  client: pg.Client,
  app: string,
  migrations: readonly Migration[],
): Promise<readonly Migration[]> {
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(app)}`);
  await client.query(`CREATE TABLE IF NOT EXISTS ${historyOf(app)} (${historyColumns})`);
  const { rows } = await client.query<Applied>(
    `SELECT migration_name, checksum, finished_at FROM ${historyOf(app)} WHERE rolled_back_at IS NULL ORDER BY started_at`,
  );
  const byName = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const applied of rows) assertUnchanged(app, applied, byName.get(applied.migration_name));
  const done = new Set(rows.map((applied) => applied.migration_name));
  return migrations.filter((migration) => !done.has(migration.name));
}

/**
 * Applies one migration in the app's schema and records it, all in one transaction: when it fails nothing has
 * happened, and it can be corrected and started again.
 *
 * @throws {StartRefused} naming app and migration, with what Postgres said
 */
export async function applyMigration(client: pg.Client, app: string, migration: Migration): Promise<void> {
  const startedAt = new Date();
  try {
    await client.query('BEGIN');
    await client.query(`SET LOCAL search_path TO ${pg.escapeIdentifier(app)}`);
    await client.query(migration.sql);
    await client.query(
      `INSERT INTO ${historyOf(app)} (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, $4, clock_timestamp(), 1)`,
      [randomUUID(), checksumOf(migration.sql), migration.name, startedAt],
    );
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK');
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartRefused(
      `The migration ${migration.name} of app ${app} failed and was rolled back: ${reason}. Correct it and start again.`,
      { app, migration: migration.name },
      { cause },
    );
  }
}

function historyOf(app: string): string {
  return `${pg.escapeIdentifier(app)}._prisma_migrations`;
}

function assertUnchanged(app: string, applied: Applied, migration: Migration | undefined): void {
  const name = applied.migration_name;
  const refuse = (what: string, remedy: string) =>
    new StartRefused(`The migration ${name} of app ${app} ${what}. ${remedy} Nothing was applied.`, {
      app,
      migration: name,
    });
  if (applied.finished_at === null) {
    throw refuse(
      'was started by another program and did not finish',
      `Bring the schema ${app} into the state before or after it, then run \`prisma migrate resolve\` ` +
        `or correct its row in ${app}._prisma_migrations.`,
    );
  }
  if (migration === undefined) {
    throw refuse(
      'has been applied to this database, but its folder is missing',
      'Put the folder back; if the database belongs to a newer version of the program, start that version.',
    );
  }
  if (!matchesChecksum(migration.sql, applied.checksum)) {
    throw refuse(
      'was changed after it had been applied to this database',
      'Restore its migration.sql as it was, and put the change into a new migration.',
    );
  }
}
