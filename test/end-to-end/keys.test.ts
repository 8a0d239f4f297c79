import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { events } from '../../cli/commands/events.ts';
import { keys } from '../../cli/commands/keys.ts';
import { type ReachedDatabase, reachDatabase } from '../../cli/reach-database.ts';
import { createFeedCursors } from '../../kernel/changes/feed-cursor.ts';
import { readSettings } from '../../kernel/config/settings.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { createEmptyDatabase } from '../support/database.ts';
import { createDataDirectory, type PlatformProcess, startPlatformProcess } from '../support/platform.ts';
import { runStatements } from '../support/run-statements.ts';
import { root } from '../support/source-files.ts';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `panorama keys`, or another command, to its end. */
function runKeys(
  directory: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  name = 'keys',
) {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const options = { cwd: directory, env: { PATH: process.env.PATH, ...settings } };
  const command = [join(root, 'cli/panorama.ts'), name, ...args, '--data-dir', directory];
  const child = execFile(process.execPath, command, options, (_, stdout, stderr) => {
    resolve({ code: child.exitCode ?? -1, stdout, stderr });
  });
  return promise;
}

/** Does something with the database of a platform that runs. */
async function withDatabase<T>(directory: string, work: (database: ReachedDatabase) => Promise<T>): Promise<T> {
  const database = await reachDatabase(readSettings({ PANORAMA_DATA_DIR: directory }, {}), () => undefined);
  return await work(database).finally(database.close);
}

