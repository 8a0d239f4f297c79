import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { UpgradeHandler } from '../http/http-server.ts';
import { digestBody, subgraphTokenHeader } from '../tenancy/subgraph-token.ts';
import { socketText, subscriptionPath } from './subscription-call.ts';
import { type SubscriptionSocketParts, serveSubscriptionSocket } from './subscription-socket.ts';

/** A subscription is a document with its variables. */
const maxMessageBytes = 1024 * 1024;
/** Of the registry of RFC 6455. */
const goingAway = 1001;

/**
 * Takes the sockets of gateways, at `/graphql`: of those who send a token that was made for opening a socket to this
 * subgraph.
 */
export function createSubscriptionServer(parts: SubscriptionSocketParts): UpgradeHandler {
  const sockets = new Set<WebSocket>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    handleProtocols: (offered) => offered.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) && GRAPHQL_TRANSPORT_WS_PROTOCOL,
  });

  function statusFor({ url = '', headers }: IncomingMessage): 401 | 404 | undefined {
    if (url.split('?', 1)[0] !== subscriptionPath) return 404;
    const call = parts.verifyCall(headers[subgraphTokenHeader]?.toString());
    return call?.bodyDigest === digestBody(socketText) ? undefined : 401;
  }

  return {
    upgrade(request: IncomingMessage, connection: Duplex, head: Buffer) {
      connection.on('error', () => connection.destroy());
      const status = statusFor(request);
      if (status) {
        connection.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
        return;
      }
      server.handleUpgrade(request, connection, head, (socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
        serveSubscriptionSocket(socket, parts);
      });
    },
    async drain(graceMs) {
      if (sockets.size === 0) return;
      const closed = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      for (const socket of sockets) socket.close(goingAway, 'Going away');
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.terminate();
      }, graceMs);
      await Promise.all(closed);
      clearTimeout(cut);
    },
  };
}
