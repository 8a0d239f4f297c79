import { parse } from 'graphql';
import { composeSupergraph } from '../../gateway/supergraph/compose.ts';
import { serveAlways } from '../../gateway/supergraph/served-supergraph.ts';
import type { SubscribingConnection } from '../../kernel/subgraph/connection.ts';
import { streamOperation } from '../../kernel/subgraph/stream-operation.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import { openAnonymousGateway } from '../../test/support/federation/anonymous-gateway.ts';
import { accessWith } from '../../test/support/federation/guarded-gateway.ts';
import { createTestSubgraph } from '../../test/support/federation/subgraph.ts';
import { obeyBench, tenantName } from './fed-server.ts';
import { createRings } from './ring.ts';

/*
 * Our gateway with its door, its pipeline and its groups, over one app whose feed is a ring in this process: what is
 * measured is all that is between a ring and a socket. Every tenant has a key of its own.
 */
const tenants = 200;
const rings = createRings(tenants);

const sdl = `
  scalar JSON
  scalar Cursor
  enum ResyncReason { CURSOR_EXPIRED EPOCH_CHANGED CURSOR_AHEAD }
  type Resync { reason: ResyncReason! from: Cursor! }
  type Query { ok: Boolean }
  type Change {
    seq: Int! type: String! app: String! entity: String! entityId: String! op: String! version: Int!
    data: JSON! correlationId: String!
  }
  type ChangeBatch { from: Cursor! to: Cursor! compacted: Boolean! upToDate: Boolean! changes: [Change!]! }
  union ChangesEvent = ChangeBatch | Resync
  type Subscription { changes(after: Cursor): ChangesEvent! }
`;

const subgraph = createTestSubgraph('coordination', sdl, {
  Subscription: {
    changes: {
      subscribe: (_: unknown, { after }: { after?: string | null }, { principal }: RequestContext) =>
        rings.get(principal?.tenantId ?? '')?.follow(after),
      resolve: (batch: unknown) => batch,
    },
  } as never,
});

const follow: SubscribingConnection = ({ document, operationName, variables, context }) =>
  streamOperation(
    {
      schema: subgraph.schema,
      document: parse(document),
      operationName: operationName ?? null,
      variableValues: variables,
    },
    { createContext: () => context, mask: (error) => error.toJSON(), signal: context.signal },
  );

const { url } = await openAnonymousGateway(
  serveAlways(
    composeSupergraph([{ name: 'coordination', url: 'http://coordination.invalid', sdl: subgraph.sdl }]),
    new Map([['coordination', subgraph.execute]]),
    new Map([['coordination', follow]]),
  ),
  {
    access: accessWith(
      Object.fromEntries(
        Array.from({ length: tenants }, (_, index) => [tenantName(index), { tenant: tenantName(index) }]),
      ),
    ),
  },
);
obeyBench(url.replace('http:', 'ws:'), (tenant, changes) => rings.get(tenant)?.publish(changes));
