import type { NewChange } from './change.ts';

function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'bigint' ? Number(value) : value;
}

/** Fields of a record as the data of a change has them: instants as the graph writes them, whole numbers as numbers. */
export function toChangeData(fields: Readonly<Record<string, unknown>>): NewChange['data'] {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)]));
}
