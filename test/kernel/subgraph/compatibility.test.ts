import { Trace } from '@apollo/usage-reporting-protobuf';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { stripIgnoredCharacters } from 'graphql';
import { pino } from 'pino';
import { connectHttp } from '../../../gateway/connections/http.ts';
import { composeSupergraph } from '../../../gateway/supergraph/compose.ts';
import { serveAlways } from '../../../gateway/supergraph/served-supergraph.ts';
import type { ListeningServer } from '../../../kernel/http/http-server.ts';
import { createExecutableSubgraph } from '../../../kernel/subgraph/executable.ts';
import { startSubgraphServer } from '../../../kernel/subgraph/http-server.ts';
import { createAccessTokenIssuer } from '../../../kernel/tenancy/access-token.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../../kernel/tenancy/principal.ts';
import { createCallSigner, createCallVerifier } from '../../../kernel/tenancy/subgraph-token.ts';
import { secretOfTests } from '../../support/call-app.ts';
import { type AnonymousGateway, openAnonymousGateway } from '../../support/federation/anonymous-gateway.ts';
import { catalogueResolvers, catalogueSdl, createMuseumNeighbours } from '../../support/federation/museum.ts';

interface Answer {
  readonly data?: Record<string, unknown>;
  readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
  readonly extensions?: { readonly ftv1?: string };
}

const logger = pino({ level: 'silent' });
const principal = createPrincipal({
  tenantId: parseTenantId('acme'),
  app: 'gateway',
  credentialId: 'key-1',
  userId: undefined,
  permissions: ['*'],
});

const neighbours = createMuseumNeighbours();
let server: ListeningServer;
let url: string;
let supergraphSdl: string;
let gateway: AnonymousGateway;

const sign = createCallSigner(secretOfTests, 'catalogue');
const tokenFor = (body: string) => ({ 'x-service-token': sign({ principal, correlationId: 'corr-1', body }) });

async function post(to: string, query: string, variables: object = {}, headers: Record<string, string> = {}) {
  const body = JSON.stringify({ query, variables });
  const response = await fetch(to, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...tokenFor(body), ...headers },
    body,
  });
  return (await response.json()) as Answer;
}

const askSubgraph = (query: string, variables?: object, headers?: Record<string, string>) =>
  post(url, query, variables, headers);
const askGateway = (query: string, variables?: object) =>
  post(gateway.url, query, variables, { 'x-tenant-key': 'the key of the test' });

function accessTokenOf(secret: string): string {
  const { tenantId, app, userId, permissions } = principal;
  const expiresAt = new Date(Date.now() + 60_000);
  return createAccessTokenIssuer(secret)({ tenantId, app, userId, permissions, keyId: 'key-1', expiresAt });
}

async function entities(selection: string, ...representations: readonly object[]) {
  const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ${selection} } }`;
  const { data, errors } = await askSubgraph(query, { representations });
  expect(errors).toBeUndefined();
  return data?._entities;
}

async function fetchSdl(): Promise<string> {
  const { data } = await askSubgraph('{ _service { sdl } }');
  return (data as { _service: { sdl: string } })._service.sdl;
}

const readSdl = async () => stripIgnoredCharacters(await fetchSdl());

beforeAll(async () => {
  const verifyCall = createCallVerifier(secretOfTests, 'catalogue');
  server = await startSubgraphServer({
    ...createExecutableSubgraph({
      name: 'catalogue',
      sdl: catalogueSdl,
      resolvers: catalogueResolvers,
      createContext: () => ({ principal }),
      verifyCall,
      logger,
    }),
    name: 'catalogue',
    verifyCall,
    port: 0,
    host: '127.0.0.1',
    logger,
  });
  url = `http://127.0.0.1:${server.port}/graphql`;
  supergraphSdl = composeSupergraph([
    { name: 'catalogue', url, sdl: await fetchSdl() },
    ...neighbours.map((subgraph) => ({ ...subgraph, url: `http://${subgraph.name}.invalid` })),
  ]);
  const catalogue = connectHttp({ url, timeoutMs: 5_000, maxBodyBytes: 100_000, headers: (_, body) => tokenFor(body) });
  const connections = new Map(neighbours.map(({ name, execute }) => [name, execute]));
  gateway = await openAnonymousGateway(serveAlways(supergraphSdl, connections.set('catalogue', catalogue)), {
    access: { kind: 'authenticated', authenticator: async () => principal, introspection: true },
  });
});

