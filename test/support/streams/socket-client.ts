import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type ClientOptions, WebSocket } from 'ws';

/** A message of the server. */
export interface ServerMessage {
  readonly id?: string;
  readonly type: string;
  readonly payload?: unknown;
}

/** A socket that says exactly what a test tells it to, however wrong. */
export interface SocketClient {
  readonly ws: WebSocket;
  /** A text is sent as it stands, anything else as JSON. */
  send(message: unknown): void;
  /** The next message. Rejects when the socket closes before it comes. */
  next(): Promise<ServerMessage>;
  /** How the socket ended. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Sends `connection_init`, and waits until it is answered. */
  init(payload?: Readonly<Record<string, unknown>>): Promise<ServerMessage>;
  subscribe(id: string, query: string, rest?: Readonly<Record<string, unknown>>): void;
}

export const protocol = 'graphql-transport-ws';

/** Opens a socket. Rejects with the status of an answer that is no socket. */
export async function openSocket(
  url: string,
  { protocols = [protocol], ...options }: ClientOptions & { readonly protocols?: readonly string[] } = {},
): Promise<SocketClient> {
  const ws = new WebSocket(url.replace(/^http/, 'ws'), [...protocols], { perMessageDeflate: false, ...options });
  const arrived: ServerMessage[] = [];
  const waiting: PromiseWithResolvers<ServerMessage>[] = [];
  ws.on('message', (data) => {
    const message = JSON.parse(String(data)) as ServerMessage;
    const taker = waiting.shift();
    if (taker) taker.resolve(message);
    else arrived.push(message);
  });
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<{ code: number; reason: string }>();
  ws.on('close', (code, reason) => {
    resolveClosed({ code, reason: reason.toString() });
    for (const taker of waiting.splice(0)) taker.reject(new Error(`The socket was closed: ${code} ${reason}`));
  });
  await opened(ws);
  ws.on('error', () => undefined);

  const client: SocketClient = {
    ws,
    closed,
    send: (message) => ws.send(typeof message === 'string' ? message : JSON.stringify(message)),
    next() {
      const message = arrived.shift();
      if (message) return Promise.resolve(message);
      const taker = Promise.withResolvers<ServerMessage>();
      if (ws.readyState === WebSocket.CLOSED) taker.reject(new Error('The socket is closed.'));
      else waiting.push(taker);
      return taker.promise;
    },
    init(payload) {
      client.send({ type: 'connection_init', ...(payload && { payload }) });
      return client.next();
    },
    subscribe: (id, query, rest = {}) => client.send({ id, type: 'subscribe', payload: { query, ...rest } }),
  };
  return client;
}

async function opened(ws: WebSocket): Promise<void> {
  const refused = once(ws, 'unexpected-response').then(([, response]: IncomingMessage[]) => {
    response?.resume();
    ws.terminate();
    throw new Error(`HTTP ${response?.statusCode}`);
  });
  // An aborted handshake fails once more.
  ws.on('error', () => undefined);
  await Promise.race([once(ws, 'open'), refused]);
  refused.catch(() => undefined);
}
