import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorCodes, isErrorCode } from '../errors/codes.ts';
import { PanoramaError } from '../errors/panorama-error.ts';
import { type ListeningServer, type ListenOptions, startHttpServer } from '../http/http-server.ts';
import { parseJsonBody, readBody } from '../http/read-body.ts';
import { mediaTypeFor, refuse } from '../http/refuse.ts';
import { requestSignal } from '../http/request-signal.ts';
import type { Logger } from '../telemetry/logger.ts';
import { correlationIdOf } from '../tenancy/correlation-id.ts';
import type { Principal } from '../tenancy/principal.ts';
import type { SubgraphExecutor, SubgraphOperation, SubgraphResponse } from './connection.ts';

export interface SubgraphServerOptions extends ListenOptions {
  readonly execute: SubgraphExecutor;
  /** The principal that a request comes from. Throws the `PanoramaError` that refuses any other request. */
  readonly authenticate: (request: IncomingMessage) => Promise<Principal>;
  readonly logger: Logger;
}

/** A gateway sends many representations in one request. */
const maxBodyBytes = 16 * 1024 * 1024;
const deadlineMs = 30_000;

/**
 * Serves a subgraph over HTTP at `/graphql`: POST with a JSON body, as gateways send it. The header
 * `apollo-federation-include-trace: ftv1` asks for a trace of the execution.
 */
export function startSubgraphServer(options: SubgraphServerOptions): Promise<ListeningServer> {
  const { execute, authenticate, logger } = options;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const correlationId = correlationIdOf(request.headers['x-correlation-id']?.toString());
    response.setHeader('x-correlation-id', correlationId);
    if (request.method !== 'POST') {
      response.writeHead(405, { allow: 'POST' }).end();
      return;
    }
    try {
      if (request.url !== '/graphql') throw new PanoramaError('NOT_FOUND', 'The endpoint is /graphql.');
      const principal = await authenticate(request);
      const body = parseJsonBody(await readBody(request, maxBodyBytes), request.headers['content-type']);
      const context = { correlationId, principal, signal: requestSignal(response, deadlineMs) };
      const trace = request.headers['apollo-federation-include-trace'] === 'ftv1';
      send(request, response, await execute({ ...readOperation(body), context, trace }));
    } catch (error) {
      if (!(error instanceof PanoramaError)) logger.error({ correlationId, err: error }, 'A request failed');
      refuse(request, response, error, correlationId);
    }
  }

  return startHttpServer(handle, options, logger);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The parameters of a request (GraphQL over HTTP, section 5.1). */
function readOperation(body: unknown): Pick<SubgraphOperation, 'document' | 'operationName' | 'variables'> {
  if (!isMap(body))
    throw new PanoramaError('BAD_USER_INPUT', 'The body must be a JSON object, sent as application/json.');
  const { query, operationName, variables } = body;
  if (typeof query !== 'string') throw new PanoramaError('BAD_USER_INPUT', '`query` must be a text.');
  if (typeof (operationName ?? '') !== 'string')
    throw new PanoramaError('BAD_USER_INPUT', '`operationName` must be a text.');
  if (!isMap(variables ?? {})) throw new PanoramaError('BAD_USER_INPUT', '`variables` must be an object.');
  return {
    document: query,
    operationName: (operationName as string | null | undefined) ?? undefined,
    variables: (variables as SubgraphOperation['variables'] | null | undefined) ?? {},
  };
}

/** With `application/json` the status is 200 for whatever GraphQL answered. */
function send(request: IncomingMessage, response: ServerResponse, answer: SubgraphResponse): void {
  const mediaType = mediaTypeFor(request);
  const code = answer.errors?.[0]?.extensions?.code;
  const isRefusal = answer.data === undefined && mediaType === 'application/graphql-response+json';
  response.statusCode = isRefusal ? (isErrorCode(code) ? errorCodes[code].status : 500) : 200;
  response.setHeader('content-type', `${mediaType}; charset=utf-8`);
  response.end(JSON.stringify(answer));
}