describe('an operator with API keys', () => {
  let directory: Awaited<ReturnType<typeof createDataDirectory>>;
  let platform: PlatformProcess | undefined;
  const run = (...args: string[]) => runKeys(directory.path, args);

  beforeAll(async () => {
    directory = await createDataDirectory({ demo: true });
    platform = await startPlatformProcess(directory.path);
  }, 120_000);

  afterAll(async () => {
    await platform?.end('SIGTERM');
    await directory.remove();
  });

  test('makes one while the platform runs: it opens the door, with what was given to it', async () => {
    const asked = ['--tenant', 'acme', '--name', 'Reports', '--app', 'flow-web', '--app', 'crm-web'];
    const given = ['--permission', 'read:deals', '--role', 'agent', '--expires', '90d', '--rate-limit', '5000'];
    const { code, stdout, stderr } = await run('create', ...asked, ...given);
    expect(stderr).toContain('not shown again');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^pk_[a-z0-9]{8}_[A-Za-z0-9_-]{43}\n$/);
    const viewer = 'viewer { tenant { id } app roles can(permission: "read:deals") }';
    const answer = await platform?.post(
      `{ ${viewer} users { totalCount } }`,
      {},
      { key: stdout.trim(), app: 'crm-web' },
    );
    expect(answer?.data).toEqual({
      viewer: { tenant: { id: 'acme' }, app: 'crm-web', roles: ['agent'], can: true },
      users: null,
    });
    expect(answer?.errors).toMatchObject([
      { path: ['users'], extensions: { code: 'FORBIDDEN', permission: 'read:users' } },
    ]);
  }, 120_000);

  test('takes one back while the platform runs: soon it opens nothing', async () => {
    const made = await run('create', '--tenant', 'globex', '--name', 'Lost', '--app', 'crm-web');
    const key = made.stdout.trim();
    const prefix = key.slice(3, 11);
    const ask = () => platform?.post('{ viewer { app } }', {}, { key });
    expect(await ask()).toMatchObject({ status: 200 });
    expect((await run('revoke', '--tenant', 'acme', prefix)).stderr).toContain('has no key with the id or prefix');
    expect((await run('revoke', '--tenant', 'globex', prefix)).stdout).toContain(`${prefix} (Lost) was revoked`);
    let answer = await ask();
    for (; answer?.status === 200; answer = await ask()) await sleep(50);
    expect(answer).toMatchObject({
      status: 401,
      errors: [{ extensions: { code: 'UNAUTHENTICATED', reason: 'KEY_REVOKED' } }],
    });
    const { stdout } = await run('list', '--tenant', 'globex');
    expect(stdout.split('\n')).toContainEqual(expect.stringMatching(new RegExp(`^${prefix} +REVOKED .*Lost`)));
    expect(stdout).not.toContain(key);
  }, 120_000);

  test('makes a tenant, and its first key with everything', async () => {
    const create = ['create', '--tenant', 'initech', '--name', 'First', '--app', 'crm-web', '--role', 'admin'];
    const { code, stderr } = await run(...create);
    expect([code, stderr]).toEqual([2, expect.stringContaining('There is no tenant "initech"')]);
    const { stdout } = await run(...create, '--new-tenant', 'Initech');
    const query = '{ tenant { name } users { totalCount } roles { nodes { name } } apps { id } }';
    const answer = await platform?.post<{ apps: unknown[] }>(query, {}, { key: stdout.trim() });
    expect(answer?.errors).toBeUndefined();
    expect(answer?.data).toMatchObject({
      tenant: { name: 'Initech' },
      users: { totalCount: 0 },
      roles: { nodes: [{ name: 'admin' }, { name: 'agent' }, { name: 'manager' }, { name: 'viewer' }] },
    });
    expect(answer?.data.apps).toHaveLength(9);
  }, 120_000);

  test('sees what apps have given up, and hands them their past, of which nothing is done twice', async () => {
    const runEvents = (...args: string[]) => runKeys(directory.path, [...args, '--tenant', 'acme'], {}, 'events');
    const place = { epoch: randomUUID(), seq: 1 };
    const lost = await withDatabase(directory.path, async ({ secret }) =>
      createFeedCursors(secret).encode(parseTenantId('acme'), place),
    );
    const [dead, redriven, ofOtherLife] = await Promise.all(
      [['dead'], ['redrive'], ['replay', '--from', lost]].map((args) => runEvents(...args, '--app', 'crm')),
    );
    expect(ofOtherLife).toMatchObject({ code: 2, stderr: expect.stringContaining('The log has begun anew') });
    expect(dead).toMatchObject({ code: 0, stdout: 'None was given up.\n' });
    expect(redriven?.stdout).toContain('0 given up by crm are tried again');

    const createUser = async (id: string) => {
      const input = { id, username: id, email: `${id}@example.com` };
      const mutation = 'mutation ($input: CreateUserInput!) { createUser(input: $input) { userErrors { message } } }';
      expect((await platform?.post(mutation, { input }))?.data).toEqual({ createUser: { userErrors: [] } });
    };
    const foldersOf = async (ownerId: string) => {
      const query = 'query ($filter: FolderFilter!) { folders(filter: $filter) { totalCount } }';
      const answer = await platform?.post<{ folders: { totalCount: number } }>(query, { filter: { ownerId } });
      return answer?.data.folders.totalCount;
    };
    await createUser('usr_before');
    const query = `{ events(first: 1, filter: {types: ["USER_CREATED"], entityIds: ["usr_before"]}) { nodes { cursor } } }`;
    const found = await platform?.post<{ events: { nodes: { cursor: string }[] } }>(query);
    await createUser('usr_after');
    while ((await foldersOf('usr_after')) !== 5) await sleep(50);

    const replay = () => runEvents('replay', '--app', 'documents', '--from', found?.data.events.nodes[0]?.cursor ?? '');
    // What was undone by hand stays so, unless it was also taken back that the event was handled.
    const undo = (statement: string) =>
      withDatabase(directory.path, ({ ownerUrl }) => runStatements(ownerUrl, `${statement} RETURNING 1`));
    expect(await undo(`DELETE FROM documents.folders WHERE owner_id = 'usr_after'`)).toHaveLength(5);
    const handledBefore = 'Handled 0, left out 1 that were handled before, 0 wait, 0 were given up.\n';
    expect(await replay()).toMatchObject({ code: 0, stdout: handledBefore });
    expect(await foldersOf('usr_after')).toBe(0);
    const forgotten = `SELECT seq FROM platform.change_log WHERE type = 'USER_CREATED' AND entity_id = 'usr_after'`;
    await undo(`DELETE FROM platform.handled_events WHERE app = 'documents' AND seq = (${forgotten})`);
    expect((await replay()).stdout).toMatch(/^Handled 1, left out 0 /);
    expect(await foldersOf('usr_after')).toBe(5);
  }, 120_000);

  test('is told of every mistake in what a new key may do', async () => {
    const wrong = ['--permission', 'read:leads', '--permission', 'leads', '--expires', '2020-01-31'];
    const { code, stdout, stderr } = await run('create', '--tenant', 'acme', '--name', 'x', ...wrong);
    expect([code, stdout]).toEqual([2, '']);
    for (const part of [
      '--app: Name at least one',
      '--permission (number 2): A permission is',
      '--expires: This time is',
    ]) {
      expect(stderr).toContain(part);
    }
  }, 120_000);

  test('makes one while the platform does not run, and it is there when that runs again', async () => {
    await platform?.end('SIGTERM');
    platform = undefined;
    const { code, stdout } = await run(
      'create',
      '--tenant',
      'acme',
      '--name',
      'Offline',
      '--app',
      'business-dashboard',
    );
    expect(code).toBe(0);
    platform = await startPlatformProcess(directory.path);
    const answer = await platform.post('{ viewer { permissions } }', {}, { key: stdout.trim() });
    expect(answer.data).toEqual({ viewer: { permissions: ['read:metrics', 'read:analytics'] } });
  }, 120_000);
});

