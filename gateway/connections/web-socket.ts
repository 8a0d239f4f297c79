import type { SubgraphRequest, SubscribingConnection } from '../../kernel/subgraph/connection.ts';
import { SubgraphSocket } from './subgraph-socket.ts';

/** How the subscriptions of a subgraph are reached over WebSocket. */
export interface WebSocketConnectionOptions {
  /** ws: or wss: */
  readonly url: string;
  /** How long it may take until a socket can be used, in milliseconds. */
  readonly timeoutMs: number;
  readonly maxMessageBytes: number;
  /** What the subgraph is told of a client: in the request for the socket, and in its `connection_init`. */
  readonly headers: (request: SubgraphRequest) => Readonly<Record<string, string>>;
  /** What goes with the request for a socket beside, whoever else will use it. */
  readonly credentials: (request: SubgraphRequest) => Readonly<Record<string, string>>;
  /** The extensions of one subscription. */
  readonly extensions: (request: SubgraphRequest) => Readonly<Record<string, string>>;
}

/**
 * Connects to the subscriptions of a subgraph by `graphql-transport-ws`. Those of whose clients the subgraph is told the
 * same share a socket.
 */
export function connectWebSocket(options: WebSocketConnectionOptions): SubscribingConnection {
  const { url, timeoutMs, maxMessageBytes } = options;
  const sockets = new Map<string, SubgraphSocket>();

  function socketFor(request: SubgraphRequest): SubgraphSocket {
    for (const [key, { isOver }] of sockets) if (isOver) sockets.delete(key);
    const init = options.headers(request);
    const key = JSON.stringify(init);
    const known = sockets.get(key);
    if (known) return known;
    const headers = { ...init, ...options.credentials(request) };
    const socket = new SubgraphSocket({ url, headers, init, timeoutMs, maxMessageBytes });
    sockets.set(key, socket);
    return socket;
  }

  return async (request) => {
    const { document: query, operationName, variables, context } = request;
    context.signal.throwIfAborted();
    const socket = socketFor(request);
    const extensions = options.extensions(request);
    const events = socket.follow({ query, operationName, variables, extensions }, context.signal);
    await socket.acknowledged;
    return events;
  };
}
