import { type FileHandle, mkdtemp, open as openFile, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { forceCloseDatabase, IDBFactory } from 'fake-indexeddb';
import {
  type Client,
  createClient,
  createMemoryStorage,
  openIndexedDbStorage,
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
  jest.restoreAllMocks();
  for (const client of opened) await client.close();
  await server.stop();
});

interface App {
  readonly client: Client;
  readonly sync: Sync;
  /** Names of the customers, as the app shows them. */
  names(): readonly unknown[];
}

async function openApp(storage: Storage, offline = false): Promise<App> {
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

/** Storage that cannot keep anything as long as `fails` is true. */
function createFullStorage() {
  const storage = createMemoryStorage();
  const disk = { fails: false };
  const update: Storage['update'] = (...change) =>
    disk.fails ? Promise.reject(new Error('The disk is full.')) : storage.update(...change);
  return { disk, storage: { ...storage, update } };
}

describe('what is kept', () => {
  test('in a folder is for one process at a time, and half a line counts as none', async () => {
    const path = join(folder, 'journal');
    const storage = await openFileStorage(path);
    await storage.update([], () => ({ a: 1, b: { c: [true, null] } }));
    await storage.update(['a'], ([a]) => ({ a: Number(a) + 1, b: undefined }));
    await expect(openFileStorage(path)).rejects.toMatchObject({ name: 'FolderHeld' });
    await storage.close();
    const journal = join(path, 'journal.jsonl');
    await writeFile(journal, `${await readFile(journal, 'utf8')}{"put":{"a":9`);
    const again = await openFileStorage(path);
    expect([...(await again.list(''))]).toEqual([['a', 2]]);
    for (let number = 0; number < 5_000; number += 1) void again.update([], () => ({ number }));
    await again.update([], () => ({ last: true }));
    await again.close();
    const compacted = await openFileStorage(path);
    expect(Object.fromEntries(await compacted.list(''))).toEqual({ a: 2, number: 4999, last: true });
    await compacted.close();
  });

  test('in a browser is shared by its tabs, which see one queue and send it once', async () => {
    const indexedDB = new IDBFactory();
    const locks = createLocks();
    const openTab = async (offline: boolean) =>
      openApp(await openIndexedDbStorage('app', { indexedDB, locks }), offline);
    const one = await openTab(true);
    const two = await openTab(true);
    await Promise.all([
      one.sync.put('Customer', 'c1', { name: 'One' }),
      two.sync.put('Customer', 'c2', { name: 'Two' }),
    ]);
    await eventually(() => one.names().length === 2 && two.names().length === 2);
    two.client.goOnline();
    one.client.goOnline();
    await settled(two);
    await settled(one);
    expect(server.log.map(({ mutationId }) => mutationId)).toEqual([1, 2]);
    await close(one);
    await two.sync.put('Customer', 'c3', { name: 'Three' });
    await settled(two);
    expect(server.log.map(({ entityId, mutationId }) => [entityId, mutationId]).at(-1)).toEqual(['c3', 3]);
  });
});

describe('a storage that is full', () => {
  test('from the beginning holds nothing up: records are loaded when there is room', async () => {
    const { disk, storage } = createFullStorage();
    disk.fails = true;
    server.change('Customer', 'c1', { name: 'Ada' });
    const client = createClient({ url: server.url, key: 'key', storage, backoff: hasty });
    opened.push(client);
    let failures = 0;
    client.on('failure', () => {
      failures += 1;
      disk.fails = failures < 3;
    });
    const sync = await client.sync(['Customer']);
    await eventually(() => sync.get('Customer', 'c1') !== undefined);
  });

  test('keeps no edit and says so; what comes meanwhile is taken in when there is room again', async () => {
    const { disk, storage } = createFullStorage();
    const app = await openApp(storage);
    const failures: string[] = [];
    app.client.on('failure', ({ code, message }) => failures.push(`${code}: ${message}`));
    disk.fails = true;
    const lost = app.sync.put('Customer', 'c1', { name: 'Lost' });
    await expect(lost).rejects.toMatchObject({ code: 'STORAGE_FAILED', cause: new Error('The disk is full.') });
    expect([app.names(), app.sync.pending]).toEqual([[], 0]);
    server.change('Customer', 'c2', { name: 'Told' });
    await eventually(() => failures.length > 0);
    disk.fails = false;
    await eventually(() => app.names().includes('Told'));
    await app.sync.put('Customer', 'c3', { name: 'Kept' });
    await settled(app);
    expect(new Set(failures)).toEqual(new Set(['STORAGE_FAILED: The storage failed: The disk is full.']));
    expect(server.log.map(({ entityId }) => entityId)).toEqual(['c2', 'c3']);
  });

  test('in a folder takes back what it could not write, and goes on when there is room', async () => {
    const path = join(folder, 'full');
    const storage = await openFileStorage(path);
    await storage.update([], () => ({ a: 1 }));
    const handle = await openFile(join(path, 'journal.jsonl'));
    const files: Pick<FileHandle, 'datasync'> = Object.getPrototypeOf(handle);
    await handle.close();
    jest.spyOn(files, 'datasync').mockRejectedValueOnce(new Error('ENOSPC'));
    const lost = [
      storage.update([], () => ({ a: 2, b: 2 })),
      storage.update(['a'], ([a]) => ({ a: Number(a) + 1 })),
    ].map((update) => expect(update).rejects.toThrow('ENOSPC'));
    await Promise.all(lost);
    await storage.update(['a'], ([a]) => ({ a: Number(a) + 10 }));
    expect([...(await storage.list(''))]).toEqual([['a', 11]]);
    await storage.close();
    const again = await openFileStorage(path);
    expect([...(await again.list(''))]).toEqual([['a', 11]]);
    await again.close();
  });
});

describe('a storage that is damaged', () => {
  test('by a loss of power at its end holds all that was kept; in its midst it says where, and holds nothing up', async () => {
    const path = join(folder, 'damaged');
    const journal = join(path, 'journal.jsonl');
    const storage = await openFileStorage(path);
    for (const a of [1, 2, 3]) await storage.update([], () => ({ a }));
    await storage.close();
    const whole = await readFile(journal, 'utf8');
    await writeFile(journal, `${whole}\0\0\0\0\n\0\0\n{"put":{"a":4}`);
    const again = await openFileStorage(path);
    expect([...(await again.list(''))]).toEqual([['a', 3]]);
    await again.close();
    await writeFile(journal, whole.replace('"a":2', '"a":2"'));
    await expect(openFileStorage(path)).rejects.toMatchObject({
      name: 'JournalDamaged',
      message: expect.stringContaining(`Line 3 of ${journal} is damaged.`),
    });
    await rm(journal);
    await (await openFileStorage(path)).close();
  });
});

describe('a storage in a browser', () => {
  test('that the browser has closed is opened again', async () => {
    const indexedDB = new IDBFactory();
    const databases: Parameters<typeof forceCloseDatabase>[0][] = [];
    const watched = {
      open(name: string, version: number) {
        const request = indexedDB.open(name, version);
        request.addEventListener('success', () => databases.push(request.result as never));
        return request;
      },
    };
    const storage = await openIndexedDbStorage('closed', { indexedDB: watched as never, locks: undefined });
    await storage.update([], () => ({ a: 1 }));
    databases[0]?.close(); // as Safari does, without an event
    await storage.update(['a'], ([a]) => ({ a: Number(a) + 1 }));
    if (databases[1]) forceCloseDatabase(databases[1]); // with an event
    expect([...(await storage.list(''))]).toEqual([['a', 2]]);
    expect(databases.length).toBe(3);
    await storage.close();
  });

  test('lets go of its database when somebody clears it, and is empty then', async () => {
    const indexedDB = new IDBFactory();
    const storage = await openIndexedDbStorage('cleared', { indexedDB: indexedDB as never, locks: undefined });
    await storage.update([], () => ({ a: 1 }));
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.deleteDatabase('panorama cleared');
      request.addEventListener('success', () => resolve());
      request.addEventListener('error', () => reject(request.error));
    });
    expect([...(await storage.list(''))]).toEqual([]);
    await storage.close();
  });

  test('lets another tab send and follow when the one that did is switched off line', async () => {
    const indexedDB = new IDBFactory();
    const locks = createLocks();
    const openTab = async () =>
      openApp(await openIndexedDbStorage('switched', { indexedDB: indexedDB as never, locks }));
    const one = await openTab();
    const two = await openTab();
    one.client.goOffline();
    await two.sync.put('Customer', 'c1', { name: 'From two' });
    await one.sync.put('Customer', 'c2', { name: 'From one' });
    await settled(two);
    two.client.goOffline();
    await one.sync.put('Customer', 'c3', { name: 'Waits' });
    one.client.goOnline();
    await settled(one);
    server.change('Customer', 'c4', { name: 'Followed' });
    await eventually(() => two.names().length === 4 && two.sync.pending === 0);
    expect(server.log.map(({ entityId, mutationId }) => [entityId, mutationId])).toEqual([
      ['c1', 1],
      ['c2', 2],
      ['c3', 3],
      ['c4', null],
    ]);
  });

  test('shows to the tab that goes on what the one before has kept, though it died before it told', async () => {
    const indexedDB = new IDBFactory();
    const locks = createLocks();
    const openTab = (tells: boolean) =>
      openIndexedDbStorage('death', { indexedDB: indexedDB as never, locks }).then((storage) =>
        // What it hears stands for what the other tells: a tab that dies has told no more than that.
        tells
          ? storage
          : {
              ...storage,
              watch: (listener: Parameters<Storage['watch']>[0]) =>
                storage.watch((changes) => {
                  if (hears.all || 'sync/leader' in changes) listener(changes);
                }),
            },
      );
    const hears = { all: true };
    const first = await openApp(await openTab(true));
    const second = await openApp(await openTab(false));
    const third = await openApp(await openTab(false));
    hears.all = false;
    await second.sync.put('Customer', 'c1', { name: 'From two' });
    await eventually(() => server.log.length === 1 && first.sync.pending === 0);
    expect([second.sync.pending, third.names()]).toEqual([1, []]);
    await close(first);
    hears.all = true;
    await settled(second);
    await eventually(() => String(third.names()) === 'From two');
    const before = server.pushes;
    await second.sync.put('Customer', 'c2', { name: 'Two' });
    await settled(second);
    await eventually(() => third.names().length === 2);
    expect(server.pushes).toBe(before + 1);
    expect(server.log.map(({ entityId }) => entityId)).toEqual(['c1', 'c2']);
  });
});

/** Web Locks of one browser, as far as they are used. */
function createLocks() {
  const last = new Map<string, Promise<void>>();
  return {
    async request(name: string, { signal }: { signal: AbortSignal }, work: () => Promise<void>): Promise<void> {
      const before = last.get(name) ?? Promise.resolve();
      const turn = before.then(() => (signal.aborted ? undefined : work()));
      last.set(name, turn);
      const aborted = new Promise<void>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
      let begun = false;
      void before.then(() => {
        begun = !signal.aborted;
      });
      await Promise.race([turn, aborted.catch((reason: unknown) => (begun ? turn : Promise.reject(reason)))]);
    },
  };
}
