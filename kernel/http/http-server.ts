import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from '../telemetry/logger.ts';

/** Where the server listens. */
export interface ListenOptions {
  /** 0 takes a free port. */
  readonly port: number;
  readonly host: string;
}

/** A server that listens. */
export interface ListeningServer {
  readonly port: number;
  /** Takes no new connection, lets the running requests end for at most `graceMs`, then closes what is left. */
  drain(graceMs: number): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Takes over connections whose client asks for another protocol. Without one they are answered as if it had not. */
export interface UpgradeHandler {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends everything that lives as long as its client likes; resolves when it has, within so many milliseconds. */
  drain(graceMs: number): Promise<void>;
}

function listen(server: Server, { port, host }: ListenOptions): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen(port, host, () => {
    server.off('error', reject);
    resolve((server.address() as AddressInfo).port);
  });
  return promise;
}

/** Serves HTTP/1.1 with limits against slow and endless requests. Rejects with the system's error when the port is taken. */
export async function startHttpServer(
  handler: Handler,
  options: ListenOptions,
  logger: Logger,
  upgrades?: UpgradeHandler,
): Promise<ListeningServer> {
  const running = new Set<ServerResponse>();
  let draining = false;
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 20_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 1_000,
      // What asks for any other protocol beside is a request as good as those that do not.
      shouldUpgradeCallback: ({ headers }) => upgrades !== undefined && headers.upgrade?.toLowerCase() === 'websocket',
    },
    (request, response) => {
      if (draining) response.setHeader('connection', 'close');
      running.add(response);
      response.once('close', () => running.delete(response));
      handler(request, response).catch((error: unknown) => {
        logger.error({ err: error }, 'A request could not be answered');
        response.destroy();
      });
    },
  );
  server.maxHeadersCount = 100;
  if (upgrades) server.on('upgrade', (request, socket, head) => upgrades.upgrade(request, socket, head));
  const port = await listen(server, options);

  function drain(graceMs: number): Promise<void> {
    draining = true;
    // A client that keeps its connection open would send its next request on it.
    for (const response of running) if (!response.headersSent) response.setHeader('connection', 'close');
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
    // A connection that was taken over is none of the server's any more, but it waits for its end.
    return upgrades ? Promise.all([upgrades.drain(graceMs), promise]).then(() => undefined) : promise;
  }

  return { port, drain };
}
