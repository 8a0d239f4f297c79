import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestSubgraph } from '../../test/support/federation/subgraph.ts';
import { visitPattern } from './operation.ts';
import { shop } from './shop.ts';

/** What `/stats` answers: calls since the start, and the processor time of this process in milliseconds. */
export interface SubgraphStats {
  readonly calls: number;
  readonly cpuMs: number;
}

/**
 * The subgraphs of the shop as a process of their own, each under its name: `node subgraphs.ts <port>`. A request is
 * executed the first time it is seen; after that its bytes come from memory, so that what is measured is the gateway.
 */
const subgraphs = new Map(shop.map((subgraph) => [`/${subgraph.name}`, subgraph]));
const answers = new Map<string, Buffer>();
let calls = 0;

async function learn(subgraph: TestSubgraph, body: string): Promise<Buffer> {
  const { query, operationName, variables } = JSON.parse(body);
  const result = await subgraph.execute({
    document: query,
    operationName,
    operationKind: 'query',
    variables: variables ?? {},
    context: { correlationId: 'bench', principal: undefined, signal: AbortSignal.any([]) },
  });
  if (result.errors) throw new Error(`${subgraph.name}: ${result.errors[0]?.message}`);
  return Buffer.from(JSON.stringify(result));
}

function send(response: ServerResponse, bytes: Buffer): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length }).end(bytes);
}

async function answer(path: string, body: string, response: ServerResponse): Promise<void> {
  const subgraph = subgraphs.get(path);
  if (!subgraph) throw new Error(`There is no subgraph at ${path}.`);
  calls += 1;
  const key = path + body.replace(visitPattern, '');
  const known = answers.get(key);
  if (known) return send(response, known);
  const learned = await learn(subgraph, body);
  answers.set(key, learned);
  send(response, learned);
}

function handle(request: IncomingMessage, response: ServerResponse): void {
  const { url = '/' } = request;
  if (url === '/stats') {
    const { user, system } = process.cpuUsage();
    const stats: SubgraphStats = { calls, cpuMs: (user + system) / 1000 };
    send(response, Buffer.from(JSON.stringify(stats)));
    return;
  }
  let body = '';
  request
    .setEncoding('utf8')
    .on('data', (chunk: string) => {
      body += chunk;
    })
    .on('end', () => {
      answer(url, body, response).catch((error: Error) => {
        process.stderr.write(`${error.message}\n`);
        response.writeHead(500).end();
      });
    });
}

const server = createServer({ keepAlive: true, keepAliveTimeout: 60_000 }, handle);
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
