import { describe, expect, test } from '@jest/globals';
import { databaseNameOf } from '../../../kernel/data/app-role.ts';
import { migrate } from '../../../kernel/data/migrate.ts';
import { createEmptyDatabase, type TestDatabase, testSecret } from '../../support/database.ts';
import { createMigrationFolder, notesSql } from '../../support/migration-folder.ts';
import { runStatements } from '../../support/run-statements.ts';

/** Migrates an app `notes` and gives what the start says, `undefined` when it is content. */
async function startWith(database: TestDatabase, ...migrations: readonly string[]): Promise<string | undefined> {
  const names = migrations.map((sql, index) => [`000${index}_step`, sql]);
  const notes = await createMigrationFolder('notes', Object.fromEntries(names));
  const options = { connectionString: database.ownerUrl, apps: [notes], secret: testSecret() };
  try {
    await migrate({ ...options, onProgress: () => undefined });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await notes.remove();
  }
}

const secured = `ALTER TABLE open ENABLE ROW LEVEL SECURITY; ALTER TABLE open FORCE ROW LEVEL SECURITY;`;
const policy = `CREATE POLICY tenant ON open USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));`;
const table = 'CREATE TABLE open (tenant_id text, id text, PRIMARY KEY (tenant_id, id));';

const breaches: readonly (readonly [what: string, sql: string, message: string])[] = [
  ['a table without row-level security', `${table} ${policy}`, 'notes.open needs ENABLE and FORCE ROW LEVEL SECURITY'],
  [
    'row-level security that its owner escapes',
    `${table} ${policy} ALTER TABLE open ENABLE ROW LEVEL SECURITY;`,
    'notes.open needs ENABLE and FORCE ROW LEVEL SECURITY',
  ],
  ['a table without a policy', `${table} ${secured}`, 'notes.open needs a policy'],
  [
    'a policy that lets everyone in',
    `${table} ${secured} ${policy} CREATE POLICY all_of_it ON open USING (true);`,
    'notes.open.all_of_it is a policy that does not compare',
  ],
  [
    'a policy that lets everyone write',
    `${table} ${secured} ${policy} CREATE POLICY writers ON open FOR INSERT WITH CHECK (true);`,
    'notes.open.writers is a policy that does not compare',
  ],
  [
    'a primary key without tenant_id',
    `CREATE TABLE open (tenant_id text, id text PRIMARY KEY); ${secured} ${policy}`,
    'notes.open needs tenant_id in its primary key',
  ],
  [
    'a unique index without tenant_id',
    `${notesSql} CREATE UNIQUE INDEX notes_by_body ON notes (lower(body));`,
    'notes.notes_by_body is a unique index without tenant_id',
  ],
  [
    'a unique index that only carries tenant_id along',
    `${notesSql} CREATE UNIQUE INDEX notes_by_body ON notes (body) INCLUDE (tenant_id);`,
    'notes.notes_by_body is a unique index without tenant_id',
  ],
  [
    'a foreign key that can reach another tenant',
    `${notesSql} ALTER TABLE notes ADD other text;
     ALTER TABLE notes ADD CONSTRAINT crossing FOREIGN KEY (other, parent_id) REFERENCES notes (tenant_id, id);`,
    'notes.notes.crossing is a foreign key that does not take tenant_id to tenant_id',
  ],
  [
    'a view that reads as its owner',
    `${notesSql} CREATE VIEW all_notes AS SELECT * FROM notes;`,
    'notes.all_notes is a view without security_invoker',
  ],
  [
    'a function that runs as its owner',
    `CREATE FUNCTION peek() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';`,
    'notes.peek is a SECURITY DEFINER function',
  ],
];

