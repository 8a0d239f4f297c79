import { randomBytes } from 'node:crypto';
import { link, mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning, processStart } from './process-identity.ts';
import { StartRefused } from './start-refused.ts';

/** The right to use a data directory; held by one process at a time. */
export interface DirectoryLock {
  /** The directory's real, absolute path. */
  readonly directory: string;
  /** Gives the directory back. Calling it again changes nothing. */
  release(): Promise<void>;
}

interface Holder {
  readonly pid: number;
  readonly start: string | undefined;
}

const lockName = /^panorama\.lock\.(\d+)$/;

/**
 * Takes a data directory for this process, creating it when it does not exist. Fails at once with `StartRefused` when
 * another process holds it; the lock of a process that is gone is taken over.
 *
 * Node has no `flock`, and "delete the stale lock, then create mine" lets two starters delete each other's. So locks
 * are numbered and the highest number that exists is the lock: taking over is linking the next number, which only one
 * can do, and a number is deleted only when a higher one exists, so that nobody can win with a number of the past.
 *
 * @throws {StartRefused} when a running process holds the directory
 */
export async function lockDirectory(dataDir: string): Promise<DirectoryLock> {
  await mkdir(dataDir, { recursive: true });
  const directory = await realpath(dataDir);
  const claim = join(directory, `panorama.claim.${process.pid}.${randomBytes(6).toString('hex')}`);
  await writeFile(claim, describe({ pid: process.pid, start: await processStart(process.pid) }), { mode: 0o644 });
  try {
    const path = await take(directory, claim);
    let released: Promise<void> | undefined;
    return Object.freeze({ directory, release: () => (released ??= markReleased(path)) });
  } finally {
    await rm(claim, { force: true });
  }
}

async function take(directory: string, claim: string): Promise<string> {
  for (;;) {
    const current = await highestNumber(directory);
    if (current !== undefined) {
      const holder = await readHolder(pathOf(directory, current));
      if (holder === 'gone') continue; // a higher number exists by now
      if (holder !== undefined && (await isAlive(holder))) throw heldBy(holder, directory);
    }
    const next = (current ?? 0) + 1;
    if (!(await tryLink(claim, pathOf(directory, next)))) continue;
    if ((await highestNumber(directory)) !== next) {
      await rm(pathOf(directory, next), { force: true });
      continue;
    }
    await removeOlder(directory, next);
    return pathOf(directory, next);
  }
}

function heldBy(holder: Holder, directory: string): StartRefused {
  return new StartRefused(
    `Another process (pid ${holder.pid}) is running on the data directory ${directory}. ` +
      'Stop it first, or give this one another directory (PANORAMA_DATA_DIR or --data-dir).',
    { pid: holder.pid, directory },
  );
}

async function isAlive(holder: Holder): Promise<boolean> {
  if (!(await isRunning(holder.pid))) return false;
  // Same pid but another start: the pid was given to a new process after the holder died.
  return holder.start === undefined || (await processStart(holder.pid)) === holder.start;
}

function pathOf(directory: string, number: number): string {
  return join(directory, `panorama.lock.${number}`);
}

async function lockNumbers(directory: string): Promise<readonly number[]> {
  const names = await readdir(directory);
  return names.flatMap((name) => lockName.exec(name)?.[1] ?? []).map(Number);
}

async function highestNumber(directory: string): Promise<number | undefined> {
  const numbers = await lockNumbers(directory);
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}

async function removeOlder(directory: string, number: number): Promise<void> {
  const older = (await lockNumbers(directory)).filter((other) => other < number);
  await Promise.all(older.map((other) => rm(pathOf(directory, other), { force: true })));
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function describe(holder: Holder): string {
  return `${holder.pid}\n${holder.start ?? ''}\n`;
}

/** The holder a lock file names; undefined when it was given back, `gone` when the file is no longer there. */
async function readHolder(path: string): Promise<Holder | undefined | 'gone'> {
  try {
    const [pid, start] = (await readFile(path, 'utf8')).split('\n');
    return pid === 'released' ? undefined : { pid: Number(pid), start: start || undefined };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
    throw error;
  }
}

// The file stays, so that numbers only ever grow; see `lockDirectory`.
async function markReleased(path: string): Promise<void> {
  const replacement = `${path}.released`;
  await writeFile(replacement, 'released\n');
  await rename(replacement, path);
}
