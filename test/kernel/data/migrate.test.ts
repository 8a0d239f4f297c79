import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { databaseNameOf } from '../../../kernel/data/app-role.ts';
import { type MigrateResult, migrate } from '../../../kernel/data/migrate.ts';
import { createEmptyDatabase, type TestDatabase, testSecret } from '../../support/database.ts';
import { createMigrationFolder, type MigrationFolder, notesSql } from '../../support/migration-folder.ts';
import { runStatements } from '../../support/run-statements.ts';

const addColumn = 'ALTER TABLE notes ADD COLUMN title text;';

let database: TestDatabase;
let notes: MigrationFolder;
beforeEach(async () => {
  [database, notes] = await Promise.all([
    createEmptyDatabase(),
    createMigrationFolder('notes', { '20260101000000_first': notesSql, '20260102000000_second': addColumn }),
  ]);
});
afterEach(async () => {
  await Promise.all([database.drop(), notes.remove()]);
});

async function run(...apps: readonly MigrationFolder[]): Promise<MigrateResult> {
  return migrate({ connectionString: database.ownerUrl, apps, secret: testSecret(), onProgress: () => undefined });
}

async function history(): Promise<readonly Record<string, unknown>[]> {
  return runStatements(database.ownerUrl, 'SELECT * FROM notes._prisma_migrations ORDER BY migration_name');
}

describe('the migration runner', () => {
  test('applies migrations in order and records them as Prisma does', async () => {
    const { applied } = await run(notes);
    expect(applied).toEqual(['notes/20260101000000_first', 'notes/20260102000000_second']);
    expect(await history()).toEqual(
      Object.entries({ '20260101000000_first': notesSql, '20260102000000_second': addColumn }).map(([name, sql]) => ({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        checksum: createHash('sha256').update(sql).digest('hex'),
        finished_at: expect.any(Date),
        migration_name: name,
        logs: null,
        rolled_back_at: null,
        started_at: expect.any(Date),
        applied_steps_count: 1,
      })),
    );
  });

  test('does nothing the second time', async () => {
    await run(notes);
    const before = await history();
    expect(await run(notes)).toEqual({ applied: [] });
    expect(await history()).toEqual(before);
  });

  test('applies only what is new', async () => {
    await run(notes);
    await notes.write('20260103000000_third', 'ALTER TABLE notes ADD COLUMN rank integer;');
    expect(await run(notes)).toEqual({ applied: ['notes/20260103000000_third'] });
  });

  test('accepts an applied migration whose line ends were converted', async () => {
    await run(notes);
    await notes.write('20260101000000_first', notesSql.replaceAll('\n', '\r\n'));
    expect(await run(notes)).toEqual({ applied: [] });
  });

  test('refuses a changed migration by name and applies nothing, not even of other apps', async () => {
    await run(notes);
    await notes.write('20260101000000_first', `${notesSql}-- changed`);
    await notes.write('20260103000000_third', 'ALTER TABLE notes ADD COLUMN rank integer;');
    const other = await createMigrationFolder('alpha', { '20260101000000_first': notesSql });
    await expect(run(other, notes)).rejects.toThrow(/20260101000000_first of app notes was changed/);
    expect(await history()).toHaveLength(2);
    expect(await runStatements(database.ownerUrl, 'SELECT * FROM alpha._prisma_migrations')).toEqual([]);
    await other.remove();
  });

  test('refuses to go on when the folder of an applied migration is missing', async () => {
    await run(notes);
    await notes.delete('20260102000000_second');
    await expect(run(notes)).rejects.toThrow(/20260102000000_second of app notes .* its folder is missing/);
  });

  test('refuses to go on after a migration that Prisma could not finish, until it is marked as rolled back', async () => {
    await run(notes);
    const last = `WHERE migration_name = '20260102000000_second'`;
    await runStatements(database.ownerUrl, `UPDATE notes._prisma_migrations SET finished_at = NULL ${last}`);
    await expect(run(notes)).rejects.toThrow(/20260102000000_second of app notes .* did not finish/);
    await runStatements(
      database.ownerUrl,
      `UPDATE notes._prisma_migrations SET rolled_back_at = now() ${last}`,
      'ALTER TABLE notes.notes DROP COLUMN title',
    );
    expect(await run(notes)).toEqual({ applied: ['notes/20260102000000_second'] });
  });

  test('rolls a failing migration back, names it, and applies it when it has been corrected', async () => {
    await notes.write('20260102000000_second', 'CREATE TABLE half (); SELECT 1/0;');
    await expect(run(notes)).rejects.toThrow(/20260102000000_second of app notes failed .*division by zero/);
    expect(await runStatements(database.ownerUrl, `SELECT to_regclass('notes.half') AS half`)).toEqual([
      { half: null },
    ]);
    await notes.write('20260102000000_second', addColumn);
    expect(await run(notes)).toEqual({ applied: ['notes/20260102000000_second'] });
  });

  test('names a folder without migration.sql', async () => {
    await notes.delete('20260102000000_second');
    await notes.write('20260102000000_second/deeper', '');
    await expect(run(notes)).rejects.toThrow('20260102000000_second of app notes has no readable migration.sql');
  });

  test('run by two processes at once applies everything once', async () => {
    const results = await Promise.all([run(notes), run(notes), run(notes)]);
    expect(results.flatMap(({ applied }) => applied).sort()).toEqual([
      'notes/20260101000000_first',
      'notes/20260102000000_second',
    ]);
  });

  test('run on two databases of one server at once shares the roles without a clash', async () => {
    const second = await createEmptyDatabase();
    const rolePrefix = databaseNameOf(database.ownerUrl);
    const options = { apps: [notes], secret: testSecret(), rolePrefix, onProgress: () => undefined };
    const urls = [database.ownerUrl, second.ownerUrl];
    const results = await Promise.all(urls.map((connectionString) => migrate({ ...options, connectionString })));
    expect(results.map(({ applied }) => applied.length)).toEqual([2, 2]);
    await second.drop();
  });

  test('gives up waiting for another one, with a message', async () => {
    const progress: string[] = [];
    const holder = new pg.Client({ connectionString: database.ownerUrl });
    await holder.connect();
    await holder.query('SELECT pg_advisory_lock(72707369)');
    await expect(
      migrate({
        connectionString: database.ownerUrl,
        apps: [notes],
        secret: testSecret(),
        lockTimeoutMillis: 50,
        onProgress: (text) => progress.push(text),
      }),
    ).rejects.toThrow('Another process has been migrating this database for more than 0.05 s');
    await holder.end();
    expect(progress).toEqual(['Waiting for another process that migrates this database']);
  });
});

