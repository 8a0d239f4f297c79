import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createEmptyDatabase, type TestDatabase } from '../support/database.ts';
import { createDataDirectory, type PlatformProcess, startPlatformProcess } from '../support/platform.ts';
import { runStatements } from '../support/run-statements.ts';

describe('an operator with a Postgres of their own', () => {
  let directory: Awaited<ReturnType<typeof createDataDirectory>>;
  let database: TestDatabase;
  let platform: PlatformProcess;

  beforeAll(async () => {
    directory = await createDataDirectory();
    database = await createEmptyDatabase();
    const settings = { DATABASE_URL: database.ownerUrl, PANORAMA_DEMO: 'true' };
    platform = await startPlatformProcess(directory.path, [], settings);
  }, 120_000);

  afterAll(async () => {
    await platform?.end('SIGTERM');
    await database?.drop();
    await directory.remove();
  });

  test('is served from it, without a server in the data directory', async () => {
    const { data } = await platform.post('{ customers { totalCount } }');
    expect(data).toEqual({ customers: { totalCount: 200 } });
    expect(existsSync(join(directory.path, 'postgres'))).toBe(false);
  });

  test('finds a role for each app, the gateway, the feed and the engine of workflows, and no role that passes the wall', async () => {
    const roles = await runStatements(
      database.ownerUrl,
      `SELECT rolname, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname LIKE current_database() || '\\_%' ORDER BY rolname`,
    );
    const name = new URL(database.ownerUrl).pathname.slice(1);
    expect(roles).toEqual(
      ['analytics', 'coordination', 'crm', 'dbos', 'documents', 'feed', 'gateway', 'security', 'users'].map((app) => ({
        rolname: `${name}_${app}`,
        rolsuper: false,
        rolbypassrls: false,
        rolcreaterole: false,
      })),
    );
  });
});
