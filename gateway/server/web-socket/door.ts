import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import { RefusedRequest } from '../../../kernel/http/refused-request.ts';
import type { Places } from '../../admission/stream-places.ts';
import { tooMany } from '../streamed-operation.ts';
import { serveSocket } from './socket.ts';
import { readSocketOrigin, type SocketOrigin } from './socket-origin.ts';
import type { SocketParts } from './socket-parts.ts';

export interface WebSocketDoorOptions {
  readonly parts: SocketParts;
  /** The streams of all callers together. */
  readonly places: Places;
  /** Origins whose pages may open sockets, beside those of the gateway itself. */
  readonly origins: readonly string[];
  /** How many proxies of one's own are in front. */
  readonly trustedProxies: number;
}

/** Takes over a connection whose client asks for a WebSocket. */
export type WebSocketDoor = (request: IncomingMessage, connection: Duplex, head: Buffer) => void;

/** Small messages are not cut into many; a large one may come in many pieces from the network. */
const maxFragments = 64;
const maxPieces = 1_024;
/** How long the peer may take to agree to the end of a socket. */
const closeTimeoutMs = 10_000;

const everyone = '';

/** Makes the door for WebSockets at `/graphql`. */
export function createWebSocketDoor({ parts, places, ...options }: WebSocketDoorOptions): WebSocketDoor {
  const origins = new Set(options.origins);
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // A few bytes could unfold to any number.
    perMessageDeflate: false,
    maxPayload: parts.limits.messageBytes,
    maxFragments,
    maxBufferedChunks: maxPieces,
    // The library's types do not know it yet.
    ...{ closeTimeout: closeTimeoutMs },
    handleProtocols: chooseProtocol,
  });
  server.on('headers', (headers, request) => {
    headers.push(`x-correlation-id: ${openedBy.get(request)?.correlationId ?? ''}`);
  });
  const openedBy = new WeakMap<IncomingMessage, SocketOrigin>();
  const { streams } = parts.limits;
  const leavePlace = () => places.leave(everyone);

  return (request, connection, head) => {
    const origin = readSocketOrigin(request, { ...options, forwardedHeaders: parts.forwardedHeaders });
    const refusal = refusalOf(request, origins, parts.open.isDraining());
    if (refusal) return refuseUpgrade(connection, refusal, origin.correlationId);
    if (!places.take(everyone))
      return refuseUpgrade(connection, busy(tooMany('streams', streams)), origin.correlationId);
    connection.once('close', leavePlace);
    openedBy.set(request, origin);
    server.handleUpgrade(request, connection, head, (ws) => {
      if (ws.protocol === GRAPHQL_TRANSPORT_WS_PROTOCOL) serveSocket(parts, ws, connection, origin);
      else refuseProtocol(ws);
    });
  };
}

/** A client with another protocol is told by a close code, so it is spoken to first; a browser hears of nothing else. */
function chooseProtocol(offered: ReadonlySet<string>): string | false {
  if (offered.has(GRAPHQL_TRANSPORT_WS_PROTOCOL)) return GRAPHQL_TRANSPORT_WS_PROTOCOL;
  return offered.values().next().value ?? false;
}

function refuseProtocol(ws: WebSocket): void {
  ws.on('error', () => ws.terminate());
  ws.close(CloseCode.SubprotocolNotAcceptable, 'Subprotocol not acceptable');
}

function refusalOf(
  { url = '/', headers }: IncomingMessage,
  origins: ReadonlySet<string>,
  isDraining: boolean,
): PanoramaError | undefined {
  if (url.split('?', 1)[0] !== '/graphql') return new PanoramaError('NOT_FOUND', 'The endpoint is /graphql.');
  if (isDraining) return busy(new PanoramaError('INTERNAL', 'This process ends.'));
  const { origin, host } = headers;
  // Browsers always say where a page comes from, and no page can change that. Other clients need not.
  if (origin === undefined || origins.has(origin)) return undefined;
  if (URL.canParse(origin) && new URL(origin).host === host) return undefined;
  return new PanoramaError('FORBIDDEN', 'Pages of this origin may not open a socket.');
}

function busy({ code, message, extensions }: PanoramaError): PanoramaError {
  return new RefusedRequest(503, code, message, extensions);
}

/** Answers as HTTP does: the socket is not opened. */
function refuseUpgrade(connection: Duplex, refusal: PanoramaError, correlationId: string): void {
  const { status } = refusal;
  const body = JSON.stringify({ errors: [refusal.toJSON()] });
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'connection: close',
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-correlation-id: ${correlationId}`,
    ...(status === 503 ? ['retry-after: 1'] : []),
  ];
  connection.on('error', () => connection.destroy());
  connection.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => connection.destroy());
}
