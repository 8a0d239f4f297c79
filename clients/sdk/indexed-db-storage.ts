import { type Changes, createTurns, type Json, type Storage } from './storage.ts';

/** The parts of IndexedDB that are used here; every browser has them, and Node's types do not. */
export interface IndexedDb {
  open(name: string, version: number): OpenRequest;
}

interface Request<Result> {
  readonly result: Result;
  readonly error: unknown;
  onsuccess: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
}

interface OpenRequest extends Request<Database> {
  onupgradeneeded: ((event: never) => void) | null;
}

interface Database {
  createObjectStore(name: string): unknown;
  transaction(
    store: string,
    mode: 'readonly' | 'readwrite',
    options?: { readonly durability?: 'strict' | 'relaxed' },
  ): Transaction;
  close(): void;
  onclose: ((event: never) => void) | null;
  onversionchange: ((event: never) => void) | null;
}

interface Transaction {
  readonly error: unknown;
  objectStore(name: string): ObjectStore;
  abort(): void;
  oncomplete: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onabort: ((event: never) => void) | null;
}

interface ObjectStore {
  get(key: string): Request<unknown>;
  getAll(): Request<unknown[]>;
  getAllKeys(): Request<unknown[]>;
  put(value: unknown, key: string): unknown;
  delete(key: string): unknown;
}

/** Web Locks, as far as they are used here. */
interface Locks {
  request(name: string, options: { readonly signal: AbortSignal }, work: () => Promise<void>): Promise<void>;
}

export interface IndexedDbOptions {
  readonly indexedDB?: IndexedDb;
  /** Web Locks keep two tabs from pushing at once. Without them only clients in the same tab are kept apart. */
  readonly locks?: Locks | undefined;
}

const storeName = 'values';

/**
 * Opens storage in the browser, or makes it. All tabs of an origin that open the same name share it: each hears of the
 * others' changes, and one of them at a time does what has to be done alone.
 */
export async function openIndexedDbStorage(name: string, options: IndexedDbOptions = {}): Promise<Storage> {
  const surroundings = globalThis as { indexedDB?: IndexedDb; navigator?: { locks?: Locks } };
  const factory = options.indexedDB ?? surroundings.indexedDB;
  if (factory === undefined) throw new TypeError('There is no IndexedDB here; give the client another storage.');
  const locks = 'locks' in options ? options.locks : surroundings.navigator?.locks;
  const database = keepOpen(() => openDatabase(factory, name));
  await database.use(async () => undefined);
  const channel = new BroadcastChannel(`panorama ${name}`);

  return {
    list: (prefix) => database.use((open) => listValues(open, prefix)),
    async update(keys, change) {
      const changes = await database.use((open) => changeValues(open, keys, change));
      // Structured cloning keeps `undefined`, so removals arrive as such.
      if (Object.keys(changes).length > 0) channel.postMessage(changes);
    },
    watch(listener) {
      const listen = (event: { readonly data: unknown }) => listener(event.data as Changes);
      channel.addEventListener('message', listen as never);
      return () => channel.removeEventListener('message', listen as never);
    },
    alone: locks ? takeLock(locks, name) : createTurns(),
    async close() {
      channel.close();
      await database.close();
    },
  };
}

function takeLock(locks: Locks, place: string): Storage['alone'] {
  return async (name, signal, work) => {
    let begun = false;
    const begin = () => {
      begun = true;
      return work();
    };
    await locks.request(`panorama ${place} ${name}`, { signal }, begin).catch((error: unknown) => {
      // Aborted while it waited: then there was no work.
      if (begun || !signal.aborted) throw error;
    });
  };
}

/**
 * A database that is opened again when the browser has closed it, as it may when a page sleeps or is cleared, and that lets
 * go when somebody wants to remove it.
 */
function keepOpen(open: () => Promise<Database>) {
  let opening: Promise<Database> | undefined;
  let isDone = false;

  function get(): Promise<Database> {
    if (isDone) return Promise.reject(new TypeError('The storage is closed.'));
    opening ??= open();
    const mine = opening;
    const forget = () => {
      if (opening === mine) opening = undefined;
    };
    mine.then((database) => {
      database.onclose = forget;
      database.onversionchange = () => {
        forget();
        database.close();
      };
    }, forget);
    return mine;
  }

  return {
    /** Begins work on it; it is begun again when the database turns out to be closed. */
    async use<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
      const mine = get();
      const database = await mine;
      try {
        return await work(database);
      } catch (error) {
        if ((error as Partial<Error> | null)?.name !== 'InvalidStateError') throw error;
        if (opening === mine) opening = undefined;
        database.close();
        return await work(await get());
      }
    },
    async close() {
      isDone = true;
      await opening?.then((database) => database.close()).catch(() => undefined);
    },
  };
}

function openDatabase(factory: IndexedDb, name: string): Promise<Database> {
  const request = factory.open(`panorama ${name}`, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(storeName);
  return settle(request);
}

function settle<Result>(request: Request<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function listValues(database: Database, prefix: string): Promise<ReadonlyMap<string, Json>> {
  const store = database.transaction(storeName, 'readonly').objectStore(storeName);
  // Both in one transaction, so the two lists belong together; keys come in their order.
  const [keys, values] = await Promise.all([settle(store.getAllKeys()), settle(store.getAll())]);
  const all = keys.map((key, index) => [String(key), values[index] as Json] as const);
  return new Map(all.filter(([key]) => key.startsWith(prefix)));
}

function changeValues(
  database: Database,
  keys: readonly string[],
  change: (values: readonly (Json | undefined)[]) => Changes,
): Promise<Changes> {
  const transaction = database.transaction(storeName, 'readwrite', { durability: 'strict' });
  const store = transaction.objectStore(storeName);
  return new Promise((resolve, reject) => {
    let changes: Changes = {};
    let failure: unknown;
    transaction.oncomplete = () => resolve(changes);
    transaction.onabort = () => reject(failure ?? transaction.error);
    Promise.all(keys.map((key) => settle(store.get(key))))
      .then((values) => {
        changes = change(values as (Json | undefined)[]);
        for (const [key, value] of Object.entries(changes)) {
          if (value === undefined) store.delete(key);
          else store.put(value, key);
        }
      })
      .catch((error: unknown) => {
        failure = error;
        transaction.abort();
      });
  });
}
