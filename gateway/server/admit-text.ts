import { LRUCache } from 'lru-cache';
import type { OperationLimits } from '../../kernel/config/operation-limits.ts';
import { isMap } from '../../kernel/http/is-map.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import { checkDocumentText } from '../admission/document-text.ts';
import { type DocumentPolicy, resolveDocument, type SentDocument } from '../admission/resolve-document.ts';

/** What a request means, before it is parsed: the text of its document, which is of a size that may be parsed. */
export type AdmitText = (sent: SentDocument, principal: Principal | undefined) => string | undefined;

const knownTextBytes = 16 * 1024 * 1024;

/** Makes the gate between reading a request and parsing its document. Each text is looked at once while it is known. */
export function createTextGate(policy: DocumentPolicy, limits: OperationLimits): AdmitText {
  const known = new LRUCache<string, true>({
    maxSize: knownTextBytes,
    sizeCalculation: (_, text) => 2 * text.length + 64,
  });
  return (sent, principal) => {
    const text = resolveDocument(policy, sent, principal);
    if (text !== undefined && !known.has(text)) {
      checkDocumentText(text, limits);
      known.set(text, true);
    }
    return text;
  };
}

type Parameters = Readonly<Record<string, unknown>>;

/** The body of a POST, with the text of the document that it means. What is malformed is left to who reads it next. */
export function admitBody(body: unknown, admit: (sent: SentDocument) => string | undefined): unknown {
  if (!isMap(body)) return body;
  const { query, extensions, documentId, ...rest } = body;
  if (query !== undefined && query !== null && typeof query !== 'string') return body;
  const { persistedQuery, ...others } = isMap(extensions) ? extensions : { persistedQuery: undefined };
  const text = admit({ text: query || undefined, persistedQuery, documentId });
  if (persistedQuery === undefined && documentId === undefined) return body;
  return { ...rest, query: text, extensions: others };
}

/** The same for the search of a GET; it begins with `?` or is empty. */
export function admitSearch(search: string, admit: (sent: SentDocument) => string | undefined): string {
  const parameters = new URLSearchParams(search);
  const extensions = parseMap(parameters.get('extensions'));
  const documentId = parameters.get('documentId') ?? undefined;
  const { persistedQuery, ...others } = { persistedQuery: undefined, ...extensions };
  const text = admit({ text: parameters.get('query') || undefined, persistedQuery, documentId });
  if (text === undefined || (persistedQuery === undefined && documentId === undefined)) return search;
  parameters.set('query', text);
  parameters.set('extensions', JSON.stringify(others));
  return `?${parameters}`;
}

/** Undefined for what is no JSON object. */
function parseMap(text: string | null): Parameters | undefined {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
