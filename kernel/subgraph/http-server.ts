import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorCodes, isErrorCode } from '../errors/codes.ts';
import { PanoramaError } from '../errors/panorama-error.ts';
import { type ListeningServer, type ListenOptions, startHttpServer } from '../http/http-server.ts';
import { isMap } from '../http/is-map.ts';
import { parseJsonBody, readBody } from '../http/read-body.ts';
import { mediaTypeFor, refuse } from '../http/refuse.ts';
import { requestSignal } from '../http/request-signal.ts';
import type { Logger } from '../telemetry/logger.ts';
import { correlationIdOf } from '../tenancy/correlation-id.ts';
import { type CallVerifier, digestBody, refuseCall, subgraphTokenHeader } from '../tenancy/subgraph-token.ts';
import type { SubgraphExecutor, SubgraphOperation, SubgraphResponse, SubscribingExecutor } from './connection.ts';
import { createSubscriptionServer } from './subscription-server.ts';

export interface SubgraphServerOptions extends ListenOptions {
  readonly name: string;
  readonly execute: SubgraphExecutor;
  /** Starts subscriptions; without it there are none. */
  readonly subscribe?: SubscribingExecutor;
  /** Checks the token of a call before its body is read. */
  readonly verifyCall: CallVerifier;
  /** Answers at other paths, and tells whether it did. */
  readonly answerElsewhere?: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;
  readonly logger: Logger;
}

/** A gateway sends many representations in one request. */
const maxBodyBytes = 16 * 1024 * 1024;
const deadlineMs = 30_000;

/**
 * Serves a subgraph at `/graphql`. Over HTTP: POST with a JSON body, as gateways send it, and with the token that the
 * gateway signed for this subgraph and this body. Over WebSocket: subscriptions. The header `apollo-federation-include-trace: ftv1` asks for a trace of
 * the execution.
 */
export function startSubgraphServer(options: SubgraphServerOptions): Promise<ListeningServer> {
  const { name, execute, verifyCall, answerElsewhere, logger } = options;

  /** The token of a call, and the body that it holds for. Nobody without a token has a body read. */
  async function readCall(request: IncomingMessage): Promise<{ readonly token: string; readonly body: Buffer }> {
    const token = request.headers[subgraphTokenHeader]?.toString() ?? '';
    const call = verifyCall(token);
    if (!call) throw refuseCall(name);
    const body = await readBody(request, maxBodyBytes);
    if (call.bodyDigest !== digestBody(body)) throw refuseCall(name);
    return { token, body };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const correlationId = correlationIdOf(request.headers['x-correlation-id']?.toString());
    response.setHeader('x-correlation-id', correlationId);
    if (await answerElsewhere?.(request, response)) return;
    if (request.method !== 'POST') {
      response.writeHead(405, { allow: 'POST' }).end();
      return;
    }
    try {
      if (request.url !== '/graphql') throw new PanoramaError('NOT_FOUND', 'The endpoint is /graphql.');
      const { token, body } = await readCall(request);
      const operation = readOperation(parseJsonBody(body, request.headers['content-type']));
      const signal = requestSignal(response, deadlineMs);
      const trace = request.headers['apollo-federation-include-trace'] === 'ftv1';
      send(request, response, await execute({ ...operation, token, signal, trace }));
    } catch (error) {
      if (!(error instanceof PanoramaError)) logger.error({ correlationId, err: error }, 'A request failed');
      refuse(request, response, error, correlationId);
    }
  }

  const { subscribe } = options;
  const sockets = subscribe && createSubscriptionServer({ name, subscribe, verifyCall, logger });
  return startHttpServer(handle, options, logger, sockets);
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