describe('the owner of an external database', () => {
  async function ownerWith(rights: string, ...grants: readonly string[]): Promise<string> {
    const name = `${databaseNameOf(database.ownerUrl)}_owner`;
    await runStatements(database.ownerUrl, `CREATE ROLE ${name} LOGIN ${rights} PASSWORD 'secret'`, ...grants);
    const url = new URL(database.ownerUrl);
    url.username = name;
    url.password = 'secret';
    return url.href;
  }

  test('need not be a superuser', async () => {
    const name = databaseNameOf(database.ownerUrl);
    const connectionString = await ownerWith('CREATEROLE');
    await runStatements(database.ownerUrl, `GRANT CREATE ON DATABASE ${name} TO ${name}_owner`);
    const options = { connectionString, apps: [notes], secret: testSecret(), onProgress: () => undefined };
    expect((await migrate(options)).applied).toHaveLength(2);
    expect((await migrate(options)).applied).toHaveLength(0);
    expect(await runStatements(database.urlFor('notes'), 'SELECT * FROM notes')).toEqual([]);
    // Nor is one needed to delete audit records; but it has to be said.
    await runStatements(
      database.urlFor('notes'),
      `SET panorama.tenant_id = 'acme'`,
      `INSERT INTO platform.audit_records (tenant_id, id, kind, outcome, target_app)
        VALUES ('acme', 'r1', 'MUTATION', 'DONE', 'notes')`,
    );
    const deletion = 'DELETE FROM platform.audit_records RETURNING id';
    expect(await runStatements(connectionString, deletion)).toEqual([]);
    expect(await runStatements(connectionString, `SET panorama.operator = 'yes'`, deletion)).toEqual([{ id: 'r1' }]);
  });

  test('is told which rights are missing', async () => {
    const connectionString = await ownerWith('NOCREATEROLE');
    const options = { connectionString, apps: [notes], secret: testSecret(), onProgress: () => undefined };
    await expect(migrate(options)).rejects.toThrow(/GRANT CREATE ON DATABASE .*; ALTER ROLE .* CREATEROLE;/);
  });

  test('is told when the server does not answer', async () => {
    const url = new URL(database.ownerUrl);
    url.password = 'wrong';
    const options = { connectionString: url.href, apps: [notes], secret: 's', onProgress: () => undefined };
    await expect(migrate(options)).rejects.toThrow('Check DATABASE_URL');
  });
});
