import { printDocument, type SyntaxNode } from './print-document.ts';

/** What tools that type operations put on a document (`TypedDocumentNode`, `TypedDocumentString`). */
export interface OperationTypes<Data, Variables> {
  readonly __apiType?: ((variables: Variables) => Data) | undefined;
}

/** A parsed document, as `graphql` and `gql.tada` make them. */
export interface ParsedDocument {
  readonly kind: 'Document';
  readonly definitions: readonly { readonly kind: string }[];
}

/** An operation: its text, or a document that knows its types. */
export type Operation<Data, Variables> =
  | string
  // biome-ignore lint/complexity/noBannedTypes: typed texts are instances of String, not primitive strings
  | ((String | ParsedDocument) & OperationTypes<Data, Variables>);

export type Variables = Readonly<Record<string, unknown>>;

const printed = new WeakMap<object, string>();

/** The text that is sent. */
export function textOf<Data, Variables>(operation: Operation<Data, Variables>): string {
  if (typeof operation !== 'object' || !('definitions' in operation)) return String(operation);
  // The source that a document may remember is not what it says any more when a cache has added fields to it.
  const text = printed.get(operation) ?? printDocument(operation.definitions as readonly SyntaxNode[]);
  printed.set(operation, text);
  return text;
}

/** Whether a subscription takes the cursor that it starts from, and so can resume: it has a variable `$after`. */
export function takesCursor(text: string): boolean {
  return /\$after\s*:/.test(text);
}
