import type { ServerResponse } from 'node:http';
import type { StreamLimits } from '../../kernel/config/stream-limits.ts';
import type { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { RefusedRequest } from '../../kernel/http/refused-request.ts';
import type { Deadlines } from '../../kernel/resilience/deadlines.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import type { Credentials } from '../admission/authenticate.ts';
import { type CredentialWatch, refusalOfLess } from '../admission/stream-credentials.ts';
import type { Places } from '../admission/stream-places.ts';
import { formatErrors } from './door-answer.ts';
import type { OpenStream, OpenStreams } from './open-streams.ts';
import { createOutlet } from './outlet.ts';
import {
  beginOperation,
  type OperationTaker,
  type RunningOperation,
  type StreamedRequest,
  type StreamParts,
  tooMany,
} from './streamed-operation.ts';

/*
 * GraphQL over Server-Sent Events, "distinct connections": one operation, one response.
 * https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
 */

/** What all event streams of a gateway share. */
export interface EventStreamParts {
  readonly limits: StreamLimits;
  readonly stream: StreamParts;
  readonly credentials: CredentialWatch;
  readonly open: OpenStreams;
  /** The streams of all callers together, and those of each tenant. */
  readonly places: Places;
  readonly tenants: Places;
  /** How long a client that is behind is waited for. */
  readonly slow: Deadlines;
}

/** A request that is answered by events. */
export interface EventRequest extends StreamedRequest {
  readonly credentials: Credentials;
}

/** Begins to answer a request by events. Throws what refuses it before there are any. */
export type EventStreamDoor = (response: ServerResponse, request: EventRequest) => void;

const head = {
  'content-type': 'text/event-stream; charset=utf-8',
  connection: 'keep-alive',
  // A proxy that collects answers would hold back events.
  'x-accel-buffering': 'no',
};
/** Means nothing: it shows that both sides are there. */
const comment = ':\n\n';
/** Browsers pass on no event without data. */
const completeEvent = 'event: complete\ndata: \n\n';

const everyone = '';

/** Makes the door. */
export function createEventStreamDoor(parts: EventStreamParts): EventStreamDoor {
  return (response, request) => {
    // The client has gone while it was found out who it is.
    if (response.closed) return;
    const leavePlaces = takePlaces(parts, request);
    response.once('close', leavePlaces);
    response.writeHead(200, head);
    response.write(comment);
    serveEvents(parts, response, request);
  };
}

function takePlaces({ places, tenants, open, limits }: EventStreamParts, { sender }: EventRequest): () => void {
  const { principal, address } = sender;
  const tenant = principal?.tenantId ?? address;
  if (open.isDraining()) throw new RefusedRequest(503, 'INTERNAL', 'This process ends.');
  if (!places.take(everyone)) throw busy(tooMany('streams', limits.streams));
  if (!tenants.take(tenant)) {
    places.leave(everyone);
    throw busy(tooMany('streamsPerTenant', limits.streamsPerTenant));
  }
  return () => {
    places.leave(everyone);
    tenants.leave(tenant);
  };
}

function busy({ code, message, extensions }: PanoramaError): PanoramaError {
  return new RefusedRequest(503, code, message, extensions);
}

function serveEvents(parts: EventStreamParts, response: ServerResponse, request: EventRequest): void {
  const onEnd: (() => void)[] = [];
  const owner = { resume: () => operation.resume(), late: () => void response.destroy() };
  const outlet = createOutlet(response, owner, { unsentBytes: parts.limits.unsentBytes, slow: parts.slow });
  const taker: OperationTaker = {
    next({ text }) {
      response.write(`event: next\ndata: ${text}\n\n`);
      return outlet.hasRoom();
    },
    fail(errors) {
      response.end(`event: next\ndata: ${JSON.stringify({ errors })}\n\n${completeEvent}`);
    },
    complete: () => void response.end(completeEvent),
  };
  const operation = beginOperation(parts.stream, request, taker);
  const stream = openStreamOf(response, operation, () => outlet.isWaiting);
  parts.open.add(stream);
  onEnd.push(watchCredential(parts, request, operation, taker));
  response.once('close', () => {
    outlet.close();
    operation.leave();
    parts.open.remove(stream);
    for (const undo of onEnd) undo();
  });
}

function openStreamOf(response: ServerResponse, operation: RunningOperation, isBehind: () => boolean): OpenStream {
  return {
    ping() {
      if (!isBehind() && !response.writableEnded) response.write(comment);
    },
    goAway() {
      if (!operation.isSubscription()) return;
      operation.leave();
      // Without `complete`: the client takes it up again elsewhere.
      response.end(() => response.socket?.destroySoon());
    },
    cut: () => void response.destroy(),
  };
}

/** Ends a subscription with its credential, or when that has less than it began with. */
function watchCredential(
  { credentials }: EventStreamParts,
  request: EventRequest,
  operation: RunningOperation,
  taker: OperationTaker,
): () => void {
  const { principal } = request.sender;
  if (!principal) return () => undefined;
  const refused = (refusal: PanoramaError) => {
    operation.leave();
    taker.fail(formatErrors([refusal]));
  };
  const judged = (now: Principal) => {
    const refusal = operation.isSubscription() ? refusalOfLess(principal, now) : undefined;
    if (refusal) refused(refusal);
  };
  return credentials.watch(request.credentials, principal, { refused, judged });
}

const eventType = 'text/event-stream';
const jsonTypes = ['application/json', 'application/graphql-response+json', '*/*', 'application/*'];

/** A media range that is named to say that it is not accepted (RFC 9110, section 12.4.2). */
const unwanted = /;\s*q=0(\.0{0,3})?\s*(;|$)/;

/**
 * What an `accept` header asks to be answered by events: all operations, or, where it takes JSON as well, those of which
 * there is more than one answer.
 */
export function asksForEvents(accept: string | undefined): 'all' | 'subscriptions' | 'none' {
  const ranges = accept?.toLowerCase();
  if (!ranges?.includes(eventType)) return 'none';
  const wanted = ranges.split(',').filter((range) => !unwanted.test(range));
  const types = wanted.map((range) => range.split(';', 1)[0]?.trim());
  if (!types.includes(eventType)) return 'none';
  return types.some((type) => type !== undefined && jsonTypes.includes(type)) ? 'subscriptions' : 'all';
}
