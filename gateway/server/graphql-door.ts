import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ApolloServer, type BaseContext, HeaderMap, type HTTPGraphQLResponse } from '@apollo/server';
import { parseJsonBody, readBody } from '../../kernel/http/read-body.ts';
import { refuse, retryHeaders } from '../../kernel/http/refuse.ts';
import { requestSignal } from '../../kernel/http/request-signal.ts';
import type { Logger } from '../../kernel/telemetry/logger.ts';
import { correlationIdOf } from '../../kernel/tenancy/correlation-id.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import type { DenialAudit } from '../admission/audit-denials.ts';
import type { NoteAdmission } from '../admission/audit-key-use.ts';
import { readCredentials } from '../admission/authenticate.ts';
import type { RateLimiter, Sender } from '../admission/rate-limit.ts';
import type { SentDocument } from '../admission/resolve-document.ts';
import type { Pipeline } from '../pipeline.ts';
import { type AdmitText, admitBody, admitSearch } from './admit-text.ts';
import { answerOperation } from './door-answer.ts';
import { asksForEvents, type EventRequest, type EventStreamDoor } from './event-stream.ts';
import { readIdempotencyKey } from './idempotency-key.ts';
import type { IdentifySender } from './identify-sender.ts';
import { sendPieces } from './incremental-answer.ts';
import { bodyOfSearch, isSubscription } from './read-operation.ts';
import { refuseForgery } from './refuse-forgery.ts';
import { type ShortRequest, type ShortWay, wholeAnswer } from './short-way.ts';

/** What Apollo Server hands from the door to the pipeline. */
export interface DoorContext extends BaseContext {
  readonly request: RequestContext;
  readonly sender: Sender;
  readonly outcome: Outcome;
  readonly body: StreamedBody;
}

/** Set where the body of an answer is not one: Apollo Server passes on only whole ones. */
export interface StreamedBody {
  pieces?: AsyncGenerator<string, void>;
}

/** How a request ended; set by who ends it. */
export interface Outcome {
  /** Whether it was refused before it became an operation. */
  isRefused?: boolean;
}

