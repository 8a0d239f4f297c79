import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { lockDirectory } from '../../../kernel/data/directory-lock.ts';
import { StartRefused } from '../../../kernel/data/start-refused.ts';
import { startScript } from '../../support/child.ts';
import { createTestDirectory } from '../../support/test-server.ts';

let directory: string;
beforeEach(async () => {
  directory = await createTestDirectory();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('a second start on a directory is refused with the pid of the first', async () => {
  const lock = await lockDirectory(directory);
  await expect(lockDirectory(directory)).rejects.toThrow(StartRefused);
  await expect(lockDirectory(directory)).rejects.toThrow(`pid ${process.pid}`);
  await lock.release();
});

test('a directory that was given back can be taken again', async () => {
  const first = await lockDirectory(directory);
  await Promise.all([first.release(), first.release()]);
  const second = await lockDirectory(directory);
  await second.release();
  await expect(lockDirectory(directory)).resolves.toMatchObject({ directory });
});

test('a process takes over the lock of one that was killed', async () => {
  const holder = startScript('lock-process.ts', directory);
  await holder.nextLine();
  await expect(lockDirectory(directory)).rejects.toThrow(`pid ${holder.pid}`);
  process.kill(holder.pid, 'SIGKILL');
  await holder.ended;
  await expect(lockDirectory(directory)).resolves.toMatchObject({ directory });
});

test('a process takes over a lock whose pid now belongs to another process', async () => {
  await writeFile(join(directory, 'panorama.lock.7'), `${process.pid}\nan earlier start\n`);
  await expect(lockDirectory(directory)).resolves.toMatchObject({ directory });
});

test('of many that find a stale lock exactly one takes it', async () => {
  for (let round = 0; round < 10; round++) {
    const path = join(directory, String(round));
    await (await lockDirectory(path)).release();
    await writeFile(join(path, 'panorama.lock.5'), `${process.pid}\nan earlier start\n`);
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => lockDirectory(path)));
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(path)).toEqual(['panorama.lock.6']);
  }
});
