import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type Client,
  createClient,
  createMemoryStorage,
  type RefusedMutation,
  type Storage,
  type Sync,
} from '../../clients/sdk/index.ts';
import { openFileStorage } from '../../clients/sdk/node.ts';
import { eventually } from '../support/eventually.ts';
import { type SyncStandIn, startSyncStandIn } from '../support/sync-stand-in.ts';

const hasty = { firstMs: 1, mostMs: 20 };

let server: SyncStandIn;
let opened: Client[];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panorama-sdk-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  opened = [];
  server = await startSyncStandIn();
});

afterEach(async () => {
  for (const client of opened) await client.close();
  await server.stop();
});

interface App {
  readonly client: Client;
  readonly sync: Sync;
  /** Names of the customers, as the app shows them. */
  names(): readonly unknown[];
}

async function openApp(storage: Storage = createMemoryStorage(), offline = false): Promise<App> {
  const client = createClient({ url: server.url, key: 'key', storage, backoff: hasty });
  opened.push(client);
  if (offline) client.goOffline();
  const sync = await client.sync(['Customer']);
  if (!offline) await eventually(() => sync.loaded);
  return { client, sync, names: () => sync.list('Customer').map(({ data }) => data.name) };
}

async function close({ client }: App): Promise<void> {
  opened = opened.filter((one) => one !== client);
  await client.close();
}

const settled = (app: App) => eventually(() => app.sync.pending === 0);

describe('records that are here', () => {
  test('an edit is seen at once where it is made, then everywhere, and stays seen all along', async () => {
    const [one, other] = [await openApp(), await openApp()];
    const seen: (readonly unknown[])[] = [];
    const id = await one.sync.put('Customer', undefined, { name: 'Ada' });
    one.client.on('records', () => seen.push(one.names()));
    expect(one.names()).toEqual(['Ada']);
    await eventually(() => other.names().length > 0);
    await settled(one);
    expect(other.sync.get('Customer', id)).toEqual({ id, version: 1, data: { name: 'Ada' }, pending: 0 });
    expect(new Set(seen.map(String))).toEqual(new Set(['Ada']));
    // Pages compare what they are given to see what to draw anew.
    const [list, shown] = [other.sync.list('Customer'), other.sync.get('Customer', id)];
    expect(other.sync.list('Customer')).toBe(list);
    await other.sync.put('Customer', undefined, { name: 'Grace' });
    expect(other.sync.list('Customer')).not.toBe(list);
    expect([other.sync.list('Customer')[0], other.sync.get('Customer', id)]).toEqual([shown, shown]);
    expect(other.sync.get('Customer', id)).toBe(shown);
    await other.sync.delete('Customer', id);
    await eventually(() => String(one.names()) === 'Grace');
  });

  test('loads page after page what there was before, and what comes after it', async () => {
    for (const name of ['A', 'B', 'C', 'D', 'E']) server.change('Customer', name, { name });
    const app = await openApp();
    expect(app.names()).toEqual(['A', 'B', 'C', 'D', 'E']);
    server.change('Customer', 'B', { email: 'b@example.com' });
    server.remove('Customer', 'A');
    await eventually(() => app.names().length === 4);
    expect(app.sync.get('Customer', 'B')?.data).toEqual({ name: 'B', email: 'b@example.com' });
  });

  test("lays one's own edits upon what others change meanwhile", async () => {
    server.change('Customer', 'c1', { name: 'Ada', city: 'London' });
    const app = await openApp();
    server.mishaps.push(...Array<'request lost'>(3).fill('request lost'));
    await app.sync.put('Customer', 'c1', { name: 'Ada Byron' });
    server.change('Customer', 'c1', { city: 'Paris' });
    await eventually(() => app.sync.get('Customer', 'c1')?.data.city === 'Paris');
    expect(app.sync.get('Customer', 'c1')?.data.name).toBe('Ada Byron');
    await settled(app);
    expect(app.sync.get('Customer', 'c1')?.data).toEqual({ name: 'Ada Byron', city: 'Paris' });
  });

  test.each(['CURSOR_INVALID', 'CURSOR_EXPIRED', 'CURSOR_AHEAD', 'EPOCH_CHANGED'])(
    'a cursor that leads nowhere (%s) is forgotten and the records are loaded anew',
    async (code) => {
      server.change('Customer', 'c1', { name: 'Ada' });
      const app = await openApp();
      const told: string[] = [];
      app.client.on('resync', (reason) => told.push(reason));
      server.refusedFeeds.set('Customer', code);
      server.breakSockets();
      await eventually(() => told.length > 0 && app.sync.loaded);
      server.change('Customer', 'c2', { name: 'Grace' });
      await eventually(() => app.names().length === 2);
      expect(told).toEqual([code]);
    },
  );

  test('a past that is lost is loaded anew, and no edit with it', async () => {
    const path = join(folder, 'lost-past');
    server.change('Customer', 'old', { name: 'Old' });
    await close(await openApp(await openFileStorage(path)));
    const app = await openApp(await openFileStorage(path), true);
    await app.sync.put('Customer', 'mine', { name: 'Mine' });
    server.remove('Customer', 'old');
    server.change('Customer', 'new', { name: 'New' });
    server.forget();
    const told: string[] = [];
    app.client.on('resync', (reason) => told.push(reason));
    app.client.goOnline();
    await settled(app);
    await eventually(() => app.names().includes('New'));
    expect([...app.names()].sort()).toEqual(['Mine', 'New']);
    expect(told).toEqual(['CURSOR_EXPIRED']);
  });
});

