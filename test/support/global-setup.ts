import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { type AppSchema, migrate } from '../../kernel/data/migrate.ts';
import { changeFeedSchema } from '../../kernel/data/platform-schema.ts';
import { useCounterSchema } from '../../kernel/data/use-counter.ts';
import { dbosSchema } from '../../subgraphs/coordination/workflows/dbos-schema.ts';
import { type TestDatabaseSource, testDatabaseVariable, urlOfDatabase } from './database.ts';
import { beginDemoDirectory } from './demo-directory.ts';
import { beginOutput, discardOutput, keepSecrets } from './output-of-run.ts';
import { runStatements } from './run-statements.ts';
import { startTestServer, type TestServer } from './test-server.ts';

declare global {
  /** The run's server, from the global setup to the global teardown; both run in Jest's own process. */
  var panoramaTestServer: TestServer | undefined;
}

/** Starts the Postgres of this test run, and migrates the database that `createTestDatabase` copies. */
export default async function setup(): Promise<void> {
  const server = await startTestServer(process.env.TEST_DATABASE_URL);
  globalThis.panoramaTestServer = server;
  beginOutput();
  beginDemoDirectory();
  try {
    process.env[testDatabaseVariable] = JSON.stringify(await createTemplate(server));
  } catch (error) {
    discardOutput();
    await server.stop(); // Jest runs no teardown when the setup fails
    throw error;
  }
}

async function createTemplate({ adminUrl, name }: TestServer): Promise<TestDatabaseSource> {
  await runStatements(adminUrl, `CREATE DATABASE ${name} TEMPLATE template0`);
  const source = { adminUrl, template: name, secret: randomBytes(16).toString('hex') };
  keepSecrets({ secret: source.secret, ownerUrl: urlOfDatabase(adminUrl, name), rolePrefix: name });
  await migrate({
    connectionString: urlOfDatabase(adminUrl, name),
    apps: [...(await findApps()), useCounterSchema, changeFeedSchema],
    secret: source.secret,
    onProgress: () => undefined,
  });
  return source;
}

/** Every app with a folder `prisma/<app>`; one without migrations yet gets an empty schema. */
async function findApps(): Promise<readonly AppSchema[]> {
  const root = new URL('../../prisma/', import.meta.url);
  const entries = await readdir(root, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({
      name,
      migrationsDirectory: new URL(`${name}/migrations/`, root),
      audit: name === 'security' ? 'reader' : undefined,
      sync: name === 'coordination' ? 'keeper' : undefined,
      engine: name === 'coordination' ? dbosSchema : undefined,
    }));
}
