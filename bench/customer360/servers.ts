import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectionStringFor } from '../../kernel/data/app-role.ts';
import { lockDirectory } from '../../kernel/data/directory-lock.ts';
import { clusterDirectory } from '../../kernel/data/postgres/cluster.ts';
import { startEmbeddedPostgres } from '../../kernel/data/postgres/embedded-postgres.ts';
import { startPanorama } from '../../test/support/panorama-process.ts';
import { nextMessage, startScript } from '../load/script.ts';
import type { HandWrittenArguments } from './hand-written.ts';

/** A process that answers the whole customer. */
export interface CustomerServer {
  readonly title: string;
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** A Postgres that both servers read. */
export interface Database {
  readonly ownerUrl: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const secret = 'the secret of the bench, which is long enough';

/** Starts an embedded Postgres in a directory. */
export async function startDatabase(directory: string): Promise<Database> {
  const lock = await lockDirectory(directory);
  const server = await startEmbeddedPostgres({ lock, onProgress: () => undefined });
  const pidFile = await readFile(join(clusterDirectory(directory), 'postmaster.pid'), 'utf8');
  return {
    ownerUrl: server.connectionString,
    pid: Number.parseInt(pidFile, 10),
    async stop() {
      await server.stop();
      await lock.release();
    },
  };
}

/** Starts the platform, which migrates the database and makes the demo data. */
export function startPlatform(directory: string, database: Database): Promise<CustomerServer> {
  return startIn(directory, database, 'Panorama, everything in one process');
}

/** Starts a platform that checks no permission, beside the one that has made the database. */
export function startWithoutPermissions(directory: string, database: Database): Promise<CustomerServer> {
  const script = new URL('without-permissions.ts', import.meta.url);
  return startIn(directory, database, 'the same without permissions', { NODE_OPTIONS: `--import=${script}` });
}

async function startIn(
  directory: string,
  { ownerUrl }: Database,
  title: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<CustomerServer> {
  const settings = { DATABASE_URL: ownerUrl, PANORAMA_SECRET: secret, PANORAMA_DEMO: 'true', NODE_ENV: 'production' };
  const args = ['start', '--port', '0', '--data-dir', directory];
  const started = await startPanorama(args, { directory, settings: { ...settings, ...environment } });
  return {
    title,
    url: `${started.url}/graphql`,
    pid: started.pid,
    stop: async () => void (await started.end('SIGTERM')),
  };
}

/** Starts the peer on the database that the platform has made. */
export async function startHandWritten({ ownerUrl }: Database): Promise<CustomerServer> {
  const urlOf = (app: string) => connectionStringFor(ownerUrl, { app, secret });
  const urls = {
    users: urlOf('users'),
    analytics: urlOf('analytics'),
    documents: urlOf('documents'),
    crm: urlOf('crm'),
  };
  const options: HandWrittenArguments = { urls, secret };
  const child = startScript(new URL('hand-written.ts', import.meta.url), [JSON.stringify(options)]);
  const port = await nextMessage<number>(child);
  return {
    title: 'by hand: node:http, pg, named statements',
    url: `http://127.0.0.1:${port}/graphql`,
    pid: child.pid ?? 0,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.disconnect();
      await ended;
    },
  };
}
