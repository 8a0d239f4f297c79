import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isRunning } from '../../kernel/data/process-identity.ts';
import { createDataDirectory, type PlatformProcess, startPlatformProcess } from '../support/platform.ts';
import { openSocket } from '../support/streams/socket-client.ts';

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

  /** From here on a start is a second one. */
  async function withDemoData(): Promise<void> {
    await directory.remove();
    directory = await createDataDirectory({ demo: true });
  }

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
  }, 120_000);

  test('stops with Ctrl-C, and sends those who follow something elsewhere', async () => {
    await withDemoData();
    const platform = await start();
    const changes = 'subscription { changes { ... on ChangeBatch { to changes { type } } } }';
    const key = { 'x-tenant-key': 'demo-acme-admin' };
    const socket = await openSocket(`${platform.url}/graphql`);
    await socket.init(key);
    socket.subscribe('1', changes);
    const headers = { ...key, accept: 'text/event-stream', 'content-type': 'application/json' };
    const body = JSON.stringify({ query: changes });
    const events = await fetch(`${platform.url}/graphql`, { method: 'POST', headers, body });
    // From here on both are told of what happens.
    expect(await socket.next()).toMatchObject({ type: 'next' });
    expect(events.status).toBe(200);
    await platform.post(createUser, { name: 'followed' });
    while (!JSON.stringify(await socket.next()).includes('USER_CREATED'));
    expect(await platform.end('SIGINT')).toBe(0);
    expect(await socket.closed).toEqual({ code: 1001, reason: 'Going away' });
    expect(await events.text()).not.toContain('complete');
  }, 120_000);

  test('kills the process and starts again without a manual step: no data lost, no second server', async () => {
    await withDemoData();
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
  }, 120_000);

  test('is told at once when the data directory is in use', async () => {
    await withDemoData();
    const first = await start();
    await expect(startPlatformProcess(directory.path)).rejects.toThrow(new RegExp(`\\b${first.pid}\\b`));
    expect((await first.post('{ tenant { id } }')).data).toEqual({ tenant: { id: 'acme' } });
  }, 120_000);

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
  }, 120_000);

  test('turns the demo off on a data directory that had it on: its keys stop working', async () => {
    await withDemoData();
    const platform = await start('--no-demo');
    expect(await platform.post('{ tenant { id } }')).toMatchObject({
      status: 401,
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
  }, 120_000);
});