export interface GraphqlDoorOptions {
  readonly apollo: ApolloServer<DoorContext>;
  readonly pipeline: Pipeline;
  readonly shortWay: ShortWay;
  readonly eventStream: EventStreamDoor;
  readonly logger: Logger;
  readonly identifySender: IdentifySender;
  readonly admitText: AdmitText;
  readonly noteRefusal: RateLimiter['noteRefusal'];
  /** Told of what is refused before it comes to the pipeline. */
  readonly noteDenial?: DenialAudit['noteRefusal'];
  readonly noteAdmission?: NoteAdmission;
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

/** The value of a header that Node gives as one text, or as a list where it was sent several times. */
function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** The headers of the request that some subgraph may see. */
function pickForwarded(request: IncomingMessage, names: readonly string[]): Pick<RequestContext, 'forwardedHeaders'> {
  if (names.length === 0) return {};
  const forwardedHeaders: Record<string, string> = {};
  for (const name of names) {
    const value = headerOf(request, name);
    if (value !== undefined) forwardedHeaders[name] = value;
  }
  return { forwardedHeaders };
}

function sendHead(response: ServerResponse, status: number, headers: Iterable<readonly [string, string]>): void {
  response.statusCode = status;
  if (status === 401) response.setHeader('www-authenticate', 'Bearer');
  for (const [name, value] of headers) response.setHeader(name, value);
}

async function send(response: ServerResponse, answer: HTTPGraphQLResponse, body: StreamedBody): Promise<void> {
  sendHead(response, answer.status ?? 200, answer.headers);
  if (body.pieces) {
    await sendPieces(response, body.pieces);
    return;
  }
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
 * methods, media types, parsing and the response format to Apollo Server, where it has not judged the like before. Every
 * response carries `x-correlation-id`.
 */
export function createGraphqlDoor(options: GraphqlDoorOptions): RequestHandler {
  const { identifySender, admitText, noteRefusal, maxBodyBytes, deadlineMs, forwardedHeaders, shortWay } = options;
  return async function handleGraphql(request, response) {
    const correlationId = correlationIdOf(headerOf(request, 'x-correlation-id'));
    response.setHeader('x-correlation-id', correlationId);
    response.setHeader('cache-control', 'no-store');
    let sender: Sender | undefined;
    try {
      refuseForgery(request);
      sender = await identifySender(request);
      const { principal } = sender;
      if (principal) options.noteAdmission?.(principal, correlationId);
      const admit = (sent: SentDocument) => admitText(sent, principal);
      const bytes = request.method === 'POST' ? await readBody(request, maxBodyBytes) : undefined;
      const body = bytes && admitBody(parseJsonBody(bytes, headerOf(request, 'content-type')), admit);
      const said = {
        correlationId,
        ...readIdempotencyKey(request.headers),
        ...pickForwarded(request, forwardedHeaders),
      };
      if (answerByEvents(options, { request, response }, { body, admit, context: said, sender })) return;
      const context: RequestContext = { ...said, principal, signal: requestSignal(response, deadlineMs) };
      const short = bytes && shortWay.find(body, headerOf(request, 'accept'));
      if (short) await goShortWay(options, response, { short, context, sender });
      else await goLongWay(options, { request, response }, { body, admit, context, sender });
    } catch (error) {
      if (sender) await noteRefusal(sender);
      await options.noteDenial?.(error, { principal: sender?.principal, correlationId });
      refuse(request, response, error, correlationId);
    }
  };
}

/** Answers by events where the client asks for them; false where it does not. */
function answerByEvents(
  { eventStream, shortWay }: GraphqlDoorOptions,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  { body: sent, admit, context, sender }: Omit<LongRequest, 'context'> & Pick<EventRequest, 'context'>,
): boolean {
  const { method = 'GET', url = '' } = request;
  const asked = asksForEvents(headerOf(request, 'accept'));
  if (asked === 'none' || (method !== 'GET' && method !== 'POST')) return false;
  const body = method === 'GET' ? bodyOfSearch(url.split('?', 2)[1] ?? '') : sent;
  if (asked === 'subscriptions' && !isSubscription(body, { admit, parse: shortWay.parseDocument })) return false;
  eventStream(response, { body, sender, context, mayWrite: method === 'POST', credentials: readCredentials(request) });
  return true;
}

/** Answers what Apollo Server can say nothing new about. */
async function goShortWay(
  { pipeline, logger, noteRefusal }: GraphqlDoorOptions,
  response: ServerResponse,
  { short, context, sender }: { short: ShortRequest; context: RequestContext; sender: Sender },
): Promise<void> {
  const result = await answerOperation(pipeline, { ...short.operation, context, address: sender.address }, logger);
  if (result.data === undefined) await noteRefusal(sender);
  const { status, contentType, body } = wholeAnswer(result, short);
  const retry = retryHeaders(result.errors?.[0]?.extensions ?? {});
  sendHead(response, status, [['content-type', contentType], ...retry]);
  response.end(body);
}

interface LongRequest {
  readonly body: unknown;
  readonly admit: (sent: SentDocument) => string | undefined;
  readonly context: RequestContext;
  readonly sender: Sender;
}

/** Answers by Apollo Server, and keeps what it decided. */
async function goLongWay(
  { apollo, noteRefusal, shortWay }: GraphqlDoorOptions,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  { body, admit, context, sender }: LongRequest,
): Promise<void> {
  const { method = 'GET', url = '' } = request;
  const [, search = ''] = url.split('?', 2);
  const streamed: StreamedBody = {};
  const outcome: Outcome = {};
  const headers = headersOf(request);
  const answer = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: {
      method,
      headers,
      search: method === 'GET' && search !== '' ? admitSearch(`?${search}`, admit) : '',
      body,
    },
    context: async () => ({ body: streamed, sender, outcome, request: context }),
  });
  if (outcome.isRefused) await noteRefusal(sender);
  if (answer.status === undefined) shortWay.keepMediaType(headers.get('accept'), answer.headers.get('content-type'));
  await send(response, answer, streamed);
}