test('types that are asked for later are loaded then', async () => {
  const path = join(folder, 'more-types');
  server.change('Visit', 'v1', { name: 'A visit' });
  await close(await openApp(await openFileStorage(path)));
  const client = createClient({ url: server.url, storage: await openFileStorage(path), backoff: hasty });
  opened.push(client);
  const sync = await client.sync(['Customer', 'Visit']);
  await eventually(() => sync.get('Visit', 'v1') !== undefined);
});

describe('the queue', () => {
  test('outlives the client off line, and is sent in order when there is a network', async () => {
    const path = join(folder, 'offline');
    const before = await openApp(await openFileStorage(path), true);
    for (const name of ['first', 'second', 'third']) await before.sync.put('Customer', 'c1', { name });
    expect(server.log).toEqual([]);
    await close(before);
    const after = await openApp(await openFileStorage(path), true);
    expect(after.sync.get('Customer', 'c1')).toMatchObject({ data: { name: 'third' }, pending: 3 });
    const pending: number[] = [];
    after.client.on('pending', (count) => pending.push(count));
    after.client.goOnline();
    await settled(after);
    expect(server.log.map(({ data }) => data?.name)).toEqual(['first', 'second', 'third']);
    expect(pending.at(-1)).toBe(0);
  });

  test('applies once what is sent again because the answer was lost, also over a restart', async () => {
    const path = join(folder, 'lost-answer');
    const app = await openApp(await openFileStorage(path));
    server.mishaps.push('answer lost', 'answer lost', 'request lost', 'answer lost');
    for (let number = 1; number <= 25; number += 1) await app.sync.put('Customer', `c${number}`, { number });
    await eventually(() => server.log.length > 0);
    await close(app);
    const again = await openApp(await openFileStorage(path));
    await settled(again);
    expect(server.log.map(({ entityId }) => entityId)).toEqual(
      Array.from({ length: 25 }, (_, index) => `c${index + 1}`),
    );
  });

  test('tells of an edit that the server does not take, takes it back, and goes on', async () => {
    const app = await openApp();
    const told: [string, RefusedMutation][] = [];
    app.client.on('rejected', (mutation) => told.push(['rejected', mutation]));
    app.client.on('conflict', (mutation) => told.push(['conflict', mutation]));
    await app.sync.put('Customer', 'c1', { name: 'No', forbidden: true });
    await app.sync.put('Customer', 'c2', { name: 'Late', contested: true });
    await app.sync.put('Customer', 'c3', { name: 'Odd', unreadable: true });
    await app.sync.put('Customer', 'c4', { name: 'Yes' });
    await settled(app);
    await eventually(() => app.names().length === 1);
    expect(app.names()).toEqual(['Yes']);
    expect(told.map(([event, { entityId, code }]) => [event, entityId, code])).toEqual([
      ['rejected', 'c1', 'BAD_USER_INPUT'],
      ['conflict', 'c2', 'BAD_USER_INPUT'],
      ['rejected', 'c3', 'BAD_USER_INPUT'],
    ]);
    const [first] = app.sync.refused();
    if (first) await app.sync.dismiss(first);
    expect(app.sync.refused().map(({ entityId }) => entityId)).toEqual(['c2', 'c3']);
    expect(server.acknowledged).toEqual([1]);
  });

  test('of a copied storage goes on under another client id; nothing is lost and nothing comes twice', async () => {
    const [path, copy] = [join(folder, 'original'), join(folder, 'copy')];
    const before = await openApp(await openFileStorage(path), true);
    await before.sync.put('Customer', 'shared', { name: 'from before' });
    await close(before);
    await cp(path, copy, { recursive: true });
    const original = await openApp(await openFileStorage(path));
    await original.sync.put('Customer', 'original', { name: 'original' });
    await settled(original);
    const clone = await openApp(await openFileStorage(copy), true);
    await clone.sync.put('Customer', 'clone', { name: 'clone' });
    clone.client.goOnline();
    await settled(clone);
    await eventually(() => original.names().length === 3);
    expect(server.log.map(({ entityId }) => entityId)).toEqual(['shared', 'original', 'clone']);
    expect(new Set(server.log.map(({ clientId }) => clientId)).size).toBe(2);
  });

  test('of a client that the server has forgotten is sent all the same', async () => {
    const app = await openApp();
    await app.sync.put('Customer', 'c1', { name: 'One' });
    await settled(app);
    server.forgetClient(server.log[0]?.clientId ?? '');
    await app.sync.put('Customer', 'c2', { name: 'Two' });
    await settled(app);
    expect(server.log.map(({ entityId }) => entityId)).toEqual(['c1', 'c2']);
  });
});
