import { randomBytes } from 'node:crypto';
import { connectionStringFor } from '../../kernel/data/app-role.ts';
import { runStatements } from './run-statements.ts';

/** What the global setup tells the tests, as JSON in the environment variable `testDatabaseVariable`. */
export interface TestDatabaseSource {
  /** Connection string of the owner, for the database to which administrative statements are sent. */
  readonly adminUrl: string;
  /** A migrated database that is copied for every test; nobody may be connected to it. */
  readonly template: string;
  readonly secret: string;
}

export const testDatabaseVariable = 'PANORAMA_TEST_DATABASE';

/** A database of a test's own. */
export interface TestDatabase {
  /** Connection string of the owner, who is not held by the wall (a superuser on the embedded server). */
  readonly ownerUrl: string;
  /** Connection string of an app's role, for `createTenantDatabase`. */
  urlFor(app: string): string;
  /** Drops the database, ending connections that are still open. */
  drop(): Promise<void>;
}

/** Copies the run's migrated template: every app's schema, tables and policies, without rows. Takes tens of ms. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { template } = readSource();
  return create(template, template);
}

/** Makes a database without any schema, for tests that migrate; its roles are named after it. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return create('template0', undefined);
}

/** The secret from which the passwords of this run's roles are derived. */
export function testSecret(): string {
  return readSource().secret;
}

async function create(template: string, rolePrefix: string | undefined): Promise<TestDatabase> {
  const source = readSource();
  const name = `${source.template}_${randomBytes(6).toString('hex')}`;
  await runStatements(source.adminUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const ownerUrl = urlOfDatabase(source.adminUrl, name);
  return {
    ownerUrl,
    urlFor: (app) => connectionStringFor(ownerUrl, { app, secret: source.secret, rolePrefix }),
    drop: async () => {
      await runStatements(source.adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** The same server and user, another database. */
export function urlOfDatabase(connectionString: string, database: string): string {
  const url = new URL(connectionString);
  url.pathname = `/${database}`;
  return url.href;
}

/** Reads what the global setup left, in the tests and in the global teardown. */
export function readSource(): TestDatabaseSource {
  const text = process.env[testDatabaseVariable];
  if (text === undefined) throw new Error('No test database: jest.config.ts must name test/support/global-setup.ts.');
  return JSON.parse(text) as TestDatabaseSource;
}
