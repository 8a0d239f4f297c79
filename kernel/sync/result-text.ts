import { types } from 'node:util';

type Tagged = { readonly $: readonly [kind: 'instant' | 'integer' | 'bytes' | 'object', value: unknown] };

function encode(value: unknown): unknown {
  if (typeof value === 'bigint') return { $: ['integer', String(value)] } satisfies Tagged;
  if (types.isDate(value)) return { $: ['instant', value.toISOString()] } satisfies Tagged;
  if (types.isUint8Array(value)) return { $: ['bytes', Buffer.from(value).toString('base64')] } satisfies Tagged;
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, encode(inner)]));
  return Object.hasOwn(fields, '$') ? ({ $: ['object', fields] } satisfies Tagged) : fields;
}

function decodeFields(fields: object): object {
  return Object.fromEntries(Object.entries(fields).map(([name, inner]) => [name, decode(inner)]));
}

function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== 'object' || value === null) return value;
  if (!Object.hasOwn(value, '$')) return decodeFields(value);
  const [kind, inner] = (value as Tagged).$;
  if (kind === 'integer') return BigInt(String(inner));
  if (kind === 'instant') return new Date(String(inner));
  if (kind === 'bytes') return Uint8Array.from(Buffer.from(String(inner), 'base64'));
  return decodeFields(inner as object);
}

/** Writes what a command came to as text: JSON, with tags for instants, big integers and bytes, which JSON does not have. */
export function resultToText(value: unknown): string {
  return JSON.stringify({ value: encode(value) });
}

/** Reads what `resultToText` wrote. Fields that were undefined are left out. */
export function textToResult(text: string): unknown {
  return decode((JSON.parse(text) as { readonly value: unknown }).value);
}
