/** What V8 takes for an object or a list itself, for each of its values, and for each entry of a map or set. */
const objectBytes = 32;
const valueBytes = 8;
const entryBytes = 40;

/**
 * About how many bytes plain data take in memory: objects, lists, maps, sets and texts, each counted once however often
 * it is referred to. Good to half and double, which is enough to bound a cache.
 */
export function estimateBytes(data: unknown): number {
  const seen = new Set<unknown>();
  const waiting: unknown[] = [data];
  let bytes = 0;
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value === 'string') bytes += objectBytes + value.length;
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    const parts = partsOf(value);
    bytes += objectBytes + parts.length * (value instanceof Map || value instanceof Set ? entryBytes : valueBytes);
    for (const part of parts) waiting.push(part);
  }
  return bytes;
}

function partsOf(value: object): readonly unknown[] {
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  return value instanceof Set ? [...value] : Object.values(value);
}
