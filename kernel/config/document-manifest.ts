import { z } from 'zod';
import { SettingError } from './setting-error.ts';

/** Documents by the ids that clients know them by. */
export type DocumentsById = readonly (readonly [id: string, text: string])[];

/** The manifest of persisted queries that Apollo's client tools write. */
const apolloManifest = z.object({
  format: z.literal('apollo-persisted-query-manifest'),
  version: z.literal(1),
  operations: z.array(z.object({ id: z.string(), body: z.string() })),
});

/** What Relay's compiler writes. */
const documentsById = z.record(z.string(), z.string());

const shapes =
  'JSON is read as an "apollo-persisted-query-manifest" of version 1, or as a map from hashes to documents.';

/** Reads a manifest: Apollo's, or a JSON map from ids to documents. Throws `SettingError`, with the place of the mistake. */
export function readDocumentManifest(file: string, source: string): DocumentsById {
  const content = parseJson(file, source);
  const isApollos = typeof content === 'object' && content !== null && 'format' in content;
  return isApollos
    ? check(apolloManifest, content, file).operations.map(({ id, body }) => [id, body])
    : Object.entries(check(documentsById, content, file));
}

function parseJson(file: string, source: string): unknown {
  try {
    return JSON.parse(source);
  } catch (error) {
    throw new SettingError(`${file} is not JSON: ${(error as Error).message}`);
  }
}

function check<Shape extends z.ZodType>(shape: Shape, content: unknown, file: string): z.output<Shape> {
  const parsed = shape.safeParse(content);
  if (parsed.success) return parsed.data;
  const [mistake] = parsed.error.issues;
  throw new SettingError(`${file}: ${mistake?.path.join('.') || 'the whole'}: ${mistake?.message}. ${shapes}`);
}
