import { parse } from 'graphql';
import { unauthenticated } from '../../../gateway/admission/unauthenticated.ts';
import type { GatewayOptions } from '../../../gateway/index.ts';
import { composeSupergraph } from '../../../gateway/supergraph/compose.ts';
import { serveAlways } from '../../../gateway/supergraph/served-supergraph.ts';
import type { SubgraphRequest, SubscribingConnection } from '../../../kernel/subgraph/connection.ts';
import { streamOperation } from '../../../kernel/subgraph/stream-operation.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../../kernel/tenancy/principal.ts';
import { openAnonymousGateway } from '../federation/anonymous-gateway.ts';
import { createEventSource, type EventSource } from '../federation/event-source.ts';
import { createTestSubgraph } from '../federation/subgraph.ts';

/** What is said in a room. */
export type Posted = { readonly posted: { readonly text: string | null } | null };

/** A key of a test. What a test changes in the map holds from the next look-up on. */
export interface ChatKey {
  readonly tenant: string;
  readonly permissions: readonly string[];
  /** In milliseconds since 1970. */
  readonly expiresAt?: number;
}

/** A gateway over a chat, whose rooms a test speaks in. */
export interface ChatGateway {
  /** Of the GraphQL endpoint. */
  readonly url: string;
  /** By what is sent as `x-tenant-key`. */
  readonly keys: Map<string, ChatKey>;
  /** The source of a room, once somebody follows it; the next one when that one was left. */
  room(name: string): Promise<EventSource<Posted>>;
  /** How many sources nobody has left. */
  readonly openSources: () => number;
  /** Every query and mutation that has reached the subgraph, the newest last. */
  readonly requests: readonly SubgraphRequest[];
  /** Every subscription that has reached it. */
  readonly subscriptions: readonly SubgraphRequest[];
  /** Lets the field `slow` answer. */
  release(): void;
  /** Lets what runs end, for at most so many milliseconds. */
  stop(graceMs?: number): Promise<void>;
}

const typeDefs = `
  type Query { hello: String  slow: String  secrets: String @requiresScopes(scopes: [["read:secrets"]])  self: Self }
  type Self { self: Self  name: String }
  type Mutation { post(text: String!): String }
  type Subscription { posted(room: ID!): Message  secret: Message @requiresScopes(scopes: [["read:secrets"]]) }
  type Message { text: String!  self: Self }
`;

/** Opens the gateway. There are the keys `acme` and `globex`, which may do everything. */
export async function openChatGateway(options: Partial<GatewayOptions> = {}): Promise<ChatGateway> {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const chat = createTestSubgraph('chat', typeDefs, {
    Query: {
      hello: () => 'Hello',
      secrets: () => 'Psst',
      slow: () => released.then(() => 'At last'),
    },
    Mutation: { post: (_: never, { text }: { text: string }) => text },
    Subscription: { posted: { subscribe: (_: never, { room }: { room: string }) => follow(room) } },
  } as never);
  const rooms = createRooms();
  const { follow } = rooms;
  const subscriptions: SubgraphRequest[] = [];
  const toChat: SubscribingConnection = (request) => {
    subscriptions.push(request);
    const { document, operationName, variables, context } = request;
    return streamOperation(
      {
        schema: chat.schema,
        document: parse(document),
        operationName: operationName ?? null,
        variableValues: variables,
      },
      { createContext: () => context, mask: (error) => error.toJSON(), signal: context.signal },
    );
  };
  const keys = new Map<string, ChatKey>(
    ['acme', 'globex'].map((tenant) => [tenant, { tenant, permissions: ['read:secrets', 'read:leads'] }]),
  );
  const gateway = await openAnonymousGateway(
    serveAlways(
      composeSupergraph([{ name: 'chat', url: 'http://chat.invalid', sdl: chat.sdl }]),
      new Map([['chat', chat.execute]]),
      new Map([['chat', toChat]]),
    ),
    {
      access: {
        kind: 'authenticated',
        introspection: false,
        authenticator: async ({ tenantKey = '' }) => {
          const key = keys.get(tenantKey);
          if (!key) throw unauthenticated('The key was taken back.');
          const tenantId = parseTenantId(key.tenant);
          const who = { app: 'web', credentialId: tenantKey, userId: undefined };
          return createPrincipal({ tenantId, ...who, permissions: key.permissions, expiresAt: key.expiresAt });
        },
      },
      suggestions: false,
      ...options,
    },
  );
  return { ...gateway, ...rooms, keys, requests: chat.requests, subscriptions, release };
}

function createRooms() {
  const followed = new Map<string, PromiseWithResolvers<EventSource<Posted>>>();
  let open = 0;

  function at(name: string): PromiseWithResolvers<EventSource<Posted>> {
    const known = followed.get(name) ?? Promise.withResolvers<EventSource<Posted>>();
    followed.set(name, known);
    return known;
  }

  return {
    room: (name: string) => at(name).promise,
    openSources: () => open,
    follow(name: string): EventSource<Posted> {
      const source = createEventSource<Posted>();
      open += 1;
      at(name).resolve(source);
      void source.left.then(() => {
        open -= 1;
        followed.delete(name);
      });
      return source;
    },
  };
}
