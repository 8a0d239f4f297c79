import type { Access } from '../../../gateway/admission/authenticate.ts';
import { unauthenticated } from '../../../gateway/admission/unauthenticated.ts';
import type { GatewayOptions } from '../../../gateway/index.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { createPrincipal, type PrincipalLimits } from '../../../kernel/tenancy/principal.ts';
import { type AnonymousGateway, openAnonymousGateway, serveSubgraphs } from './anonymous-gateway.ts';
import { createTestSubgraph, type TestSubgraph } from './subgraph.ts';

/** A key of a test: the tenant and app that it stands for. */
export interface TestKey {
  readonly tenant: string;
  readonly app?: string;
  readonly permissions?: readonly string[];
  readonly limits?: PrincipalLimits;
}

/** The answer to one request. */
export interface GuardedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { message: string; extensions: Record<string, unknown> }[];
}

/** A gateway over one subgraph, with keys. */
export interface GuardedGateway extends AnonymousGateway {
  readonly subgraph: TestSubgraph;
  /** Posts a body: a text as it stands, anything else as JSON. */
  post(body: unknown, headers?: Readonly<Record<string, string>>): Promise<GuardedAnswer>;
  get(parameters: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<GuardedAnswer>;
}

const typeDefs = `
  scalar JSON
  interface Node { id: ID! }
  type Lead implements Node { id: ID! name: String! contact: Contact owner: User notes(first: Int): [String!] }
  type Contact implements Node { id: ID! name: String! leads(first: Int): [Lead!]! owner: User }
  type User implements Node { id: ID! name: String! leads(first: Int): [Lead!]! contacts(first: Int): [Contact!]! }
  union SearchResult = Lead | Contact
  type PageInfo { hasNextPage: Boolean! }
  type LeadConnection { nodes: [Lead!]! pageInfo: PageInfo! totalCount: Int }
  input LeadFilter { nameContains: String ids: [ID!] }
  input CreateLeadInput { name: String! custom: JSON }
  type Query {
    me: User
    lead(id: ID!): Lead
    leads(first: Int, after: String, filter: LeadFilter): LeadConnection
    node(id: ID!): Node
    search(text: String!, first: Int): [SearchResult!]
  }
  type Mutation { createLead(input: CreateLeadInput!): Lead login(email: String!, password: String!): String }
`;

const lead = { __typename: 'Lead', id: '1', name: 'Ada' };

function read(response: Response, text: string): GuardedAnswer {
  const isJson = response.headers.get('content-type')?.includes('json') && text !== '';
  return { status: response.status, headers: response.headers, text, ...(isJson && JSON.parse(text)) };
}

/** An access that takes these keys as `x-tenant-key`. */
export function accessWith(keys: Readonly<Record<string, TestKey>>, introspection = false): Access {
  return {
    kind: 'authenticated',
    introspection,
    authenticator: async ({ tenantKey = '' }) => {
      const key = Object.hasOwn(keys, tenantKey) ? keys[tenantKey] : undefined;
      if (!key) throw unauthenticated();
      const { tenant, app = 'web', permissions = ['*'], limits = {} } = key;
      const tenantId = parseTenantId(tenant);
      return createPrincipal({ tenantId, app, permissions, limits, credentialId: tenantKey, userId: undefined });
    },
  };
}

/** The subgraph behind the gateway. */
export function createGuardedSubgraph(): TestSubgraph {
  return createTestSubgraph('crm', typeDefs, {
    Query: {
      me: () => ({ id: 'u1', name: 'Grace' }),
      lead: () => lead,
      leads: () => ({ nodes: [lead], pageInfo: { hasNextPage: false }, totalCount: 1 }),
      node: () => lead,
      search: () => [lead],
    },
    Lead: { contact: () => ({ id: 'c1', name: 'Byron' }), owner: () => ({ id: 'u1', name: 'Grace' }) },
    Contact: { leads: () => [lead] },
    User: { leads: () => [lead], contacts: () => [] },
    Mutation: { createLead: () => lead, login: () => 'no' },
  } as never);
}

/** Opens a gateway in this process. Without an access of one's own there is one key, `acme`, that may do anything. */
export async function openGuardedGateway(options: Partial<GatewayOptions> = {}): Promise<GuardedGateway> {
  const subgraph = createGuardedSubgraph();
  const access = accessWith({ acme: { tenant: 'acme' } });
  const gateway = await openAnonymousGateway(serveSubgraphs([subgraph]), { access, suggestions: false, ...options });
  const own = { 'content-type': 'application/json', 'x-tenant-key': 'acme' };
  return {
    ...gateway,
    subgraph,
    async post(body, headers = {}) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const response = await fetch(gateway.url, { method: 'POST', headers: { ...own, ...headers }, body: text });
      return read(response, await response.text());
    },
    async get(parameters, headers = {}) {
      const url = `${gateway.url}?${new URLSearchParams(parameters)}`;
      const response = await fetch(url, { headers: { 'x-tenant-key': 'acme', ...headers } });
      return read(response, await response.text());
    },
  };
}
