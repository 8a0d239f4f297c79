import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppSchema } from '../../kernel/data/migrate.ts';
import { createTestDirectory } from './test-server.ts';

/** A table of the app `notes` that keeps every rule of the wall. */
export const notesSql = `
  CREATE TABLE notes (
    tenant_id text NOT NULL,
    id text NOT NULL,
    body text NOT NULL,
    parent_id text,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT notes_body UNIQUE (tenant_id, body),
    CONSTRAINT notes_parent FOREIGN KEY (tenant_id, parent_id) REFERENCES notes (tenant_id, id)
  );
  ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
  ALTER TABLE notes FORCE ROW LEVEL SECURITY;
  CREATE POLICY tenant ON notes USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
  CREATE POLICY holder ON notes FOR SELECT USING (id = nullif(current_setting('panorama.note_id', true), ''));
`;

/** Migrations of one app in a temporary folder. */
export interface MigrationFolder extends AppSchema {
  readonly migrationsDirectory: string;
  write(migration: string, sql: string): Promise<void>;
  delete(migration: string): Promise<void>;
  remove(): Promise<void>;
}

/** Makes a folder with the given migrations (`{ '0001_first': sql }`). */
export async function createMigrationFolder(
  name: string,
  migrations: Readonly<Record<string, string>>,
): Promise<MigrationFolder> {
  const migrationsDirectory = await createTestDirectory();
  const write = async (migration: string, sql: string) => {
    await mkdir(join(migrationsDirectory, migration), { recursive: true });
    await writeFile(join(migrationsDirectory, migration, 'migration.sql'), sql);
  };
  await writeFile(join(migrationsDirectory, 'migration_lock.toml'), 'provider = "postgresql"\n');
  for (const [migration, sql] of Object.entries(migrations)) await write(migration, sql);
  return {
    name,
    migrationsDirectory,
    write,
    delete: (migration) => rm(join(migrationsDirectory, migration), { recursive: true }),
    remove: () => rm(migrationsDirectory, { recursive: true, force: true }),
  };
}
