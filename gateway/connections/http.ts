import { Agent } from 'undici';
import { createDeadlines } from '../../kernel/resilience/deadlines.ts';
import { onAbort } from '../../kernel/resilience/on-abort.ts';
import type { Connection, SubgraphRequest, SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import { HttpConnectionError, HttpExchange } from './http-exchange.ts';

export { HttpConnectionError };

/** How a subgraph is reached over HTTP. */
export interface HttpConnectionOptions {
  readonly url: string;
  /** How long one answer may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How large the body of an answer may be, in bytes, after decompression. */
  readonly maxBodyBytes: number;
  /**
   * The headers of a request beside those of the protocol, by lower-case name. Nothing of a client's request is passed
   * on by itself.
   *
   * @param body What is sent, for those who sign it.
   */
  readonly headers: (request: SubgraphRequest, body: string) => Readonly<Record<string, string>>;
}

/** Keeps connections open, per origin, for all subgraphs of all supergraphs. The exchanges have deadlines of their own. */
const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

/**
 * Connects to a subgraph by GraphQL over HTTP: POST, no redirects, deadline and size cap. Rejects with
 * `HttpConnectionError` for anything but a well-formed answer, with a `TimeoutError` after the deadline, or with the
 * reason of the signal that ended it.
 */
export function connectHttp({ url, timeoutMs, maxBodyBytes, headers }: HttpConnectionOptions): Connection {
  const { origin, pathname, search } = new URL(url);
  const path = pathname + search;
  const deadlines = createDeadlines(timeoutMs);
  return async (request) => {
    const { signal } = request.context;
    signal.throwIfAborted();
    const exchange = new HttpExchange(maxBodyBytes);
    const stopListening = onAbort(signal, () => exchange.end(signal.reason));
    const stopWaiting = deadlines.start(() =>
      exchange.end(new DOMException('The deadline has passed.', 'TimeoutError')),
    );
    try {
      const body = bodyOf(request);
      agent.dispatch({ origin, path, method: 'POST', headers: headersOf(headers(request, body)), body }, exchange);
      return parseAnswer(await exchange.body);
    } finally {
      stopWaiting();
      stopListening();
    }
  };
}

function headersOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  return {
    ...headers,
    accept: 'application/graphql-response+json, application/json;q=0.9',
    'content-type': 'application/json',
  };
}

function bodyOf({ document, operationName, variables, variablesText }: SubgraphRequest): string {
  const name = operationName === undefined ? '' : `"operationName":${JSON.stringify(operationName)},`;
  return `{"query":${JSON.stringify(document)},${name}"variables":${variablesText ?? JSON.stringify(variables)}}`;
}

/** In JSON, every text that needs escapes has one. */
const backslash = 0x5c;

function parseAnswer(body: Buffer): SubgraphResponse {
  let answer: unknown;
  try {
    answer = JSON.parse(body.toString('utf8'));
  } catch {
    throw new HttpConnectionError('The answer of the subgraph is not JSON.');
  }
  if (typeof answer !== 'object' || answer === null || !('data' in answer || 'errors' in answer)) {
    throw new HttpConnectionError('The answer of the subgraph is no GraphQL response.');
  }
  // The types of its parts are the executor's to check: a subgraph's answer is not trusted.
  const { data, errors } = answer as SubgraphResponse;
  return { data, errors, hasPlainTexts: !body.includes(backslash) };
}
