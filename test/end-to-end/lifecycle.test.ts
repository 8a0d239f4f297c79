import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isRunning } from '../../kernel/data/process-identity.ts';
import { createDataDirectory, type PlatformProcess, startPlatformProcess } from '../support/platform.ts';

const createUser =
  'mutation ($name: String!) { createUser(input: {username: $name, email: "kept@example.com"}) { user { id } userErrors { code } } }';

describe('an operator', () => {
  let directory: Awaited<ReturnType<typeof createDataDirectory>>;
  const running: PlatformProcess[] = [];

  beforeEach(async () => {
    directory = await createDataDirectory();
  });

  afterEach(async () => {
    for (const platform of running.splice(0)) await platform.end('SIGTERM');
    await directory.remove();
  });

  async function start(...args: string[]): Promise<PlatformProcess> {
    const platform = await startPlatformProcess(directory.path, args);
    running.push(platform);
    return platform;
  }

  /** The process id of the embedded server, as the server itself wrote it down. */
  function postgresPid(): number {
    return Number(readFileSync(join(directory.path, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
  }

  test('stops with SIGTERM and starts again: all data are there, Postgres ended in between', async () => {
    const first = await start();
    const created = await first.post<{ createUser: { user: { id: string } } }>(createUser, { name: 'kept' });
    const pid = postgresPid();
    expect(await first.end('SIGTERM')).toBe(0);
    expect(await isRunning(pid)).toBe(false);
    const second = await start();
    const { id } = created.data.createUser.user;
    const found = await second.post('query ($id: ID!) { user(id: $id) { username } customers { totalCount } }', { id });
    expect(found.data).toEqual({ user: { username: 'kept' }, customers: { totalCount: 201 } });
  }, 60_000);

  test('stops with Ctrl-C', async () => {
    const platform = await start();
    expect(await platform.end('SIGINT')).toBe(0);
  }, 60_000);

  test('kills the process and starts again without a manual step: no data lost, no second server', async () => {
    const first = await start();
    const created = await first.post<{ createUser: { user: { id: string } } }>(createUser, { name: 'survivor' });
    const orphan = postgresPid();
    await first.end('SIGKILL');
    const second = await start();
    const { id } = created.data.createUser.user;
    expect((await second.post('query ($id: ID!) { user(id: $id) { username } }', { id })).data).toEqual({
      user: { username: 'survivor' },
    });
    const servers = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(join(directory.path, 'postgres')) && !line.includes('ps -eo'));
    expect(servers).toHaveLength(1);
    const pid = postgresPid();
    expect(await second.end('SIGTERM')).toBe(0);
    expect([await isRunning(orphan), await isRunning(pid)]).toEqual([false, false]);
  }, 60_000);

  test('is told at once when the data directory is in use', async () => {
    const first = await start();
    await expect(startPlatformProcess(directory.path)).rejects.toThrow(new RegExp(`\\b${first.pid}\\b`));
    expect((await first.post('{ tenant { id } }')).data).toEqual({ tenant: { id: 'acme' } });
  }, 60_000);

  test('is told which setting is wrong, its value and what is allowed', async () => {
    await expect(startPlatformProcess(directory.path, ['--port', 'http'])).rejects.toThrow(
      /PORT cannot be "http"\. Allowed: a whole number from 0 to 65535/,
    );
  });

  test('starts without demo data: no demo key works, and the schema is not shown to anyone', async () => {
    const platform = await start('--no-demo');
    expect(platform.stdout).not.toContain('demo-');
    expect(await platform.post('{ tenant { id } }')).toMatchObject({ status: 401 });
    expect(await platform.post('{ __schema { queryType { name } } }', {}, { key: '' })).toMatchObject({ status: 401 });
  }, 60_000);

  test('turns the demo off on a data directory that had it on: its keys stop working', async () => {
    const first = await start();
    await first.end('SIGTERM');
    const second = await start('--no-demo');
    expect(await second.post('{ tenant { id } }')).toMatchObject({
      status: 401,
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
  }, 60_000);
});
