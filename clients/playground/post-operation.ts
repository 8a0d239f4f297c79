import type { GraphQLFormattedError } from 'graphql';
import { readParts } from './multipart.ts';

/** One GraphQL operation as it is sent, over HTTP and over a WebSocket alike. */
export interface Operation {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown> | undefined;
}

/** The response format of the GraphQL specification, or one part of an incremental response. */
export interface GraphqlAnswer {
  readonly data?: unknown;
  readonly errors?: readonly GraphQLFormattedError[] | undefined;
}

export interface PostOptions {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly operation: Operation;
}

const accept = 'application/graphql-response+json, application/json;q=0.9, multipart/mixed;q=0.8';

/** Sends one operation by POST. Whatever goes wrong on the way is told in the shape of a GraphQL error. */
export async function postOperation(options: PostOptions): Promise<GraphqlAnswer | AsyncIterable<GraphqlAnswer>> {
  const { endpoint, headers, operation } = options;
  let response: Response;
  try {
    response = await fetch(endpoint, {
      method: 'POST',
      headers: { accept, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(operation),
    });
  } catch (error) {
    return failure(`No answer from ${endpoint}: ${String(error)}. Is the server running?`);
  }
  return readAnswer(response, endpoint);
}

/** An answer that holds nothing but one error. */
export function failure(message: string): GraphqlAnswer {
  return { errors: [{ message }] };
}

async function readAnswer(response: Response, endpoint: string): Promise<GraphqlAnswer | AsyncIterable<GraphqlAnswer>> {
  const type = response.headers.get('content-type') ?? 'no content type';
  if (type.startsWith('multipart/mixed')) return readParts(response, type);
  try {
    return await response.json();
  } catch {
    // Not silent: an answer that is no JSON is told as what it is, since a proxy's HTML page would mislead here.
    const status = `${response.status} ${response.statusText}`.trim();
    return failure(`${endpoint} answered ${status} with ${type}, which is not a GraphQL response.`);
  }
}
