import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { createEventSource, type EventSource } from '../../test/support/federation/event-source.ts';
import { type BenchChange, obeyBench } from './fed-server.ts';

/*
 * The plain server that the feed is measured beside: graphql-ws as its documentation shows it, over publish and subscribe
 * in memory, where every subscriber has a queue of its own. It has no tenants, cursors, permissions or limits.
 */
const schema = buildSchema(`
  scalar JSON
  type Query { ok: Boolean }
  type Change {
    seq: Int! type: String! app: String! entity: String! entityId: String! op: String! version: Int!
    data: JSON! correlationId: String!
  }
  type Subscription { changed(tenant: String!): [Change!]! }
`);

type Event = { readonly changed: readonly BenchChange[] };

const topics = new Map<string, Set<EventSource<Event>>>();

function subscribeTo(tenant: string): EventSource<Event> {
  const source = createEventSource<Event>();
  const topic = topics.get(tenant) ?? new Set();
  topics.set(tenant, topic.add(source));
  source.left.then(() => topic.delete(source));
  return source;
}

const server = createServer();
useServer(
  { schema, roots: { subscription: { changed: ({ tenant }: { tenant: string }) => subscribeTo(tenant) } } },
  new WebSocketServer({ server, path: '/graphql' }),
);
server.listen(0, '127.0.0.1', 4096, () => {
  const { port } = server.address() as AddressInfo;
  obeyBench(`ws://127.0.0.1:${port}/graphql`, (tenant, changed) => {
    for (const source of topics.get(tenant) ?? []) source.push({ changed });
  });
});
