import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
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
): Promise<ListeningServer> {
  const running = new Set<ServerResponse>();
  let draining = false;
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 20_000, keepAliveTimeout: 65_000, connectionsCheckingInterval: 1_000 },
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
    return promise;
  }

  return { port, drain };
}
