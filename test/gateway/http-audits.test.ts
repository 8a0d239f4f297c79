import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import {
  type AnonymousGateway,
  openAnonymousGateway,
  serveSubgraphs,
} from '../support/federation/anonymous-gateway.ts';
import { createTestSubgraph } from '../support/federation/subgraph.ts';

const greetings = createTestSubgraph(
  'greetings',
  'type Query { hello(name: String, mood: Mood): String! } enum Mood { GLAD SAD } type Mutation { greet: String }',
  { Query: { hello: (_: never, { name }: { name?: string }) => `Hello ${name ?? 'you'}` } },
);

let gateway: AnonymousGateway;

beforeAll(async () => {
  gateway = await openAnonymousGateway(serveSubgraphs([greetings]));
});

afterAll(() => gateway.stop());

describe('the audits of graphql-http', () => {
  const audits = serverAudits({ url: () => gateway.url });

  test('are the 61 that are known', () => {
    expect(new Set(audits.map(({ id }) => id)).size).toBe(61);
  });

  test.each(audits.map((audit) => [audit.id, audit.name, audit] as const))('%s: the door %s', async (_, __, audit) => {
    const result = await audit.fn();
    expect(result.status === 'ok' ? 'ok' : `${result.status}: ${result.reason}`).toBe('ok');
  });
});

describe('the door', () => {
  const plainJson = { 'content-type': 'application/json', accept: 'application/json' };
  const post = (body: unknown, headers: Readonly<Record<string, string>> = plainJson) =>
    fetch(gateway.url, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
  const get = (query: string, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${gateway.url}?query=${encodeURIComponent(query)}`, { headers });

  test('tells a method that it does not take, and which it takes', async () => {
    const response = await fetch(gateway.url, { method: 'DELETE' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST']);
    const mutation = await get('mutation { greet }');
    expect([mutation.status, mutation.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('tells a client that takes no media type of an answer', async () => {
    const response = await post({ query: '{ hello }' }, { ...plainJson, accept: 'text/csv' });
    expect(response.status).toBe(406);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ''])(
    'reads nothing from a body of the media type "%s"',
    async (type) => {
      const response = await post({ query: '{ hello }' }, { 'content-type': type });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    },
  );

  test.each(['cross-site', 'same-site'])('refuses a GET that a browser sends for a %s page', async (site) => {
    const refused = await get('{ hello }', { 'sec-fetch-site': site });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    const preflighted = await get('{ hello }', { 'sec-fetch-site': site, 'apollo-require-preflight': 'true' });
    expect(await preflighted.json()).toEqual({ data: { hello: 'Hello you' } });
  });

  test.each(['same-origin', 'none'])('answers a GET whose browser says %s', async (site) => {
    expect(await (await get('{ hello }', { 'sec-fetch-site': site })).json()).toEqual({ data: { hello: 'Hello you' } });
  });

  test.each([
    ['a syntax error', '{'],
    ['a field that does not exist', '{ nothing }'],
    ['a variable that is missing', 'query ($name: String!) { hello(name: $name) }'],
    ['a choice of operations', 'query A { hello } query B { hello }'],
  ])('says 400 for %s, and 200 only to who asks for plain JSON by name', async (_, query) => {
    for (const [accept, status] of [
      ['application/json', 200],
      ['application/json, application/graphql-response+json', 400],
      ['*/*', 400],
    ] as const) {
      const response = await post({ query }, { ...plainJson, accept });
      expect([accept, response.status]).toEqual([accept, status]);
      const answer = (await response.json()) as object;
      expect(answer).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
      expect(answer).not.toHaveProperty('data');
    }
  });
});

describe('a gateway without introspection and suggestions', () => {
  let closed: AnonymousGateway;

  beforeAll(async () => {
    closed = await openAnonymousGateway(serveSubgraphs([greetings]), {
      access: { kind: 'anonymous', introspection: false },
      suggestions: false,
    });
  });

  afterAll(() => closed.stop());

  async function ask(query: string, variables: object = {}) {
    const response = await fetch(closed.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const answer = (await response.json()) as { data?: unknown; errors?: { message: string; extensions: unknown }[] };
    return { status: response.status, ...answer };
  }

  test('does not show its schema', async () => {
    for (const query of [
      '{ __schema { types { name } } }',
      '{ hello ...F } fragment F on Query { __type(name: "Query") { name } }',
    ]) {
      expect(await ask(query)).toMatchObject({ status: 403, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    }
    expect(await ask('{ __typename hello }')).toEqual({
      status: 200,
      data: { __typename: 'Query', hello: 'Hello you' },
    });
  });

  test('does not name what a client could have meant', async () => {
    for (const [query, variables] of [
      ['{ helo }', {}],
      ['{ hello(mood: GLADD) }', {}],
      ['query ($mood: Mood) { hello(mood: $mood) }', { mood: 'GLADD' }],
    ] as const) {
      const { status, errors } = await ask(query, variables);
      expect(status).toBe(400);
      expect(errors?.[0]?.message).not.toMatch(/Did you mean|"GLAD"|"hello"/);
    }
  });
});
