import { type DocumentNode, GraphQLError, getOperationAST, type OperationTypeNode } from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { isMap } from '../../kernel/http/is-map.ts';
import type { SentDocument } from '../admission/resolve-document.ts';
import { admitBody } from './admit-text.ts';
import type { SentOperation } from './short-way.ts';

/** An operation that was sent, parsed. */
export interface ReadOperation extends SentOperation {
  /** Undefined where its name says none, or not which; the pipeline says it better. */
  readonly kind: OperationTypeNode | undefined;
}

/** What reads documents. */
export interface DocumentReader {
  /** The text that a request means; see `AdmitText`. */
  readonly admit: (sent: SentDocument) => string | undefined;
  /** Throws the parser's error. */
  readonly parse: (text: string) => DocumentNode;
}

const none: Readonly<Record<string, unknown>> = {};

/**
 * Reads the parameters of a request (GraphQL over HTTP; those of a `subscribe` message are the same) for the doors that
 * Apollo Server does not stand behind. Throws `BAD_USER_INPUT`, and what refuses the document.
 */
export function readOperation(body: unknown, { admit, parse }: DocumentReader): ReadOperation {
  if (!isMap(body)) throw badInput('A request is a JSON object with `query`.');
  for (const name of ['variables', 'extensions']) {
    if (!isMap(body[name] ?? none)) throw badInput(`\`${name}\` must be an object.`);
  }
  const { query: text, operationName, variables } = admitBody(body, admit) as Readonly<Record<string, unknown>>;
  if (typeof text !== 'string' || text === '') throw badInput('`query` must be the text of a document.');
  if (typeof (operationName ?? '') !== 'string') throw badInput('`operationName` must be a text.');
  const document = readDocument(text, parse);
  const name = (operationName as string | null | undefined) || undefined;
  return {
    text,
    document,
    operationName: name,
    variables: (variables ?? none) as SentOperation['variables'],
    kind: getOperationAST(document, name)?.operation,
  };
}

/** Whether a request is for a subscription. What is malformed is for none. */
export function isSubscription(body: unknown, reader: DocumentReader): boolean {
  try {
    return readOperation(body, reader).kind === 'subscription';
  } catch {
    // Whoever answers it says what is wrong with it.
    return false;
  }
}

function readDocument(text: string, parse: DocumentReader['parse']): DocumentNode {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const { message, source, positions } = error;
    throw new PanoramaError('BAD_USER_INPUT', message, {}, { source: source ?? null, positions: positions ?? null });
  }
}

/** The parameters of a GET, as a POST has them in its body. */
export function bodyOfSearch(search: string): Readonly<Record<string, unknown>> {
  const parameters = new URLSearchParams(search);
  const text = (name: string) => parameters.get(name) ?? undefined;
  return {
    query: text('query'),
    operationName: text('operationName'),
    documentId: text('documentId'),
    variables: readJson(text('variables'), 'variables'),
    extensions: readJson(text('extensions'), 'extensions'),
  };
}

function readJson(text: string | undefined, name: string): unknown {
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw badInput(`\`${name}\` must be JSON.`);
  }
}

function badInput(message: string): PanoramaError {
  return new PanoramaError('BAD_USER_INPUT', message);
}