afterAll(async () => {
  await gateway?.stop();
  await server?.drain(1_000);
});

beforeEach(() => {
  for (const { requests } of neighbours) requests.length = 0;
});

describe('a subgraph of ours, over HTTP,', () => {
  test('shows its schema with its directives (_service)', async () => {
    expect(await readSdl()).toContain('type Exhibit');
  });

  test('links the federation specification once, with what it imports (@link)', async () => {
    const links = (await readSdl()).match(/@link\(url:"https:\/\/specs\.apollo\.dev\/federation\/v2\.\d+"/g);
    expect(links).toHaveLength(1);
  });

  test('resolves an entity by a key of one field (@key single)', async () => {
    expect(await readSdl()).toMatch(/Person ?@key\(fields:"email"\)/);
    expect(
      await entities('... on Person { email name }', { __typename: 'Person', email: 'ada@museum.example' }),
    ).toEqual([{ email: 'ada@museum.example', name: 'Ada Keeper' }]);
  });

  test('resolves an entity by a key of several fields (@key multi)', async () => {
    expect(await readSdl()).toContain('type Loan@key(fields:"museum room")');
    const known = { __typename: 'Loan', museum: 'north', room: '7' };
    expect(await entities('... on Loan { reason }', known, { ...known, room: '8' })).toEqual([
      { reason: 'A jubilee.' },
      null,
    ]);
  });

  test('resolves an entity by a key with an object in it (@key composite)', async () => {
    expect(await readSdl()).toContain('type Study@key(fields:"file { number }")');
    expect(
      await entities('... on Study { file { number title } finding }', {
        __typename: 'Study',
        file: { number: '1234' },
      }),
    ).toEqual([{ file: { number: '1234', title: 'On rockets' }, finding: 'It flew.' }]);
  });

  test('resolves an entity by each of its keys (repeatable @key)', async () => {
    const sdl = await readSdl();
    const keys = sdl.slice(sdl.indexOf('type Exhibit'), sdl.indexOf('{id:ID! hall:'));
    for (const key of ['"id"', '"hall number"', '"hall series { id }"']) expect(keys).toContain(`@key(fields:${key})`);
    expect(
      await entities(
        '... on Exhibit { id }',
        { __typename: 'Exhibit', id: 'rocket' },
        { __typename: 'Exhibit', hall: 'space', number: 'A1' },
        { __typename: 'Exhibit', hall: 'air', series: { id: 'wings' } },
      ),
    ).toEqual([{ id: 'rocket' }, { id: 'rocket' }, { id: 'glider' }]);
  });

  test('computes a field from fields of another subgraph (@requires)', async () => {
    expect(
      await entities('... on Person { exhibitsPerYear }', {
        __typename: 'Person',
        email: 'ada@museum.example',
        exhibitsKept: 130,
        yearsEmployed: 10,
      }),
    ).toEqual([{ exhibitsPerYear: 13 }]);
    expect(await askGateway('{ exhibit(id: "rocket") { keeper { exhibitsPerYear } } }')).toEqual({
      data: { exhibit: { keeper: { exhibitsPerYear: 13 } } },
    });
  });

  test('provides a field of another subgraph where it knows it (@provides)', async () => {
    expect(await askGateway('{ exhibit(id: "rocket") { keeper { email exhibitsKept } } }')).toEqual({
      data: { exhibit: { keeper: { email: 'ada@museum.example', exhibitsKept: 130 } } },
    });
    expect(neighbours.flatMap(({ requests }) => requests)).toEqual([]);
  });

  test('shares a type with another subgraph (@shareable)', async () => {
    expect(await readSdl()).toContain('type Size@shareable');
    expect(
      await askGateway('{ exhibit(id: "glider") { size { height width } } largestSize { height width } }'),
    ).toEqual({
      data: { exhibit: { size: { height: 1, width: 9 } }, largestSize: { height: 12, width: 2.5 } },
    });
  });

  test('tags a field (@tag)', async () => {
    expect(await readSdl()).toContain('remark:String@tag(name:"internal")');
    expect(supergraphSdl).toMatch(/remark: String .*@tag\(name: "internal"\)/);
  });

  test('takes a field over from another subgraph (@override)', async () => {
    expect(await askGateway('{ person(email: "ada@museum.example") { name yearsEmployed } }')).toEqual({
      data: { person: { name: 'Ada Keeper', yearsEmployed: 10 } },
    });
  });

  test('answers a field that clients of the gateway do not see (@inaccessible)', async () => {
    const query = '{ exhibit(id: "rocket") { size { unit } } }';
    expect((await askSubgraph(query)).data).toEqual({ exhibit: { size: { unit: 'm' } } });
    expect((await askGateway(query)).errors).toMatchObject([{ message: 'Cannot query field "unit" on type "Size".' }]);
  });

  test('brings a directive of its own into the supergraph (@composeDirective)', async () => {
    expect(supergraphSdl).toMatch(/^type Exhibit\n( {2}@join__type.*\n)+ {2}@curated$/m);
  });

  test('adds a field to every type of an interface that it does not know (@interfaceObject)', async () => {
    expect(await readSdl()).toMatch(/type Collection ?@interfaceObject ?@key\(fields:"id"\)/);
    expect(await askGateway('{ collection(id: "open") { __typename title formerLoans { reason } } }')).toEqual({
      data: { collection: { __typename: 'OpenCollection', title: 'On show', formerLoans: [{ reason: 'A jubilee.' }] } },
    });
  });
});

describe('federated tracing', () => {
  const ask = (query: string, trace = 'ftv1') => askSubgraph(query, {}, { 'apollo-federation-include-trace': trace });
  const decode = ({ extensions }: Answer) => Trace.decode(Buffer.from(extensions?.ftv1 ?? '', 'base64'));

  test('is done for who asks for it, and only then', async () => {
    expect(await ask('{ __typename }')).toEqual({
      data: { __typename: 'Query' },
      extensions: { ftv1: expect.any(String) },
    });
    expect(await askSubgraph('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
    expect(await ask('{ __typename }', 'other')).toEqual({ data: { __typename: 'Query' } });
  });

  test('times every field of the answer, by its path', async () => {
    const answer = await ask('{ first: exhibit(id: "rocket") { id studies { file { title } } } }');
    expect(answer.data).toEqual({ first: { id: 'rocket', studies: [{ file: { title: 'On rockets' } }] } });
    const trace = decode(answer);
    const [first] = trace.root?.child ?? [];
    expect(first).toMatchObject({
      responseName: 'first',
      originalFieldName: 'exhibit',
      parentType: 'Query',
      type: 'Exhibit',
      child: [
        { responseName: 'id', type: 'ID!', parentType: 'Exhibit' },
        {
          responseName: 'studies',
          type: '[Study!]!',
          child: [{ index: 0, child: [{ responseName: 'file', child: [{ responseName: 'title' }] }] }],
        },
      ],
    });
    const end = Number(first?.endTime);
    expect(end).toBeGreaterThanOrEqual(Number(first?.startTime));
    expect(trace.durationNs).toBeGreaterThanOrEqual(end);
    expect(trace.startTime?.seconds).toBeGreaterThan(1_600_000_000);
  });

  test('marks where an error came up, without its words', async () => {
    const answer = await ask(
      '{ exhibit(id: "none") { id } loan(museum: "north", room: "7") { lender { yearsEmployed } } }',
    );
    expect(answer.errors).toHaveLength(1);
    const loan = decode(answer).root?.child?.find(({ responseName }) => responseName === 'loan');
    expect(loan?.child?.[0]?.child?.[0]).toMatchObject({
      responseName: 'yearsEmployed',
      error: [{ message: '<masked>' }],
    });
  });

  test('traces requests side by side, each for itself', async () => {
    const answers = await Promise.all(['rocket', 'glider'].map((id) => ask(`{ ${id}: exhibit(id: "${id}") { id } }`)));
    expect(answers.map((answer) => decode(answer).root?.child?.map(({ responseName }) => responseName))).toEqual([
      ['rocket'],
      ['glider'],
    ]);
  });
});

describe('the door of a subgraph', () => {
  const send = (init: { readonly body: string; readonly headers?: Record<string, string> }, path = '') =>
    fetch(url + path, {
      method: 'POST',
      ...init,
      headers: { 'content-type': 'application/json', ...tokenFor(init.body), ...init.headers },
    });

  const body = '{"query":"{ _service { sdl } }"}';
  const call = { principal, correlationId: 'corr-1', body };
  const minuteAgo = () => Date.now() - 61_000;
  const payloadOf = (token: string) => token.split('.')[1] ?? '';

  test.each<[string, () => string]>([
    ['no token', () => ''],
    ['a token that is none', () => 'not.a.token'],
    ['an unsigned token', () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payloadOf(sign(call))}.`],
    ['a token with its signature cut off', () => sign(call).slice(0, -5)],
    ['a token of a minute ago', () => createCallSigner(secretOfTests, 'catalogue', minuteAgo)(call)],
    ['a token that begins later', () => createCallSigner(secretOfTests, 'catalogue', () => Date.now() + 45_000)(call)],
    ['a token for another subgraph', () => createCallSigner(secretOfTests, 'pricing')(call)],
    ['a token signed with another secret', () => createCallSigner('the secret of somebody else', 'catalogue')(call)],
    ['a token for another body', () => sign({ ...call, body: '{"query":"{ __typename }"}' })],
    ['a token for no body', () => sign({ principal, correlationId: 'corr-1' })],
    ['the token of a gateway that does not know the caller', () => sign({ ...call, principal: undefined })],
    ['an access token', () => accessTokenOf(secretOfTests)],
  ])('refuses a call with %s', async (_, token) => {
    const response = await send({ body, headers: { 'x-service-token': token() } });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({
      errors: [
        {
          message: 'The app "catalogue" answers no call without a valid token.',
          extensions: { code: 'UNAUTHENTICATED' },
        },
      ],
    });
  });

  test('answers a signed call, whatever else its headers say', async () => {
    const headers = { 'x-tenant-key': 'another', 'x-source-app': 'another', authorization: 'Bearer another' };
    expect((await send({ body, headers })).status).toBe(200);
  });

  test('takes POST at its one path', async () => {
    const got = await fetch(url);
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await send({ body: '{}' }, '/other')).status).toBe(404);
  });

  test.each([
    ['what is no JSON', '{'],
    ['a list', '[]'],
    ['no query', '{}'],
    ['a name that is no text', '{"query":"{ __typename }","operationName":1}'],
    ['variables that are no object', '{"query":"{ __typename }","variables":[1]}'],
  ])('refuses %s', async (_, body) => {
    const response = await send({ body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  test('refuses a body that is not sent as JSON', async () => {
    const response = await send({ body: '{"query":"{ __typename }"}', headers: { 'content-type': 'text/plain' } });
    expect(response.status).toBe(400);
  });

  test('says in the status of a GraphQL response what an error is, and carries the correlation id', async () => {
    const headers = { accept: 'application/graphql-response+json', 'x-correlation-id': 'corr-7' };
    const invalid = await send({ body: '{"query":"{ nothing }"}', headers });
    expect([invalid.status, invalid.headers.get('x-correlation-id')]).toEqual([400, 'corr-7']);
    expect(invalid.headers.get('content-type')).toBe('application/graphql-response+json; charset=utf-8');
    const lenient = await send({ body: '{"query":"{ nothing }"}', headers: { accept: 'application/json' } });
    expect([lenient.status, lenient.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    const named = { query: 'query A { __typename } query B { b: __typename }', operationName: 'B', variables: null };
    expect(await (await send({ body: JSON.stringify(named) })).json()).toEqual({ data: { b: 'Query' } });
  });
});
