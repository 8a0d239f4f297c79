import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import type { AutomaticDocuments } from './automatic-documents.ts';
import { sha256, type TrustedDocuments } from './trusted-documents.ts';

/** How a request says which document it means. */
export interface SentDocument {
  readonly text: string | undefined;
  /** `extensions.persistedQuery`, as it was sent. */
  readonly persistedQuery: unknown;
  /** `documentId`, as it was sent. */
  readonly documentId: unknown;
}

export interface DocumentPolicy {
  readonly trusted: TrustedDocuments;
  /** Client apps that may send trusted documents only; `*` stands for every caller. */
  readonly only: ReadonlySet<string>;
  /** Absent where clients may not register documents. */
  readonly automatic?: AutomaticDocuments;
}

/**
 * The text of the document that a request means, undefined when it names none. A hash stands for a trusted document, or
 * one that the tenant has registered by sending hash and text together (Automatic Persisted Queries: the protocol, its
 * messages and its codes are those of Apollo's clients). `documentId` stands for a trusted document.
 *
 * Throws `PERSISTED_QUERY_NOT_FOUND` for a hash that stands for nothing: the client sends the text as well then.
 */
export function resolveDocument(
  { trusted, only, automatic }: DocumentPolicy,
  { text, persistedQuery, documentId }: SentDocument,
  principal: Principal | undefined,
): string | undefined {
  const hash = hashOf(persistedQuery) ?? idOf(documentId);
  const trustedText = hash === undefined ? undefined : trusted.textOf(hash);
  if (trustedText !== undefined && (text === undefined || text === trustedText)) return trustedText;
  if (only.has('*') || (principal && only.has(principal.app))) {
    if (text !== undefined && hash === undefined && trusted.has(text)) return text;
    throw notTrusted();
  }
  if (hash === undefined) return text;
  if (hashOf(persistedQuery) === undefined) throw notFound();
  if (text !== undefined && sha256(text) !== hash) {
    throw badInput('The hash is not that of the document: it is SHA-256 of its text, in hexadecimal.');
  }
  if (!automatic) throw new PanoramaError('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported');
  const found = text ?? automatic.textOf(principal, hash);
  if (found === undefined) throw notFound();
  if (text !== undefined) automatic.keep(principal, hash, text);
  return found;
}

function hashOf(persistedQuery: unknown): string | undefined {
  if (persistedQuery === undefined || persistedQuery === null) return undefined;
  const { version, sha256Hash } = persistedQuery as { readonly version?: unknown; readonly sha256Hash?: unknown };
  if (version !== 1) throw badInput('The only version of persisted queries is 1.');
  if (typeof sha256Hash !== 'string' || sha256Hash.length > maxIdLength) throw badInput('`sha256Hash` must be a hash.');
  return sha256Hash;
}

/** A hash can be sent with the name of its algorithm in front. */
function idOf(documentId: unknown): string | undefined {
  if (documentId === undefined || documentId === null) return undefined;
  if (typeof documentId !== 'string' || documentId.length > maxIdLength) throw badInput('`documentId` must be an id.');
  return documentId.startsWith('sha256:') ? documentId.slice('sha256:'.length) : documentId;
}

const maxIdLength = 256;

function notFound(): PanoramaError {
  return new PanoramaError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
}

function badInput(message: string): PanoramaError {
  return new PanoramaError('BAD_USER_INPUT', message);
}

function notTrusted(): PanoramaError {
  return new PanoramaError('FORBIDDEN', 'From this app only trusted documents are taken.', {
    reason: 'DOCUMENT_NOT_TRUSTED',
  });
}
