import type { Attack, RequestAttack, SafeAnswer } from './attack.ts';

/** A caller who may not read the schema. */
const reader = { permissions: ['read:leads'] };

const schemaRefused: SafeAnswer = {
  status: [403],
  codes: ['FORBIDDEN'],
  details: { permission: 'read:schema' },
  hides: ['"types"', '"queryType"'],
};

const unexplained: SafeAnswer = { status: [400], codes: ['BAD_USER_INPUT'], hides: ['Did you mean'] };

/** Where tools look for pages of other servers. */
function discovery(id: `INF-${string}`, path: string): RequestAttack {
  return {
    id,
    name: `a look for something at ${path}`,
    as: 'nobody',
    send: () => ({ method: 'GET', path, headers: { accept: 'text/html' } }),
    answer: { status: [404], hides: [/GraphiQL|graphql-playground|sandbox|process_cpu/i] },
  };
}

/** What answers tell of the inside. */
export const leakAttacks: readonly Attack[] = [
  {
    id: 'INF-001',
    name: 'introspection of types and fields',
    as: reader,
    send: () => ({ body: { query: 'query cop { __schema { types { name fields { name } } } }' } }),
    answer: schemaRefused,
  },
  {
    id: 'INF-003',
    name: 'introspection with a line break behind __schema',
    as: reader,
    send: () => ({ body: { query: 'query{__schema\n{queryType{name}}}' } }),
    answer: schemaRefused,
  },
  {
    id: 'INF-005',
    name: 'introspection by GET',
    as: reader,
    send: () => ({
      method: 'GET',
      path: '/graphql?query=%7B__schema%7BqueryType%7Bname%7D%7D%7D',
      headers: { 'apollo-require-preflight': 'true' },
    }),
    answer: schemaRefused,
  },
  {
    id: 'INF-007',
    name: 'a misspelt field of the root',
    as: reader,
    send: () => ({ body: { query: '{ leadz { id } }' } }),
    answer: unexplained,
  },
  {
    id: 'INF-009',
    name: 'a misspelt argument',
    as: reader,
    send: () => ({ body: { query: '{ leads(firts: 1) { totalCount } }' } }),
    answer: { ...unexplained, hides: ['Did you mean', '"first"'] },
  },
  {
    id: 'INF-011',
    name: 'a misspelt field in a variable',
    as: reader,
    send: () => ({
      body: {
        query: 'query($o:LeadOrder){leads(orderBy:$o){totalCount}}',
        variables: { o: { feild: 'NAME', direction: 'ASC' } },
      },
    }),
    answer: unexplained,
  },
  {
    id: 'INF-013',
    name: 'a document that cannot be parsed',
    send: () => ({ body: { query: 'qwerty cop { abc }' } }),
    answer: { status: [400], codes: ['BAD_USER_INPUT'], hides: [/stacktrace|exception|node_modules| at /] },
  },
  {
    id: 'INF-015',
    name: 'traces in the extensions',
    send: () => ({ body: { query: 'query cop { __typename }' } }),
    answer: { status: [200], data: { __typename: 'Query' }, hides: ['"tracing"', 'ftv1', '"extensions"'] },
  },
  {
    id: 'INF-017',
    name: 'headers that show plans in other gateways',
    send: () => ({
      headers: {
        'apollo-query-plan-experimental': '1',
        'x-wg-trace': 'true',
        'apollo-federation-include-trace': 'ftv1',
      },
      body: { query: '{ lead(id:"lea_acme_0001_1"){ id } }' },
    }),
    answer: {
      status: [200],
      reachesApps: true,
      data: { lead: { id: 'lea_acme_0001_1' } },
      hides: ['queryPlan', '__queryPlanExperimental', 'ftv1', '"extensions"'],
    },
  },
  {
    // The playground is a page of the platform, for everyone: it shows nothing that a client must not know.
    id: 'INF-019',
    name: 'the page of the playground, which holds no key',
    as: 'nobody',
    send: () => ({ method: 'GET', path: '/playground', headers: { accept: 'text/html' } }),
    answer: { status: [200, 404], hides: ['demo-acme', 'demo-globex', 'pk_', 'graphql-playground', 'process_cpu'] },
  },
  discovery('INF-021', '/altair'),
  discovery('INF-023', '/console'),
  discovery('INF-025', '/api/graphql'),
  discovery('INF-027', '/sandbox'),
  discovery('INF-029', '/metrics'),
  discovery('INF-031', '/server-info'),
  {
    id: 'INF-033',
    name: 'a document by which tools tell one server from another',
    send: () => ({ body: { query: 'query @skip { __typename }' } }),
    answer: { status: [400], codes: ['BAD_USER_INPUT'], headers: { 'x-powered-by': null, server: null } },
  },
  {
    id: 'INF-035',
    name: '_entities at the gateway',
    send: () => ({
      body: { query: '{ _entities(representations:[{__typename:"Lead",id:"1"}]) { ... on Lead { id email } } }' },
    }),
    answer: { status: [400], codes: ['BAD_USER_INPUT'] },
  },
];
