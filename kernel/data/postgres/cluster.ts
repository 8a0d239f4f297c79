import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartRefused } from '../start-refused.ts';
import type { Binaries } from './binaries.ts';
import type { ServerUser } from './run-program.ts';
import { runProgram } from './run-program.ts';

/** A directory of database files, made by `initdb`, and the password of its superuser. */
export interface Cluster {
  readonly directory: string;
  readonly password: string;
}

/** The superuser, and the database that it owns. */
export const superuser = 'panorama';

const passwordName = 'postgres.password';
const unfinishedPrefix = 'postgres.unfinished-';

/** Where the cluster of a data directory lies. */
export function clusterDirectory(dataDir: string): string {
  return join(dataDir, 'postgres');
}

/** The cluster under a data directory, as it lies there; undefined when there is none. */
export async function findCluster(dataDir: string): Promise<Cluster | undefined> {
  const directory = clusterDirectory(dataDir);
  if (!(await isCluster(directory))) return undefined;
  return { directory, password: await readPassword(dataDir, true, undefined) };
}

/**
 * Opens the cluster under a data directory, making it first when there is none. It is made beside its final place and
 * renamed when complete, so that a kill in the middle leaves nothing that looks like a cluster.
 *
 * @throws {StartRefused} when `initdb` fails or the password file is lost
 */
export async function openCluster(
  dataDir: string,
  binaries: Binaries,
  user: ServerUser | undefined,
  onProgress: (text: string) => void,
): Promise<Cluster> {
  const directory = clusterDirectory(dataDir);
  await removeUnfinished(dataDir);
  const exists = await isCluster(directory);
  const password = await readPassword(dataDir, exists, user);
  if (!exists) {
    onProgress('Creating the database (once, a few seconds)');
    await createCluster(dataDir, directory, binaries, user);
  }
  return { directory, password };
}

async function createCluster(
  dataDir: string,
  directory: string,
  binaries: Binaries,
  user: ServerUser | undefined,
): Promise<void> {
  const unfinished = join(dataDir, `${unfinishedPrefix}${randomBytes(6).toString('hex')}`);
  await mkdir(unfinished, { mode: 0o700 });
  await giveTo(unfinished, user);
  const { exitCode, output } = await runProgram(
    binaries.initdb,
    [
      `--pgdata=${unfinished}`,
      `--username=${superuser}`,
      `--pwfile=${join(dataDir, passwordName)}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // Postgres's own locale: sorting and case rules do not depend on what the operating system has installed.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--data-checksums',
    ],
    user,
  );
  if (exitCode !== 0) {
    await rm(unfinished, { recursive: true, force: true });
    throw new StartRefused(`The database could not be created in ${directory}: ${output.trim()}`, { directory });
  }
  await rename(unfinished, directory);
}

/** Tells whether a folder holds a cluster that is complete. */
export async function isCluster(directory: string): Promise<boolean> {
  try {
    return (await stat(join(directory, 'PG_VERSION'))).isFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function removeUnfinished(dataDir: string): Promise<void> {
  const names = (await readdir(dataDir)).filter((name) => name.startsWith(unfinishedPrefix));
  await Promise.all(names.map((name) => rm(join(dataDir, name), { recursive: true, force: true })));
}

async function readPassword(dataDir: string, clusterExists: boolean, user: ServerUser | undefined): Promise<string> {
  const path = join(dataDir, passwordName);
  try {
    const password = (await readFile(path, 'utf8')).trim();
    if (password !== '') return password;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (clusterExists) {
    throw new StartRefused(
      `The database in ${dataDir} needs its password file ${path}, which is missing or empty. ` +
        'Put it back from a backup, or choose another data directory.',
      { path },
    );
  }
  const password = randomBytes(24).toString('base64url');
  await writeFile(path, `${password}\n`, { mode: 0o600 });
  await giveTo(path, user); // initdb reads it as the server's user
  return password;
}

async function giveTo(path: string, user: ServerUser | undefined): Promise<void> {
  if (user?.kind === 'account') await chown(path, user.uid, user.gid);
}
