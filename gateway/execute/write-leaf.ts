import type { EnumShape, ScalarShape } from '../plan/output-shape.ts';

/** A text as JSON. */
export type Quote = (text: string) => string;

/**
 * The JSON text of a leaf value; undefined when the value is none of the type. The value is not null.
 *
 * @param toJson How the texts of this answer become JSON.
 */
export type LeafText = (value: unknown, toJson: Quote) => string | undefined;

/**
 * The result coercion of a leaf, as the specification gives it for values that are serialized already. Custom scalars
 * are the subgraph's own affair.
 */
export function compileLeaf(shape: ScalarShape | EnumShape): LeafText {
  if (shape.kind === 'Enum') {
    const texts = new Map(Array.from(shape.values, (value) => [value as unknown, quote(value)]));
    return (value) => texts.get(value);
  }
  return builtInLeaves.get(shape.typeName) ?? customText;
}

const builtInLeaves: ReadonlyMap<string, LeafText> = new Map<string, LeafText>([
  ['String', (value, toJson) => (typeof value === 'string' ? toJson(value) : undefined)],
  ['ID', idText],
  ['Int', (value) => (typeof value === 'number' && (value | 0) === value ? String(value | 0) : undefined)],
  ['Float', (value) => (typeof value === 'number' && Number.isFinite(value) ? JSON.stringify(value) : undefined)],
  ['Boolean', (value) => (typeof value === 'boolean' ? (value ? 'true' : 'false') : undefined)],
]);

/** Values that are nested so deeply that they cannot be written again are refused. */
function customText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value) as string | undefined;
  } catch {
    return undefined;
  }
}

function idText(value: unknown, toJson: Quote): string | undefined {
  if (typeof value === 'string') return toJson(value);
  return typeof value === 'number' && Number.isSafeInteger(value) ? `"${value}"` : undefined;
}

/** What JSON cannot hold as it is: quotes, backslashes, controls, and halves of surrogate pairs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const special = /["\\\u0000-\u001f\ud800-\udfff]/;

/** A text as JSON. Few texts need more than quotes. */
export function quote(text: string): string {
  return special.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** A text as JSON that is known to need nothing but quotes. */
export function quotePlain(text: string): string {
  return `"${text}"`;
}
