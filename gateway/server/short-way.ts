import { type DocumentNode, parse } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { OperationRequest, OperationResult } from '../pipeline.ts';
import { answerText, formatErrors, refusalStatus } from './door-answer.ts';
import { takesParts } from './incremental-answer.ts';
import { isForgiven } from './lenient-status.ts';

/** What the body of a request says of its operation. */
export type SentOperation = Pick<OperationRequest, 'text' | 'document' | 'operationName' | 'variables'>;

/** A request that goes the short way. */
export interface ShortRequest {
  readonly operation: SentOperation;
  readonly accept: string;
  /** The media type of its answer. */
  readonly contentType: string;
}

/** An answer as it goes out, whole. */
export interface WholeAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/**
 * The way past Apollo Server, for a POST about which it can say nothing new: it has parsed the same document before and
 * has chosen the media type for the same `accept`, and nothing else in the request is for it to judge. Everything else
 * goes the long way, and what it finds there is kept here. Both ways lead through the pipeline, and their answers are the
 * same byte for byte.
 */
export interface ShortWay {
  /** Keeps a document that was parsed. Gives the one that is known for its text: others tell documents apart by identity. */
  keepDocument(text: string, document: DocumentNode): DocumentNode;
  /** The one document of a text, parsed where it is not known. Throws the parser's error. */
  parseDocument(text: string): DocumentNode;
  /** Keeps the media type that was chosen for an `accept` header. */
  keepMediaType(accept: string | undefined, contentType: string | undefined): void;
  /** The operation in a body; undefined when it has to go the long way. */
  find(body: unknown, accept: string | undefined): ShortRequest | undefined;
}

/** A parsed document takes about a hundred times its text. */
const maxDocumentCharacters = 500_000;
const maxMediaTypes = 100;
const maxAcceptLength = 200;

/** What Apollo Server looks at in a body, and we look at here. */
const knownKeys = new Set(['query', 'variables', 'operationName', 'extensions']);

const none: Readonly<Record<string, unknown>> = {};

export function createShortWay(): ShortWay {
  const documents = new LRUCache<string, DocumentNode>({
    maxSize: maxDocumentCharacters,
    sizeCalculation: (_document, text) => text.length + 1,
  });
  const mediaTypes = new LRUCache<string, string>({ max: maxMediaTypes });

  return {
    keepDocument(text, document) {
      const known = documents.get(text);
      if (known) return known;
      documents.set(text, document);
      return document;
    },
    parseDocument(text) {
      const document = documents.get(text) ?? parse(text);
      documents.set(text, document);
      return document;
    },
    keepMediaType(accept = '', contentType) {
      if (contentType === undefined || accept.length > maxAcceptLength || takesParts(accept)) return;
      mediaTypes.set(accept, contentType);
    },
    find(body, accept = '') {
      const contentType = mediaTypes.get(accept);
      if (contentType === undefined || !isPlainOperation(body)) return undefined;
      const { query: text, variables, operationName } = body;
      const document = documents.get(text);
      if (!document) return undefined;
      const operation = { text, document, variables: variables ?? none, operationName: operationName || undefined };
      return { operation, accept, contentType };
    },
  };
}

/** The answer of a request that went the short way. */
export function wholeAnswer(
  { data, errors = [] }: OperationResult,
  { accept, contentType }: ShortRequest,
): WholeAnswer {
  if (data && errors.length === 0) return { status: 200, contentType, body: data.answer };
  const formatted = formatErrors(errors);
  const result = data ? { errors: formatted, data: data as never } : { errors: formatted };
  const isSuccess = data !== undefined || isForgiven(accept, formatted);
  return { status: isSuccess ? 200 : refusalStatus(errors), contentType, body: Buffer.from(answerText(result)) };
}

interface PlainOperation {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>> | null;
  readonly operationName?: string | null;
}

function isPlainOperation(body: unknown): body is PlainOperation {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  for (const key in body) if (!knownKeys.has(key)) return false;
  const { query, variables, operationName, extensions } = body as Readonly<Record<string, unknown>>;
  return (
    typeof query === 'string' &&
    query !== '' &&
    isMapOrNothing(variables) &&
    typeof (operationName ?? '') === 'string' &&
    isMapOrNothing(extensions) &&
    (extensions ?? none).persistedQuery === undefined
  );
}

function isMapOrNothing(value: unknown): value is Readonly<Record<string, unknown>> | null | undefined {
  return typeof (value ?? none) === 'object' && !Array.isArray(value);
}
