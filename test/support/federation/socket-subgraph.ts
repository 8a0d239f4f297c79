import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { useServer as serveWith } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { startHttpServer, type UpgradeHandler } from '../../../kernel/http/http-server.ts';
import { createSubscriptionServer } from '../../../kernel/subgraph/subscription-server.ts';
import type { CallVerifier } from '../../../kernel/tenancy/subgraph-token.ts';
import { loggerOfTest } from '../output-of-run.ts';
import type { LogSubgraph } from './event-log.ts';

/** A subgraph that takes sockets. */
export interface SocketSubgraph {
  readonly url: string;
  /** The requests for sockets so far. */
  readonly opened: readonly IncomingMessage[];
  /** Breaks off all sockets that are open. */
  cut(): void;
  stop(): Promise<void>;
}

/** Serves whatever takes sockets. */
export async function serveSockets(upgrades: UpgradeHandler): Promise<SocketSubgraph> {
  const opened: IncomingMessage[] = [];
  const sockets = new Set<Duplex>();
  const handle: Parameters<typeof startHttpServer>[0] = async (_, response) => {
    response.writeHead(404).end();
  };
  const counted: UpgradeHandler = {
    upgrade(request, socket, head) {
      opened.push(request);
      sockets.add(socket);
      upgrades.upgrade(request, socket, head);
    },
    drain: (graceMs) => upgrades.drain(graceMs),
  };
  const server = await startHttpServer(handle, { port: 0, host: '127.0.0.1' }, loggerOfTest('log'), counted);
  return {
    url: `http://127.0.0.1:${server.port}/graphql`,
    opened,
    cut() {
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
    stop: () => server.drain(100),
  };
}

/** Serves the subscriptions of a log as subgraphs of ours do: to those who sign their calls. */
export function serveToSigners(log: LogSubgraph, verifyCall: CallVerifier): Promise<SocketSubgraph> {
  const server = createSubscriptionServer({
    name: 'log',
    async subscribe({ document, operationName, variables, token, signal }) {
      const call = verifyCall(token);
      if (!call) throw new Error('A call without a token was let through.');
      const { principal, correlationId } = call;
      const context = { principal, correlationId, signal };
      return await log.subscribe({ document, operationName, variables, context, operationKind: 'subscription' });
    },
    verifyCall,
    logger: loggerOfTest('log'),
  });
  return serveSockets(server);
}

/** Serves the subscriptions of a log as others do: by the reference implementation, to everybody. */
export async function serveToAll({ schema }: LogSubgraph): Promise<SocketSubgraph> {
  const server = new WebSocketServer({ noServer: true });
  const context = ({
    connectionParams = {},
  }: {
    connectionParams?: Readonly<Record<string, unknown>> | undefined;
  }) => ({
    context: { forwardedHeaders: connectionParams },
    variables: {},
  });
  const used = serveWith({ schema, context }, server);
  return await serveSockets({
    upgrade: (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (ws) => server.emit('connection', ws, request)),
    drain: async () => await used.dispose(),
  });
}
