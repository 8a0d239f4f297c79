import { readFile, realpath, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { DirectoryLock } from '../directory-lock.ts';
import { StartRefused } from '../start-refused.ts';
import { type Binaries, findBinaries } from './binaries.ts';
import { type Cluster, clusterDirectory, findCluster, isCluster, openCluster, superuser } from './cluster.ts';
import { findFreePort } from './free-port.ts';
import type { ServerUser } from './run-program.ts';
import { runProgram } from './run-program.ts';
import { answersFor, findRunningServer, readRunningServer, superuserUrl } from './running-server.ts';
import { chooseServerUser } from './server-user.ts';

/** A Postgres server of our own, on 127.0.0.1 only. */
export interface EmbeddedPostgres {
  /** Connection string of the superuser, who owns the database in it. */
  readonly connectionString: string;
  /** Stops the server. Calls share one outcome; stop it last, after everything that talks to it. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** The data directory, held by this process; the database lives in its folder `postgres`. */
  readonly lock: DirectoryLock;
  /** Told what is being done while the first start takes its seconds. */
  readonly onProgress: (text: string) => void;
}

interface Server {
  readonly cluster: Cluster;
  readonly binaries: Binaries;
  readonly user: ServerUser | undefined;
}

/** For a small machine that is shared with us. `fsync` stays on; no Unix socket, so no path length or permission. */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '64MB',
  max_wal_size: '512MB',
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  autovacuum_naptime: '10s', // a table that fills for the first time is planned for as an empty one until then
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
} as const;

const portAttempts = 5;
const maxLogBytes = 10 * 1024 * 1024;

/**
 * Starts Postgres on the database under a data directory, making the database first when there is none. A server that
 * outlived a killed process of ours is adopted. The server is in a session of its own, so a Ctrl-C does not reach it.
 *
 * @throws {StartRefused} when it cannot be started, with what to do
 */
export async function startEmbeddedPostgres({ lock, onProgress }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries();
  const user = await chooseServerUser(clusterDirectory(lock.directory), [binaries.pg_ctl]);
  const cluster = await openCluster(lock.directory, binaries, user, onProgress);
  const server = { cluster, binaries, user };
  const port = (await adopt(server)) ?? (await start(server, onProgress));
  await createDatabase(superuserUrl(cluster, port, 'postgres'));
  let stopped: Promise<void> | undefined;
  return Object.freeze({
    connectionString: superuserUrl(cluster, port, superuser),
    stop: () => (stopped ??= stop(server)),
  });
}

/** Tells whether a start has made a database under a data directory. */
export function hasEmbeddedPostgres(dataDirectory: string): Promise<boolean> {
  return isCluster(clusterDirectory(dataDirectory));
}

/**
 * Finds the server that another process runs on a data directory, for work beside that process; undefined when none
 * answers. Nothing is taken over or changed.
 */
export async function findEmbeddedPostgres(dataDirectory: string): Promise<string | undefined> {
  const cluster = await findCluster(await realpath(dataDirectory));
  const running = cluster && (await readRunningServer(cluster));
  if (!cluster || !running || running === 'gone' || !(await answersFor(cluster, running.port))) return undefined;
  return superuserUrl(cluster, running.port, superuser);
}

/** The port of a server that already runs on the cluster and answers us; one that does not answer is stopped. */
async function adopt(server: Server): Promise<number | undefined> {
  const running = await findRunningServer(server.cluster);
  if (running === undefined) return undefined;
  if (await answersFor(server.cluster, running.port)) return running.port;
  await stop(server);
  return undefined;
}

async function start(server: Server, onProgress: (text: string) => void): Promise<number> {
  onProgress('Starting Postgres');
  const log = join(server.cluster.directory, 'server.log');
  await rotate(log);
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort();
    const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
    const { exitCode, output } = await runProgram(
      server.binaries.pg_ctl,
      [
        'start',
        '-w',
        '-t',
        '120',
        '-D',
        server.cluster.directory,
        '-l',
        log,
        '-o',
        [`-p ${port}`, ...options].join(' '),
      ],
      server.user,
    );
    if (exitCode === 0) return port;
    const reason = (await readEnd(log)) || output.trim();
    if (attempt < portAttempts && reason.includes('could not bind')) continue;
    throw new StartRefused(`Postgres did not start; its log ${log} ends with:\n${reason}`, { log });
  }
}

// Fast mode ends open transactions and writes a checkpoint; immediate mode, should that hang, leaves recovery from the
// write-ahead log to the next start, which loses nothing that was committed.
async function stop(server: Server): Promise<void> {
  for (const mode of ['fast', 'immediate']) {
    const { exitCode } = await runProgram(
      server.binaries.pg_ctl,
      ['stop', '-w', '-t', '6', '-m', mode, '-D', server.cluster.directory],
      server.user,
    );
    if (exitCode === 0 || (await findRunningServer(server.cluster)) === undefined) return;
  }
  throw new Error(`The Postgres server in ${server.cluster.directory} did not stop.`);
}

async function createDatabase(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [superuser]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${superuser}`);
  } finally {
    await client.end();
  }
}

async function rotate(log: string): Promise<void> {
  try {
    if ((await stat(log)).size > maxLogBytes) await rename(log, `${log}.1`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

async function readEnd(log: string): Promise<string> {
  try {
    return (await readFile(log, 'utf8')).trim().split('\n').slice(-8).join('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
