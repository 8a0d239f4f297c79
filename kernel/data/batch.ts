import DataLoader from 'dataloader';

/**
 * A loader that finds many records by key with one statement. Keys asked for in the same tick go together, each once;
 * the result keeps the order of the keys, with null where there is no record. Make one per request.
 */
export function createLoader<Row extends object>(
  findMany: (keys: readonly string[]) => Promise<readonly Row[]>,
  keyOf: (row: Row) => string,
): DataLoader<string, Row | null> {
  return new DataLoader<string, Row | null>(async (keys) => {
    const byKey = new Map((await findMany(keys)).map((row) => [keyOf(row), row]));
    return keys.map((key) => byKey.get(key) ?? null);
  });
}

/** The like for one-to-many: all records that share a key, in the order in which they were found. */
export function createGroupLoader<Row extends object>(
  findMany: (keys: readonly string[]) => Promise<readonly Row[]>,
  keyOf: (row: Row) => string,
): DataLoader<string, readonly Row[]> {
  return new DataLoader<string, readonly Row[]>(async (keys) => {
    const groups = Map.groupBy(await findMany(keys), keyOf);
    return keys.map((key) => groups.get(key) ?? []);
  });
}
