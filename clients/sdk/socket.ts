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
  /** How long the server may say nothing, though it is pinged, at half of this time and then again. */
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
  /** Asks whether the server is still there, now. */
  probe(): void;
  close(): void;
}

const abnormal = 1006;
const badRequest = 4400;

/** Opens a WebSocket, greets, answers pings, and takes a server that says nothing for too long for dead. */
export function openSocket(url: string, options: SocketOptions): OpenSocket {
  const socket = construct(url, options);
  if (socket === undefined) return { send: () => undefined, probe: () => undefined, close: () => undefined };
  let ended = false;
  /** Since the last ping nothing was heard. No clock is read: it may jump, and stands still while a machine sleeps. */
  let isAsked = false;

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
  let watch: ReturnType<typeof setInterval>;
  const probe = () => {
    if (isAsked) return;
    isAsked = true;
    send({ type: 'ping' });
    clearInterval(watch);
    watch = setInterval(tick, options.silenceMs / 2);
  };
  const tick = () => {
    if (isAsked) end(abnormal, 'The server has fallen silent.');
    else probe();
  };
  watch = setInterval(tick, options.silenceMs / 2);

  socket.addEventListener('open', async () => {
    if (ended) return socket.close();
    options.opened();
    try {
      send({ type: 'connection_init', payload: await options.greeting() });
    } catch (error) {
      end(abnormal, error instanceof Error ? error.message : String(error));
    }
  });
  socket.addEventListener('message', ({ data }) => {
    isAsked = false;
    if (ended) return;
    const message = parseMessage(data);
    if (message === undefined) end(abnormal, 'The server does not speak the protocol.');
    else if (message.type === 'ping') send({ type: 'pong' });
    else if (message.type !== 'pong') options.received(message);
  });
  socket.addEventListener('close', ({ code, reason }) => end(code, reason));
  // Says nothing that the close, which follows, does not say; in some runtimes none follows.
  socket.addEventListener('error', () => end(abnormal, 'The connection broke.'));

  return {
    send,
    probe,
    close() {
      ended = true;
      clearInterval(watch);
      socket.close(1000, 'The client is done.');
    },
  };
}

/** A runtime refuses an address that it does not open from here, as a page of https one of ws: no attempt helps. */
function construct(url: string, { WebSocket, closed }: SocketOptions): InstanceType<typeof WebSocket> | undefined {
  try {
    return new WebSocket(url, 'graphql-transport-ws');
  } catch (error) {
    queueMicrotask(() => closed(badRequest, error instanceof Error ? error.message : String(error)));
    return undefined;
  }
}

function parseMessage(
  data: unknown,
): ServerMessage | { readonly type: 'ping' } | { readonly type: 'pong' } | undefined {
  try {
    return JSON.parse(String(data));
  } catch {
    return undefined;
  }
}
