import type { GraphqlError } from './failure.ts';
import type { GraphqlRequest } from './http.ts';

/** What a server says about operations (protocol `graphql-transport-ws`); pings are answered here. */
export type ServerMessage =
  | { readonly type: 'connection_ack'; readonly id?: undefined }
  | {
      readonly type: 'next';
      readonly id: string;
      readonly payload: { data?: unknown; errors?: readonly GraphqlError[] };
    }
  | { readonly type: 'error'; readonly id: string; readonly payload: readonly GraphqlError[] }
  | { readonly type: 'complete'; readonly id: string };

/** What a client says. */
export type ClientMessage =
  | { readonly type: 'connection_init'; readonly payload: object }
  | { readonly type: 'subscribe'; readonly id: string; readonly payload: GraphqlRequest }
  | { readonly type: 'complete'; readonly id: string }
  | { readonly type: 'ping' | 'pong' };

export interface SocketOptions {
  readonly WebSocket: typeof globalThis.WebSocket;
  readonly silenceMs: number;
  /** The payload of `connection_init`. */
  readonly greeting: () => Promise<object>;
  readonly opened: () => void;
  readonly received: (message: ServerMessage) => void;
  /** Once: it was closed by the server, could not be opened, broke, or fell silent (code 1006). */
  readonly closed: (code: number, reason: string) => void;
}

export interface OpenSocket {
  send(message: ClientMessage): void;
  close(): void;
}

const abnormal = 1006;

/** Opens a WebSocket, greets, answers pings, and takes a server that says nothing for too long for dead. */
export function openSocket(url: string, options: SocketOptions): OpenSocket {
  const socket = new options.WebSocket(url, 'graphql-transport-ws');
  let ended = false;
  let heardAt = Date.now();

  const send = (message: ClientMessage) => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
  };
  const end = (code: number, reason: string) => {
    if (ended) return;
    ended = true;
    clearInterval(watch);
    socket.close();
    options.closed(code, reason);
  };
  const watch = setInterval(() => {
    if (Date.now() - heardAt > options.silenceMs) end(abnormal, 'The server has fallen silent.');
    else send({ type: 'ping' });
  }, options.silenceMs / 2);

  socket.addEventListener('open', async () => {
    if (ended) return socket.close();
    options.opened();
    try {
      send({ type: 'connection_init', payload: await options.greeting() });
    } catch (error) {
      end(abnormal, `There is no token: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  socket.addEventListener('message', ({ data }) => {
    heardAt = Date.now();
    if (ended) return;
    const message = JSON.parse(String(data)) as ServerMessage | { readonly type: 'ping' } | { readonly type: 'pong' };
    if (message.type === 'ping') send({ type: 'pong' });
    else if (message.type !== 'pong') options.received(message);
  });
  socket.addEventListener('close', ({ code, reason }) => end(code, reason));
  // Says nothing that the close, which follows, does not say; in some runtimes none follows.
  socket.addEventListener('error', () => end(abnormal, 'The connection broke.'));

  return {
    send,
    close() {
      ended = true;
      clearInterval(watch);
      socket.close(1000, 'The client is done.');
    },
  };
}
