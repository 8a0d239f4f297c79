import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type DirectoryLock, lockDirectory } from '../../../kernel/data/directory-lock.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../kernel/data/postgres/embedded-postgres.ts';
import { isRunning } from '../../../kernel/data/process-identity.ts';
import { startScript } from '../../support/child.ts';
import { runStatements } from '../../support/run-statements.ts';
import { createTestDirectory } from '../../support/test-server.ts';

/** A data directory with a database whose table `kept` holds a 7; made once, because `initdb` takes seconds. */
let directory: string;
beforeAll(async () => {
  directory = await createTestDirectory();
  const { server, stop } = await start(directory);
  await runStatements(server.connectionString, 'CREATE TABLE kept AS SELECT 7 AS value');
  await stop();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Started {
  readonly server: EmbeddedPostgres;
  readonly progress: readonly string[];
  stop(): Promise<void>;
}

async function start(dataDir: string): Promise<Started> {
  const lock: DirectoryLock = await lockDirectory(dataDir);
  const progress: string[] = [];
  const server = await startEmbeddedPostgres({ lock, onProgress: (text) => progress.push(text) });
  const stop = async () => {
    await server.stop();
    await lock.release();
  };
  return { server, progress, stop };
}

async function keptRows({ server }: Started): Promise<readonly Record<string, unknown>[]> {
  return runStatements(server.connectionString, 'SELECT * FROM kept');
}

async function serverPid(): Promise<number> {
  const text = await readFile(join(directory, 'postgres', 'postmaster.pid'), 'utf8');
  return Number(text.split('\n')[0]);
}

describe('embedded Postgres', () => {
  test('is created with progress at the first start and keeps its data at the second', async () => {
    const fresh = await createTestDirectory();
    await mkdir(join(fresh, 'postgres.unfinished-0123')); // a start that was killed halfway
    const first = await start(fresh);
    expect(first.progress).toEqual(['Creating the database (once, a few seconds)', 'Starting Postgres']);
    expect((await readdir(fresh)).filter((name) => name.includes('unfinished'))).toEqual([]);
    await runStatements(first.server.connectionString, 'CREATE TABLE kept AS SELECT 7 AS value');
    await first.stop();

    const second = await start(fresh);
    expect(second.progress).toEqual(['Starting Postgres']);
    expect(await keptRows(second)).toEqual([{ value: 7 }]);
    await second.stop();
    await rm(fresh, { recursive: true });
  });

  test('is durable, checksummed, UTF-8, and reachable from this machine only', async () => {
    const { server, stop } = await start(directory);
    const [settings] = await runStatements(
      server.connectionString,
      `SELECT current_setting('fsync') AS fsync, current_setting('data_checksums') AS checksums,
        current_setting('listen_addresses') AS addresses, pg_encoding_to_char(encoding) AS encoding, datlocale AS locale
       FROM pg_database WHERE datname = current_database()`,
    );
    expect(settings).toEqual({
      fsync: 'on',
      checksums: 'on',
      addresses: '127.0.0.1',
      encoding: 'UTF8',
      locale: 'C.UTF-8',
    });
    const url = new URL(server.connectionString);
    url.password = 'guess';
    await expect(runStatements(url.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
    await stop();
  });

  test('shares one stop between its callers', async () => {
    const { server, stop } = await start(directory);
    const pid = await serverPid();
    await Promise.all([server.stop(), server.stop()]);
    expect(await isRunning(pid)).toBe(false);
    await stop();
  });

  test('is adopted after its parent was killed, and no server is left when the new parent stops', async () => {
    const parent = startScript('embedded-process.ts', directory);
    await parent.nextLine();
    const pid = await serverPid();
    process.kill(parent.pid, 'SIGKILL');
    await parent.ended;
    expect(await isRunning(pid)).toBe(true);

    const next = await start(directory);
    expect(await serverPid()).toBe(pid);
    expect(next.progress).toEqual([]);
    expect(await keptRows(next)).toEqual([{ value: 7 }]);
    await next.stop();
    expect(await isRunning(pid)).toBe(false);
  });

  test('starts after a crash of the machine, even when its pid now belongs to another process', async () => {
    const first = await start(directory);
    const path = join(directory, 'postgres', 'postmaster.pid');
    const lines = (await readFile(path, 'utf8')).split('\n');
    await first.stop();
    await writeFile(path, [String(process.pid), ...lines.slice(1)].join('\n'));

    const second = await start(directory);
    expect(await keptRows(second)).toEqual([{ value: 7 }]);
    await second.stop();
  });

  test('recovers what was committed when the server itself was killed', async () => {
    const parent = startScript('embedded-process.ts', directory);
    const { connectionString } = (await parent.nextLine()) as { connectionString: string };
    await runStatements(connectionString, 'CREATE TABLE last_words AS SELECT 8 AS value');
    for (const pid of [parent.pid, await serverPid()]) process.kill(pid, 'SIGKILL');
    await parent.ended;

    const { server, stop } = await start(directory);
    expect(await runStatements(server.connectionString, 'SELECT * FROM last_words')).toEqual([{ value: 8 }]);
    await stop();
  });

  test('outlives an interrupt of the process group until it is stopped, and refuses a second start beside it', async () => {
    const parent = startScript('embedded-process.ts', directory);
    await parent.nextLine();
    const pid = await serverPid();

    const second = startScript('embedded-process.ts', directory);
    expect(await second.nextLine()).toEqual({ refused: expect.stringContaining(`pid ${parent.pid}`) });
    expect(await second.ended).toBe(1);

    process.kill(-parent.pid, 'SIGINT'); // what Ctrl-C in a terminal does
    expect(await parent.nextLine()).toEqual({ answersAfterSignal: true });
    expect(await parent.ended).toBe(0);
    expect(await isRunning(pid)).toBe(false);
  });

  // Only root has to become another user, who may be shut out; elsewhere this is an ordinary start.
  test('starts in a folder that is closed to other users, or says why it cannot', async () => {
    const closed = await createTestDirectory();
    await chmod(closed, 0o700);
    const dataDir = join(closed, 'data');
    const outcome = await start(dataDir).catch((error: unknown) => error);
    if (outcome instanceof Error) {
      expect(outcome.message).toMatch(/cannot enter .* Start as an ordinary user/);
    } else {
      const { stop } = outcome as Started;
      await stop();
    }
    await rm(closed, { recursive: true });
  });

  test('says what to do when the password file is lost', async () => {
    const path = join(directory, 'postgres.password');
    await rename(path, `${path}.elsewhere`);
    const lock = await lockDirectory(directory);
    await expect(startEmbeddedPostgres({ lock, onProgress: () => undefined })).rejects.toThrow('from a backup');
    await lock.release();
    await rename(`${path}.elsewhere`, path);
  });
});
