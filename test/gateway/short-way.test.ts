import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { createShortWay } from '../../gateway/server/short-way.ts';
import {
  type AnonymousGateway,
  openAnonymousGateway,
  serveSubgraphs,
} from '../support/federation/anonymous-gateway.ts';
import { createTestSubgraph } from '../support/federation/subgraph.ts';

const sdl = `
  type Query { hello(name: String, times: Int): String  slow: String! }
  type Mutation { greet(name: String): String }
`;

let greeted = 0;
const greetings = createTestSubgraph('greetings', sdl, {
  Query: {
    hello: (_: never, { name, times }: { name?: string; times?: number }) => {
      if (name === 'fail') throw new Error('It does not greet this one.');
      return `Hello ${name ?? 'you'} "${'é'.repeat(times ?? 1)}"`;
    },
    slow: () => null,
  },
  Mutation: {
    greet: () => {
      greeted += 1;
      return `greeting ${greeted}`;
    },
  },
});

let gateway: AnonymousGateway;

beforeAll(async () => {
  gateway = await openAnonymousGateway(serveSubgraphs([greetings]));
});

afterAll(() => gateway.stop());

interface Sent {
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Everything of an answer that two equal requests have in common. */
async function post({ body, headers = {} }: Sent) {
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-correlation-id': 'same', ...headers },
    body: JSON.stringify(body),
  });
  const { date: _, ...others } = Object.fromEntries(response.headers);
  return {
    status: response.status,
    headers: others,
    body: Buffer.from(await response.arrayBuffer()).toString('latin1'),
  };
}

const query = 'query Hello($name: String, $times: Int) { hello(name: $name, times: $times) }';

/** Sent before: from then on the door knows the document and the `accept`. */
const accepts = [
  '',
  '*/*',
  'application/json',
  'application/graphql-response+json',
  'application/json;q=0.5, */*;q=0.1',
];

describe.each(accepts)('who accepts "%s" gets the same bytes whether or not the like was asked before', (accept) => {
  test.each<readonly [string, unknown]>([
    ['data', { query, variables: { name: 'Ada', times: 3 } }],
    ['data, from variables that are null', { query, variables: null, operationName: null }],
    ['data, of one operation of several', { query: `${query} query Other { slow }`, operationName: 'Hello' }],
    ['data with an error', { query, variables: { name: 'fail' } }],
    ['no data for an error', { query: '{ slow }' }],
    ['a refusal for a wrong variable', { query, variables: { times: 'many' } }],
    ['a refusal for a field that is not there', { query: '{ nothing }' }],
    ['a refusal for an operation that is not there', { query, operationName: 'Missing' }],
    ['a refusal for a choice that was not made', { query: '{ a: hello } query B { hello }' }],
    ['data, for a client that says more of itself', { query, extensions: { clientLibrary: { name: 'test' } } }],
    ['introspection', { query: '{ __schema { queryType { name } } }' }],
  ])('%s', async (_, body) => {
    const headers = { accept };
    // With a key that means nothing it is never answered without Apollo Server.
    const long = await post({ body: { ...(body as object), meaningless: true }, headers });
    const answers = [await post({ body, headers }), await post({ body, headers })];
    expect(answers).toEqual([long, long]);
  });
});

test('a mutation is executed each time', async () => {
  const body = { query: 'mutation { greet }' };
  const answers = [await post({ body }), await post({ body }), await post({ body })];
  expect(new Set(answers.map((answer) => answer.body)).size).toBe(3);
});

test('requests that only Apollo Server can judge are judged by it, whatever was asked before', async () => {
  const hello = { query: '{ hello }' };
  await post({ body: hello });
  for (const [status, sent] of [
    [400, { body: { ...hello, variables: [] } }],
    [400, { body: { ...hello, variables: 'name' } }],
    [400, { body: { ...hello, operationName: 1 } }],
    [400, { body: { ...hello, extensions: 'none' } }],
    [400, { body: { ...hello, extensions: [] } }],
    [400, { body: { ...hello, extensions: { persistedQuery: { version: 1, sha256Hash: 'none' } } } }],
    [400, { body: [hello] }],
    [400, { body: { query: '' } }],
    [400, { body: hello, headers: { 'content-type': 'text/plain' } }],
    [406, { body: hello, headers: { accept: 'text/csv' } }],
  ] as const) {
    expect([sent, (await post(sent)).status]).toEqual([sent, status]);
  }
  expect((await post({ body: hello, headers: { accept: 'text/csv' } })).status).toBe(406);
});

test('a client that takes parts gets them, also after it was answered as a whole', async () => {
  const headers = { accept: 'multipart/mixed;deferSpec=20220824, application/json' };
  const whole = { query: '{ hello }' };
  const inParts = { query: '{ ... @defer { hello } __typename }' };
  for (const body of [whole, inParts, whole, inParts]) {
    const { headers: got } = await post({ body, headers });
    expect(got['content-type']).toMatch(body === whole ? /^application\/json/ : /^multipart\/mixed/);
  }
});

describe('the short way', () => {
  const text = '{ hello }';
  const json = 'application/json; charset=utf-8';

  test('is for a document and an `accept` that went the long way before', () => {
    const shortWay = createShortWay();
    expect(shortWay.find({ query: text }, '*/*')).toBeUndefined();
    const document = shortWay.keepDocument(text, parse(text));
    expect(shortWay.find({ query: text }, '*/*')).toBeUndefined();
    shortWay.keepMediaType('*/*', json);
    expect(shortWay.find({ query: text, variables: { a: 1 }, operationName: '' }, '*/*')).toEqual({
      operation: { text, document, variables: { a: 1 }, operationName: undefined },
      accept: '*/*',
      contentType: json,
    });
    for (const body of [{ query: '{hello}' }, { query: text, more: 1 }, { query: text, variables: [] }, [], null]) {
      expect(shortWay.find(body, '*/*')).toBeUndefined();
    }
    expect(shortWay.find({ query: text }, 'application/json')).toBeUndefined();
  });

  test('keeps one document for one text, whoever parses it again', () => {
    const shortWay = createShortWay();
    const document = shortWay.keepDocument(text, parse(text));
    expect(shortWay.keepDocument(text, parse(text))).toBe(document);
  });

  test('is never taken by who may be answered in parts', () => {
    const shortWay = createShortWay();
    const accept = 'multipart/mixed;deferSpec=20220824, application/json';
    shortWay.keepDocument(text, parse(text));
    shortWay.keepMediaType(accept, json);
    expect(shortWay.find({ query: text }, accept)).toBeUndefined();
  });

  test('keeps so much and no more, whatever clients send', () => {
    const shortWay = createShortWay();
    const texts = Array.from({ length: 1_000 }, (_, index) => `{ hello(name: "${'x'.repeat(1_000)}${index}") }`);
    shortWay.keepMediaType(undefined, json);
    for (const one of texts) shortWay.keepDocument(one, parse(one));
    const known = texts.filter((query) => shortWay.find({ query }, undefined));
    expect(known.length).toBeGreaterThan(0);
    expect(known.length).toBeLessThan(500);
    for (let index = 0; index < 200; index += 1) shortWay.keepMediaType(`text/x-${index}`, json);
    expect(shortWay.find({ query: known.at(-1) }, 'text/x-0')).toBeUndefined();
  });
});
