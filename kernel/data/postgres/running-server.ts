import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { isRunning } from '../process-identity.ts';
import { type Cluster, superuser } from './cluster.ts';

/** A server on this cluster, as its `postmaster.pid` describes it. */
export interface RunningServer {
  readonly pid: number;
  readonly port: number;
}

/**
 * Finds a server that already runs on a cluster: one that outlived a process of ours that was killed. A
 * `postmaster.pid` left by a crash is removed, because Postgres itself would refuse to start if its pid had meanwhile
 * been given to any other process of the same user.
 */
export async function findRunningServer(cluster: Cluster): Promise<RunningServer | undefined> {
  const running = await readRunningServer(cluster);
  if (running === 'gone') await rm(pidFile(cluster), { force: true });
  return running === 'gone' ? undefined : running;
}

/** The like for a cluster that another process may be using: nothing is removed. `gone` is a server that crashed. */
export async function readRunningServer(cluster: Cluster): Promise<RunningServer | 'gone' | undefined> {
  const lines = await readLines(pidFile(cluster));
  if (lines === undefined) return undefined;
  const pid = Number(lines[0]);
  const isOurs = Number.isSafeInteger(pid) && pid > 0 && (await isServerOf(cluster, pid));
  return isOurs ? { pid, port: Number(lines[3]) } : 'gone';
}

function pidFile(cluster: Cluster): string {
  return join(cluster.directory, 'postmaster.pid');
}

/** The connection string of the cluster's superuser for one of its databases. */
export function superuserUrl(cluster: Cluster, port: number, database: string): string {
  return `postgresql://${superuser}:${cluster.password}@127.0.0.1:${port}/${database}`;
}

/** Tells whether the server accepts our password and serves this very directory. */
export async function answersFor(cluster: Cluster, port: number): Promise<boolean> {
  const client = new pg.Client({
    connectionString: superuserUrl(cluster, port, 'postgres'),
    connectionTimeoutMillis: 2_000,
  });
  client.on('error', () => undefined); // a server that ends under us is told by the query's own rejection
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    return rows[0]?.data_directory === cluster.directory;
  } catch {
    return false; // starting, stopping or not ours: in each case it does not answer for this cluster
  } finally {
    await client.end().catch(() => undefined); // the answer is known; a socket that is already broken adds nothing
  }
}

// A pid alone proves nothing after a crash. Where the system shows command lines, ours names the directory.
async function isServerOf(cluster: Cluster, pid: number): Promise<boolean> {
  if (!(await isRunning(pid))) return false;
  if (process.platform !== 'linux') return true;
  const args = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  return args.includes(cluster.directory);
}

async function readLines(path: string): Promise<readonly string[] | undefined> {
  try {
    return (await readFile(path, 'utf8')).split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
