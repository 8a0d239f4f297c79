import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectionStringFor, databaseNameOf } from '../../../kernel/data/app-role.ts';
import { migrate } from '../../../kernel/data/migrate.ts';
import { createEmptyDatabase, type TestDatabase, testSecret } from '../../support/database.ts';
import { createMigrationFolder, notesSql } from '../../support/migration-folder.ts';
import { runStatements } from '../../support/run-statements.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createEmptyDatabase();
  const apps = await Promise.all(
    ['notes', 'diary'].map((name) =>
      createMigrationFolder(name, { '0001_first': `${notesSql} CREATE SEQUENCE ticks;` }),
    ),
  );
  const options = { connectionString: database.ownerUrl, secret: testSecret(), onProgress: () => undefined };
  await migrate({ ...options, apps });
  await Promise.all(apps.map((app) => app.remove()));
});
afterAll(() => database.drop());

describe('the role of an app', () => {
  test('uses the tables and sequences of its own schema, without naming it', async () => {
    expect(await runStatements(database.urlFor('notes'), 'SELECT * FROM notes')).toEqual([]);
    expect(await runStatements(database.urlFor('notes'), `SELECT nextval('ticks') AS tick`)).toEqual([{ tick: '1' }]);
  });

  test.each([
    ['read the tables of another app', 'SELECT * FROM diary.notes'],
    ['read the migration history', 'SELECT * FROM notes._prisma_migrations'],
    ['create tables in its schema', 'CREATE TABLE notes.mine ()'],
    ['create tables in schema public', 'CREATE TABLE public.mine ()'],
    ['create schemas', 'CREATE SCHEMA mine'],
    ['create temporary tables', 'CREATE TEMPORARY TABLE mine ()'],
    ['create roles', 'CREATE ROLE mine'],
    ['empty a table past its policies', 'TRUNCATE notes'],
    ['switch a policy off', 'ALTER TABLE notes DISABLE ROW LEVEL SECURITY'],
    ['become the owner', 'SET ROLE pg_database_owner'],
    ['read passwords', 'SELECT * FROM pg_authid'],
  ])('cannot %s', async (_what, statement) => {
    await expect(runStatements(database.urlFor('notes'), statement)).rejects.toThrow(/permission denied|must be owner/);
  });

  test('cannot read past its policies by switching row security off', async () => {
    await expect(
      runStatements(database.urlFor('notes'), 'SET row_security = off', 'SELECT * FROM notes'),
    ).rejects.toThrow('would be affected by row-level security');
  });

  test('may use tables that are made later', async () => {
    await runStatements(database.ownerUrl, 'CREATE TABLE notes.later (id integer)');
    expect(await runStatements(database.urlFor('notes'), 'SELECT * FROM later')).toEqual([]);
  });

  test('has a password that only the secret gives', async () => {
    const guessed = connectionStringFor(database.ownerUrl, { app: 'notes', secret: 'another secret' });
    await expect(runStatements(guessed, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });

  test('is bounded in time and reads times as UTC', async () => {
    const [settings] = await runStatements(
      database.urlFor('notes'),
      `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
        current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('TimeZone') AS zone`,
    );
    expect(settings).toEqual({ statement: '5s', lock: '2s', idle: '10s', zone: 'UTC' });
  });

  test('is refused when its name would be cut or is no plain name', () => {
    const long = { app: 'notes', secret: 's', rolePrefix: 'x'.repeat(60) };
    expect(() => connectionStringFor(database.ownerUrl, long)).toThrow('longer than the 63 bytes');
    expect(() => connectionStringFor(database.ownerUrl, { app: 'No-tes', secret: 's' })).toThrow('app name "No-tes"');
    expect(() => databaseNameOf('postgresql://localhost/')).toThrow('must name a database');
  });
});
