import { randomBytes } from 'node:crypto';
import { access, chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDirectory } from '../../kernel/data/directory-lock.ts';
import { startEmbeddedPostgres } from '../../kernel/data/postgres/embedded-postgres.ts';
import { StartRefused } from '../../kernel/data/start-refused.ts';
import { runStatements } from './run-statements.ts';

/** The Postgres of one test run. */
export interface TestServer {
  readonly adminUrl: string;
  /** What the names of the run's databases and roles begin with. */
  readonly name: string;
  /** Removes what the run made: its databases and roles, or its whole server. */
  stop(): Promise<void>;
}

const directoryPrefix = 'panorama-test-';
const abandonedAfterMillis = 60_000;
const silent = () => undefined;

/** Uses the server of a connection string, or starts one in a directory of its own. */
export async function startTestServer(connectionString: string | undefined): Promise<TestServer> {
  const name = `panorama_test_${randomBytes(4).toString('hex')}`;
  if (connectionString === undefined) return startOwnServer(name);
  return { adminUrl: connectionString, name, stop: () => removeFrom(connectionString, name) };
}

/** Makes an empty directory that Postgres's user may enter; the caller removes it. */
export async function createTestDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), directoryPrefix));
  await chmod(directory, 0o755);
  return directory;
}

async function startOwnServer(name: string): Promise<TestServer> {
  await removeAbandoned();
  const directory = await createTestDirectory();
  const lock = await lockDirectory(directory);
  const server = await startEmbeddedPostgres({ lock, onProgress: silent });
  // Nothing here outlives the run, so nothing needs to reach the disk.
  await runStatements(server.connectionString, 'ALTER SYSTEM SET fsync = off', 'SELECT pg_reload_conf()');
  return {
    adminUrl: server.connectionString,
    name,
    stop: async () => {
      await server.stop();
      await lock.release();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function removeFrom(adminUrl: string, name: string): Promise<void> {
  const databases = await runStatements(adminUrl, `SELECT datname FROM pg_database WHERE datname LIKE '${name}%'`);
  for (const { datname } of databases) await runStatements(adminUrl, `DROP DATABASE "${datname}" WITH (FORCE)`);
  const roles = await runStatements(adminUrl, `SELECT rolname FROM pg_roles WHERE rolname LIKE '${name}%'`);
  for (const { rolname } of roles) await runStatements(adminUrl, `DROP ROLE "${rolname}"`);
}

/** Stops and removes the servers of test runs that were killed. */
async function removeAbandoned(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(directoryPrefix));
  for (const directory of names.map((name) => join(tmpdir(), name))) {
    try {
      await removeIfAbandoned(directory);
    } catch (error) {
      // Refused: the run that owns it is alive. Not found: another run has just removed it.
      if (!(error instanceof StartRefused) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

async function removeIfAbandoned(directory: string): Promise<void> {
  if (Date.now() - (await stat(directory)).mtimeMs < abandonedAfterMillis) return;
  const lock = await lockDirectory(directory);
  if (await exists(join(directory, 'postgres', 'postmaster.pid'))) {
    const adopted = await startEmbeddedPostgres({ lock, onProgress: silent });
    await adopted.stop();
  }
  await rm(directory, { recursive: true, force: true });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
