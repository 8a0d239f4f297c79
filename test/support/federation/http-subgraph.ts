import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { anonymousContext } from './engine.ts';
import type { TestSubgraph } from './subgraph.ts';

/** A subgraph of a test behind HTTP. */
export interface HttpSubgraph {
  readonly url: string;
  /** The headers of every request so far, oldest first. */
  readonly headers: readonly IncomingHttpHeaders[];
  stop(): Promise<void>;
}

interface RequestBody {
  readonly query: string;
  readonly operationName?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** Serves a subgraph on a port of its own. It takes what a gateway sends and checks nothing. */
export async function serveOverHttp({ execute }: TestSubgraph): Promise<HttpSubgraph> {
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer(async (request, response) => {
    headers.push(request.headers);
    const { query, operationName, variables = {} } = (await json(request)) as RequestBody;
    const operation = { document: query, operationName, variables, context: anonymousContext } as const;
    const answer = await execute({ ...operation, operationKind: 'query' });
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    headers,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
