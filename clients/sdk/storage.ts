/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** New values by key; `undefined` removes. */
export type Changes = Readonly<Record<string, Json | undefined>>;

/**
 * Where a client keeps what has to outlive it: cursors, records and the queue. Values by key, and changes that are kept
 * all or not at all. Several tabs may share one.
 */
export interface Storage {
  /** Everything whose key begins so, in the order of the keys. */
  list(prefix: string): Promise<ReadonlyMap<string, Json>>;
  /**
   * Reads keys and changes any, with nobody else in between. What `change` gives is durable when the promise resolves.
   */
  update(keys: readonly string[], change: (values: readonly (Json | undefined)[]) => Changes): Promise<void>;
  /** Tells what others have changed in the same place, in the order in which each changed it. */
  watch(listener: (changes: Changes) => void): () => void;
  /**
   * Does work while nobody else in the same place does work of that name; waits for its turn before. When the signal
   * is aborted while waiting, the work is not done.
   */
  alone(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** What is kept under one key. */
export async function readValue(storage: Pick<Storage, 'update'>, key: string): Promise<Json | undefined> {
  let read: Json | undefined;
  await storage.update([key], ([value]) => {
    read = value;
    return {};
  });
  return read;
}

/** What storage does by itself; the rest is told of the place that it is in. */
export interface Place {
  list(prefix: string): Promise<ReadonlyMap<string, Json>>;
  update(keys: readonly string[], change: (values: readonly (Json | undefined)[]) => Changes): Promise<void>;
}

/** Storage that is gone with its owner: for tests, and for clients that may begin anew. */
export function createMemoryStorage(): Storage {
  const values = new Map<string, Json>();
  return {
    ...createMapPlace(values, () => Promise.resolve()),
    // Nobody else reaches it.
    watch: () => () => undefined,
    alone: createTurns(),
    close: () => Promise.resolve(),
  };
}

/**
 * A place in memory. Changes count when `keep` has kept them; it is told what the changed keys held before, to put it back
 * when it cannot keep them.
 */
export function createMapPlace(
  values: Map<string, Json>,
  keep: (changes: Changes, before: Changes) => Promise<void>,
): Place {
  return {
    async list(prefix) {
      const found = [...values].filter(([key]) => key.startsWith(prefix));
      return new Map(found.sort(([one], [other]) => (one < other ? -1 : 1)));
    },
    async update(keys, change) {
      const changes = change(keys.map((key) => values.get(key)));
      if (Object.keys(changes).length === 0) return;
      const before = Object.fromEntries(Object.keys(changes).map((key) => [key, values.get(key)]));
      applyChanges(values, changes);
      await keep(changes, before);
    },
  };
}

/** Puts changes into a map. */
export function applyChanges(values: Map<string, Json>, changes: Changes): void {
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) values.delete(key);
    else values.set(key, value);
  }
}

/** `alone` among those who share one object: by name, in the order of asking. */
export function createTurns(): Storage['alone'] {
  const last = new Map<string, Promise<void>>();
  return async (name, signal, work) => {
    const before = last.get(name) ?? Promise.resolve();
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const mine = Promise.race([before, aborted]).then(() => (signal.aborted ? undefined : work()));
    last.set(
      name,
      Promise.allSettled([before, mine]).then(() => undefined),
    );
    await mine;
  };
}