describe('the start', () => {
  test.each(breaches)('refuses %s', async (_what, sql, message) => {
    const database = await createEmptyDatabase();
    expect(await startWith(database, sql)).toContain(message);
    await database.drop();
  });

  test('accepts a table that says why it has no tenant', async () => {
    const database = await createEmptyDatabase();
    const sql = `CREATE TABLE open (id text PRIMARY KEY); ${secured}
      CREATE POLICY readers ON open FOR SELECT USING (true);`;
    expect(await startWith(database, `${sql} COMMENT ON TABLE open IS 'panorama:no-tenant';`)).toContain(
      'notes.open needs tenant_id in its primary key',
    );
    await database.drop();
    const other = await createEmptyDatabase();
    const reason = `COMMENT ON TABLE open IS 'panorama:no-tenant the list of currencies is the same for everyone';`;
    expect(await startWith(other, `${sql} ${reason}`)).toBeUndefined();
    await other.drop();
  });

  test('accepts a view that reads as its caller', async () => {
    const database = await createEmptyDatabase();
    const view = 'CREATE VIEW titles WITH (security_invoker = true) AS SELECT id FROM notes;';
    expect(await startWith(database, notesSql, view)).toBeUndefined();
    await database.drop();
  });

  test('refuses a role that was let read what every app writes', async () => {
    const database = await createEmptyDatabase();
    expect(await startWith(database, notesSql)).toBeUndefined();
    const role = `${databaseNameOf(database.ownerUrl)}_notes`;
    const all = `ON platform.audit_records TO ${role}`;
    await runStatements(database.ownerUrl, `GRANT ALL ${all}`, `GRANT SELECT (code), UPDATE (code) ${all}`);
    expect(await startWith(database, notesSql)).toBeUndefined(); // the start itself takes it back
    const setting = `nullif(current_setting('panorama.tenant_id', true), '')`;
    await runStatements(
      database.ownerUrl,
      `CREATE POLICY mine ON platform.audit_records FOR SELECT TO ${role} USING (tenant_id = ${setting})`,
    );
    expect(await startWith(database, notesSql)).toContain(
      `role ${role} is let into platform.audit_records by the policy mine`,
    );
    await database.drop();
  });

  test('refuses what opens the change log', async () => {
    const database = await createEmptyDatabase();
    expect(await startWith(database, notesSql)).toBeUndefined();
    const role = `${databaseNameOf(database.ownerUrl)}_notes`;
    const setting = `nullif(current_setting('panorama.tenant_id', true), '')`;
    await runStatements(
      database.ownerUrl,
      `CREATE POLICY all_apps ON platform.change_log FOR SELECT TO ${role} USING (tenant_id = ${setting})`,
      'CREATE FUNCTION platform.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER RETURN 1',
      'ALTER FUNCTION platform.append_changes RESET ALL',
      'ALTER TABLE platform.change_log_1 DISABLE ROW LEVEL SECURITY',
    );
    const refusal = await startWith(database, notesSql);
    expect(refusal).toContain(`role ${role} is let into platform.change_log by the policy all_apps`);
    expect(refusal).toContain('platform.peek is a SECURITY DEFINER function');
    expect(refusal).toContain('platform.append_changes runs as its owner without a search_path');
    expect(refusal).toContain('platform.change_log_1 needs ENABLE and FORCE ROW LEVEL SECURITY');
    await database.drop();
  });

  test('refuses a role that was given more than its schema', async () => {
    const database = await createEmptyDatabase();
    expect(await startWith(database, notesSql)).toBeUndefined();
    const role = `${databaseNameOf(database.ownerUrl)}_notes`;
    await runStatements(database.ownerUrl, `GRANT pg_read_all_data TO ${role}`);
    expect(await startWith(database, notesSql)).toContain(`role ${role} is a member of pg_read_all_data`);
    await runStatements(
      database.ownerUrl,
      `REVOKE pg_read_all_data FROM ${role}`,
      `GRANT CREATE ON SCHEMA notes TO ${role}`,
    );
    expect(await startWith(database, notesSql)).toBeUndefined(); // the start itself takes it back
    await runStatements(database.ownerUrl, `ALTER ROLE ${role} BYPASSRLS`);
    expect(await startWith(database, notesSql)).toContain(`The database role ${role} exists with more rights`);
    await database.drop();
  });
});
