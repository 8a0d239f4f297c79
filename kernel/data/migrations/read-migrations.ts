import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineSchema } from '../engine-schema.ts';
import { StartRefused } from '../start-refused.ts';

/** One app's part of the database. */
export interface AppSchema {
  /** The app; its Postgres schema has the same name. */
  readonly name: string;
  /** A folder in Prisma's format: `<timestamp>_<name>/migration.sql`. */
  readonly migrationsDirectory: URL | string;
  /**
   * What its role may do with the audit records. By default it writes what was done in the app, for the tenant of the
   * transaction; the `reader` also reads those of the tenant; the `gateway` writes what happened before any app was reached.
   */
  readonly audit?: 'reader' | 'gateway' | 'none' | undefined;
  /**
   * What its role may do with the change log. By default it writes and reads the changes of the app, in the tenant of the
   * transaction; the `reader` reads those of all apps, and learns which tenants have new ones.
   */
  readonly changes?: 'reader' | 'none' | undefined;
  /** The `keeper` also reads what clients pushed in vain, into whichever app, and notes that they know. */
  readonly sync?: 'keeper' | undefined;
  /** The schema of a library by which the app does what takes longer than a request. */
  readonly engine?: EngineSchema | undefined;
}

/** A migration as it lies in the folder. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/**
 * Reads an app's migrations in the order in which they are applied, which is the order of their names. An app without
 * the folder has none.
 *
 * @throws {StartRefused} when a folder has no `migration.sql`
 */
export async function readMigrations(app: AppSchema): Promise<readonly Migration[]> {
  const { migrationsDirectory } = app;
  const directory = typeof migrationsDirectory === 'string' ? migrationsDirectory : fileURLToPath(migrationsDirectory);
  const names = await readFolders(directory);
  return Promise.all(
    names.map(async (name) => ({ name, sql: await readSql(join(directory, name, 'migration.sql'), app.name, name) })),
  );
}

/** The checksum that Prisma records: SHA-256 of the file, in hex. */
export function checksumOf(sql: string): string {
  return createHash('sha256').update(sql).digest('hex');
}

/** Tells whether a file is the one that was applied; like Prisma, whichever way its lines end. */
export function matchesChecksum(sql: string, checksum: string): boolean {
  const unix = sql.replaceAll('\r\n', '\n');
  return [sql, unix, unix.replaceAll('\n', '\r\n')].some((text) => checksumOf(text) === checksum);
}

async function readFolders(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function readSql(path: string, app: string, migration: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new StartRefused(
      `The migration ${migration} of app ${app} has no readable migration.sql. Put the file back or remove the folder.`,
      { app, migration },
      { cause },
    );
  }
}