test.each([
  ['Say what to do with keys: create, list, revoke', ['make']],
  ['Say --tenant', ['list']],
  ['--tenant cannot be "Acme Inc"', ['list', '--tenant', 'Acme Inc']],
  ["Unknown option '--permissions'", ['create', '--permissions', 'read:leads']],
  ['Say --name', ['create', '--tenant', 'acme', '--app', 'crm-web']],
  ['--expires cannot be "soon"', ['create', '--tenant', 'acme', '--name', 'x', '--expires', 'soon']],
  ['--expires cannot be "2027-02-30"', ['create', '--tenant', 'acme', '--name', 'x', '--expires', '2027-02-30']],
  ['--rate-limit cannot be "many"', ['create', '--tenant', 'acme', '--name', 'x', '--rate-limit', 'many']],
  ['--new-tenant is the name', ['create', '--tenant', 'acme', '--name', 'x', '--new-tenant', ' ']],
  ['Say the id or the prefix of the key', ['revoke', '--tenant', 'acme']],
])('an operator is told, before any database is reached: %s', async (message, args) => {
  await expect(keys(args)).rejects.toThrow(message);
});

test.each([
  ['Say what to do with events: dead, redrive, replay', ['list']],
  ['Say --app', ['dead', '--tenant', 'acme']],
  ['--app cannot be "mail"', ['dead', '--app', 'mail', '--tenant', 'acme']],
  ['Say --tenant', ['dead', '--app', 'crm']],
  ['--from goes with replay', ['redrive', '--app', 'crm', '--tenant', 'acme', '--from', 'x']],
])('an operator of events is told, before any database is reached: %s', async (message, args) => {
  await expect(events(args)).rejects.toThrow(message);
});

test('an operator is told when no platform ever ran on a data directory or a database', async () => {
  const directory = await createDataDirectory();
  const database = await createEmptyDatabase();
  const settings = { PANORAMA_SECRET: 'a secret that nobody has ever used', DATABASE_URL: database.ownerUrl };
  try {
    const nothing = await runKeys(directory.path, ['list', '--tenant', 'acme']);
    expect([nothing.code, nothing.stderr]).toEqual([2, expect.stringContaining('holds no secret')]);
    const empty = await runKeys(directory.path, ['list', '--tenant', 'acme'], settings);
    expect([empty.code, empty.stderr]).toEqual([2, expect.stringContaining('Start the platform once')]);
    const { PANORAMA_SECRET } = settings;
    const noData = await runKeys(directory.path, ['list', '--tenant', 'acme'], { PANORAMA_SECRET });
    expect([noData.code, noData.stderr]).toEqual([2, expect.stringContaining('holds no database')]);
  } finally {
    await database.drop();
    await directory.remove();
  }
}, 120_000);
