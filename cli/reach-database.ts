import { setTimeout as sleep } from 'node:timers/promises';
import { findSecret } from '../kernel/config/secret.ts';
import type { Settings } from '../kernel/config/settings.ts';
import { type DirectoryLock, lockDirectory } from '../kernel/data/directory-lock.ts';
import {
  findEmbeddedPostgres,
  hasEmbeddedPostgres,
  startEmbeddedPostgres,
} from '../kernel/data/postgres/embedded-postgres.ts';
import { StartRefused } from '../kernel/data/start-refused.ts';

/** The database of a platform, whether that runs or not. */
export interface ReachedDatabase {
  /** Connection string of the database's owner. */
  readonly ownerUrl: string;
  readonly secret: string;
  close(): Promise<void>;
}

type Progress = (step: string) => void;

/** How long a platform may take to start its database or to stop it, in milliseconds. */
const patienceMs = 30_000;
const lookAgainMs = 200;

/**
 * Reaches the database that a start of the platform has made: the operator's own, the embedded one of a platform that
 * runs, or the embedded one of a platform that does not, which is started for as long as it is needed.
 *
 * @throws {StartRefused} when there is none, or when it does not answer
 */
export async function reachDatabase(settings: Settings, onProgress: Progress): Promise<ReachedDatabase> {
  const { PANORAMA_DATA_DIR: directory, DATABASE_URL: ownerUrl } = settings;
  const secret = settings.PANORAMA_SECRET ?? (await findSecret(directory));
  if (secret === undefined) {
    const where = `${directory} holds no secret, and PANORAMA_SECRET is not set`;
    throw new StartRefused(`${where}. Name the data directory of the platform with --data-dir.`, { directory });
  }
  if (ownerUrl !== undefined) return { ownerUrl, secret, close: async () => undefined };
  if (!(await hasEmbeddedPostgres(directory))) {
    const remedy = 'Start the platform once, or name its data directory with --data-dir.';
    throw new StartRefused(`${directory} holds no database. ${remedy}`, { directory });
  }
  return { ...(await reachEmbedded(directory, onProgress)), secret };
}

async function reachEmbedded(directory: string, onProgress: Progress): Promise<Omit<ReachedDatabase, 'secret'>> {
  for (const giveUpAt = performance.now() + patienceMs; ; await sleep(lookAgainMs)) {
    const lock = await tryLock(directory);
    if (lock) return await startForAMoment(lock, onProgress);
    const ownerUrl = await findEmbeddedPostgres(directory);
    if (ownerUrl !== undefined) return { ownerUrl, close: async () => undefined };
    if (performance.now() > giveUpAt) {
      throw new StartRefused(`The platform on ${directory} is there, but its database does not answer.`, { directory });
    }
  }
}

/** The right to use the directory; undefined when a platform has it. */
async function tryLock(directory: string): Promise<DirectoryLock | undefined> {
  try {
    return await lockDirectory(directory);
  } catch (error) {
    if (error instanceof StartRefused) return undefined;
    throw error;
  }
}

async function startForAMoment(lock: DirectoryLock, onProgress: Progress): Promise<Omit<ReachedDatabase, 'secret'>> {
  try {
    const server = await startEmbeddedPostgres({ lock, onProgress });
    const close = async () => {
      await server.stop();
      await lock.release();
    };
    return { ownerUrl: server.connectionString, close };
  } catch (error) {
    await lock.release();
    throw error;
  }
}
