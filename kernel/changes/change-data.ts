import type { NewChange } from './change.ts';

/** Fields of a record as the data of a change has them: instants as the graph writes them, whole numbers as numbers. */
export function toChangeData(fields: Readonly<Record<string, unknown>>): NewChange['data'] {
  const data: Record<string, unknown> = { ...fields };
  for (const name in data) {
    const value = data[name];
    if (value instanceof Date) data[name] = value.toISOString();
    else if (typeof value === 'bigint') data[name] = Number(value);
  }
  return data;
}
