import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ApolloServer, type BaseContext, HeaderMap, type HTTPGraphQLResponse } from '@apollo/server';
import { parseJsonBody, readBody } from '../../kernel/http/read-body.ts';
import { refuse } from '../../kernel/http/refuse.ts';
import { requestSignal } from '../../kernel/http/request-signal.ts';
import { correlationIdOf } from '../../kernel/tenancy/correlation-id.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import { type Access, authenticate, readCredentials } from '../admission/authenticate.ts';
import { refuseForgery } from './refuse-forgery.ts';

/** What Apollo Server hands from the door to the pipeline. */
export interface DoorContext extends BaseContext {
  readonly request: RequestContext;
}

export interface GraphqlDoorOptions {
  readonly apollo: ApolloServer<DoorContext>;
  readonly access: Access;
  /** The largest request body, in bytes. */
  readonly maxBodyBytes: number;
  /** How long an answer may take, in milliseconds. */
  readonly deadlineMs: number;
  /** The names, in lower case, of the client's headers that some subgraph may see. */
  readonly forwardedHeaders: readonly string[];
}

/** A handler of `/graphql` on node:http. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function headersOf(request: IncomingMessage): HeaderMap {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return headers;
}

/** The headers of the request that some subgraph may see. */
function pickForwarded(headers: HeaderMap, names: readonly string[]): Pick<RequestContext, 'forwardedHeaders'> {
  const forwardedHeaders: Record<string, string> = {};
  for (const name of names) {
    const value = headers.get(name);
    if (value !== undefined) forwardedHeaders[name] = value;
  }
  return names.length > 0 ? { forwardedHeaders } : {};
}

async function send(response: ServerResponse, answer: HTTPGraphQLResponse): Promise<void> {
  response.statusCode = answer.status ?? 200;
  for (const [name, value] of answer.headers) response.setHeader(name, value);
  if (answer.body.kind === 'complete') {
    // A text would be laid out twice: to count its bytes, and again behind the head.
    response.end(Buffer.from(answer.body.string));
    return;
  }
  for await (const chunk of answer.body.asyncIterator) response.write(chunk);
  response.end();
}

/**
 * GraphQL over HTTP: refuses what another site's page sends, authenticates, reads the body within its limit, and leaves
 * methods, media types, parsing and the response format to Apollo Server. Every response carries `x-correlation-id`.
 */
export function createGraphqlDoor(options: GraphqlDoorOptions): RequestHandler {
  const { apollo, access, maxBodyBytes, deadlineMs, forwardedHeaders } = options;
  return async function handleGraphql(request, response) {
    const headers = headersOf(request);
    const correlationId = correlationIdOf(headers.get('x-correlation-id'));
    response.setHeader('x-correlation-id', correlationId);
    try {
      refuseForgery(request);
      const principal = await authenticate(access, readCredentials(request.headers));
      const body = request.method === 'POST' ? await readBody(request, maxBodyBytes) : undefined;
      const [, search = ''] = (request.url ?? '').split('?', 2);
      const answer = await apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: {
          method: request.method ?? 'GET',
          headers,
          search: search === '' ? '' : `?${search}`,
          body: body && parseJsonBody(body, headers.get('content-type')),
        },
        context: async () => ({
          request: {
            correlationId,
            principal,
            signal: requestSignal(response, deadlineMs),
            ...pickForwarded(headers, forwardedHeaders),
          },
        }),
      });
      await send(response, answer);
    } catch (error) {
      refuse(request, response, error, correlationId);
    }
  };
}
