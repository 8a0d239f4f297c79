import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../kernel/subgraph/connection.ts';
import {
  type AnonymousGateway,
  openAnonymousGateway,
  serveSubgraphs,
} from '../support/federation/anonymous-gateway.ts';
import { refusing, silent } from '../support/federation/canned.ts';
import { createMarketplace } from '../support/federation/marketplace.ts';
import { type AnswerPiece, allPieces, readParts } from '../support/federation/read-parts.ts';
import { holdAnswers } from '../support/federation/sharing.ts';
import type { TestSubgraph } from '../support/federation/subgraph.ts';

const partsFirst = 'multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json;q=0.9';

const subgraphs = createMarketplace();
/** What stands in the place of a subgraph. */
let replaced: Record<string, Connection>;
let gateway: AnonymousGateway;

beforeAll(async () => {
  const replaceable = subgraphs.map((subgraph) => {
    const execute: Connection = (request) => (replaced[subgraph.name] ?? subgraph.execute)(request);
    return { ...subgraph, execute };
  });
  gateway = await openAnonymousGateway(serveSubgraphs(replaceable));
});

afterAll(() => gateway.stop());

beforeEach(() => {
  replaced = {};
  for (const { requests } of subgraphs) requests.length = 0;
});

function subgraphOf(name: string): TestSubgraph {
  const subgraph = subgraphs.find((one) => one.name === name);
  if (!subgraph) throw new Error(`There is no subgraph ${name}.`);
  return subgraph;
}

interface Asked {
  readonly variables?: object;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

function post(query: string, { variables = {}, accept = partsFirst, signal }: Asked = {}): Promise<Response> {
  return fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify({ query, variables }),
    ...(signal && { signal }),
  });
}

async function piecesOf(query: string, asked?: Asked): Promise<readonly AnswerPiece[]> {
  const response = await post(query, asked);
  expect(response.headers.get('content-type')).toBe('multipart/mixed; boundary="-"; deferSpec=20220824');
  return allPieces(readParts(response));
}

/** The connection to a subgraph, held until it is released. */
function hold(name: string) {
  const held = holdAnswers(subgraphOf(name).execute);
  replaced[name] = held.connection;
  return held;
}

describe('what a client defers', () => {
  test('comes after the rest, as its clients read it', async () => {
    const response = await post('{ me { name ... @defer(label: "karma") { karma } } }');
    expect(response.status).toBe(200);
    expect(response.headers.get('x-correlation-id')).toMatch(/./);
    expect((await response.text()).split('\r\n')).toEqual([
      '',
      '---',
      'content-type: application/json; charset=utf-8',
      '',
      '{"data":{"me":{"name":"User 1"}},"hasNext":true}',
      '---',
      'content-type: application/json; charset=utf-8',
      '',
      '{"incremental":[{"path":["me"],"label":"karma","data":{"karma":7}}],"hasNext":false}',
      '-----',
      '',
    ]);
  });

  test('holds up nothing: the rest is there before it is', async () => {
    const held = hold('reviews');
    const pieces = readParts(await post('{ me { name ... @defer { karma } } }'));
    expect((await pieces.next()).value).toEqual({ data: { me: { name: 'User 1' } }, hasNext: true });
    held.release();
    expect((await pieces.next()).value).toEqual({
      incremental: [{ path: ['me'], data: { karma: 7 } }],
      hasNext: false,
    });
    expect((await pieces.next()).done).toBe(true);
  });

  test('is fetched as soon as what it needs is there, while the rest is still awaited', async () => {
    const rest = hold('products');
    const asked = Promise.withResolvers<void>();
    replaced.reviews = (request) => {
      asked.resolve();
      return subgraphOf('reviews').execute(request);
    };
    const response = post('{ me { name ... @defer { karma } } topProducts(first: 1) { title } }');
    await asked.promise;
    rest.release();
    const [first, ...later] = await allPieces(readParts(await response));
    expect(first).toEqual({ data: { me: { name: 'User 1' }, topProducts: [{ title: 'Book 3' }] }, hasNext: true });
    expect(later).toEqual([{ incremental: [{ path: ['me'], data: { karma: 7 } }], hasNext: false }]);
  });

  test('comes part by part, each when its own fetches are done', async () => {
    const held = hold('reviews');
    const query = '{ me { name ... @defer(label: "r") { karma } ... @defer(label: "i") { deliveries { count } } } }';
    const pieces = readParts(await post(query));
    await pieces.next();
    expect((await pieces.next()).value).toMatchObject({ incremental: [{ label: 'i', path: ['me'] }], hasNext: true });
    held.release();
    expect((await pieces.next()).value).toMatchObject({ incremental: [{ label: 'r', path: ['me'] }], hasNext: false });
    await pieces.return();
  });

  test('in a list comes for every item, and what is deferred within it after it', async () => {
    const [first, outer, inner, ...others] = await piecesOf(
      '{ users(first: 2) { name ... @defer(label: "out") { karma bestFriend { id ... @defer(label: "in") { karma } } } } }',
    );
    expect(first).toEqual({ data: { users: [{ name: 'User 1' }, { name: 'User 2' }] }, hasNext: true });
    expect(outer).toEqual({
      incremental: [
        { path: ['users', 0], label: 'out', data: { karma: 7, bestFriend: { id: 'u2' } } },
        { path: ['users', 1], label: 'out', data: { karma: 14, bestFriend: { id: 'u3' } } },
      ],
      hasNext: true,
    });
    expect(inner).toEqual({
      incremental: [
        { path: ['users', 0, 'bestFriend'], label: 'in', data: { karma: 14 } },
        { path: ['users', 1, 'bestFriend'], label: 'in', data: { karma: 21 } },
      ],
      hasNext: false,
    });
    expect(others).toEqual([]);
  });

  test('may be fields of the query itself, all there is, or what needs no further fetch', async () => {
    expect(await piecesOf('{ ... @defer { topProduct { upc } } me { name } }')).toEqual([
      { data: { me: { name: 'User 1' } }, hasNext: true },
      { incremental: [{ path: [], data: { topProduct: { upc: 'book2' } } }], hasNext: false },
    ]);
    expect(await piecesOf('{ ... @defer { me { name } } }')).toEqual([
      { data: {}, hasNext: true },
      { incremental: [{ path: [], data: { me: { name: 'User 1' } } }], hasNext: false },
    ]);
    const address = 'query { me { address { city ... @defer { street } } } }';
    expect(await piecesOf(address)).toMatchObject([
      { data: { me: { address: { city: expect.any(String) } } } },
      { incremental: [{ path: ['me', 'address'], data: { street: expect.any(String) } }] },
    ]);
  });

  test('is whole, also where it overlaps with what is not deferred', async () => {
    expect(await piecesOf('{ me { name ...Card @defer } } fragment Card on User { karma name }')).toEqual([
      { data: { me: { name: 'User 1' } }, hasNext: true },
      { incremental: [{ path: ['me'], data: { karma: 7, name: 'User 1' } }], hasNext: false },
    ]);
    const both = '{ me { ...Card ...Card @defer } } fragment Card on User { name }';
    expect(await piecesOf(both)).toMatchObject([
      { data: { me: { name: 'User 1' } } },
      { incremental: [{ data: { name: 'User 1' } }] },
    ]);
  });

  test('comes once, where a fragment is spread twice, and at each place where it stands', async () => {
    const pieces = await piecesOf(
      '{ me { ...F ...F bestFriend { ...F } } } fragment F on User { id ... @defer(label: "f") { karma } }',
    );
    expect(pieces[0]).toEqual({ data: { me: { id: 'u1', bestFriend: { id: 'u2' } } }, hasNext: true });
    expect(pieces.slice(1).flatMap(({ incremental }) => incremental)).toEqual(
      expect.arrayContaining([
        { path: ['me'], label: 'f', data: { karma: 7 } },
        { path: ['me', 'bestFriend'], label: 'f', data: { karma: 14 } },
      ]),
    );
    expect(pieces).toHaveLength(3);
  });

  test('may be of one type only', async () => {
    const [first, later] = await piecesOf('{ actors { ... on User @defer { nickname } ... on Bot { version } } }');
    const actors = first?.data?.actors as readonly object[];
    const bots = actors.filter((actor) => 'version' in actor).length;
    expect(later?.incremental).toHaveLength(actors.length - bots);
  });

  test('in the payload of a mutation comes after the mutation', async () => {
    const mutation = `mutation { renameUser(input: {id: "u2", name: "Bo"}) {
      message user { name ... @defer { karma } }
    } }`;
    expect(await piecesOf(mutation)).toMatchObject([
      { data: { renameUser: { user: { name: expect.any(String) } } }, hasNext: true },
      { incremental: [{ path: ['renameUser', 'user'], data: { karma: 14 } }], hasNext: false },
    ]);
  });
});

describe('an answer is one', () => {
  const query = '{ me { name ... @defer { karma } } }';
  const whole = { data: { me: { name: 'User 1', karma: 7 } } };

  test.each([
    ['application/json', false],
    ['*/*', false],
    ['application/json, multipart/mixed;q=0', false],
    ['application/json, multipart/mixed;incrementalSpec=v0.2', false],
    ['application/json, multipart/mixed;subscriptionSpec=1.0', false],
    ['application/json, multipart/mixed', true],
    ['multipart/mixed; deferSpec=20220824, application/json', true],
    ['multipart/mixed;boundary="-";deferSpec="20220824";q=0.5, application/json', true],
  ])('unless the client takes it in parts: %s', async (accept, isInParts) => {
    const response = await post(query, { accept });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')?.startsWith('multipart/mixed')).toBe(isInParts);
    if (isInParts) expect(await allPieces(readParts(response))).toHaveLength(2);
    else expect(await response.json()).toEqual(whole);
  });

  test.each([
    ['says no', 'query { me { name ... @defer(if: false) { karma } } }', {}],
    [
      'says no by a variable',
      'query ($later: Boolean!) { me { name ... @defer(if: $later) { karma } } }',
      { later: false },
    ],
    ['gives no variable', 'query ($later: Boolean) { me { name ... @defer(if: $later) { karma } } }', {}],
  ])('when the client %s', async (_, source, variables) => {
    const response = await post(source, { variables });
    expect(await response.json()).toEqual(whole);
  });

  test('but not when the variable says yes', async () => {
    const source = 'query ($later: Boolean!) { me { name ... @defer(if: $later) { karma } } }';
    expect(await piecesOf(source, { variables: { later: true } })).toHaveLength(2);
  });

  test('when there is nothing to defer in it', async () => {
    const response = await post('{ user(id: "nobody") { name ... @defer { karma } } }');
    expect(await response.json()).toEqual({ data: { user: null } });
  });

  test('when an error leaves no place for what was deferred', async () => {
    replaced.accounts = async () => ({ data: { users: [{ __typename: 'User', id: 'u1', name: null }] } });
    const response = await post('{ users { name ... @defer { karma } } }');
    expect(await response.json()).toMatchObject({ data: null, errors: [{ path: ['users', 0, 'name'] }] });
  });
});

describe('an error in what is deferred', () => {
  test('costs only its part, and is told there', async () => {
    replaced.reviews = refusing('down');
    expect(await piecesOf('{ me { name ... @defer(label: "k") { nickname reviews { id } } } }')).toMatchObject([
      { data: { me: { name: 'User 1' } }, hasNext: true },
      {
        incremental: [
          {
            path: ['me'],
            label: 'k',
            data: null,
            errors: [{ path: ['me', 'reviews'], extensions: { code: 'SUBGRAPH_UNAVAILABLE', app: 'reviews' } }],
          },
        ],
      },
    ]);
  });

  test('nulls the part when it may not be null, and nothing that was answered before', async () => {
    replaced.reviews = async () => ({
      data: { _entities: [{ karma: null }] },
      errors: [{ message: 'Lost.', path: ['_entities', 0, 'karma'] }],
    });
    const [first, later] = await piecesOf('{ me { name ... @defer { karma } } }');
    expect(first).toEqual({ data: { me: { name: 'User 1' } }, hasNext: true });
    expect(later?.incremental).toEqual([
      {
        path: ['me'],
        data: null,
        errors: [{ message: 'Lost.', path: ['me', 'karma'], extensions: { code: 'INTERNAL', app: 'reviews' } }],
      },
    ]);
  });

  test('is told with the fields that it is about, whichever fetch met it', async () => {
    replaced.accounts = async () => ({
      data: { me: { __typename: 'User', id: 'u1', address: { city: 'Rome', street: null } } },
      errors: [{ message: 'No street.', path: ['me', 'address', 'street'] }],
    });
    const [first, later] = await piecesOf('{ me { id address { city ... @defer { street } } } }');
    expect(first).toEqual({ data: { me: { id: 'u1', address: { city: 'Rome' } } }, hasNext: true });
    expect(later?.incremental).toMatchObject([
      {
        path: ['me', 'address'],
        data: { street: null },
        errors: [{ message: 'No street.', path: ['me', 'address', 'street'] }],
      },
    ]);
  });

  test('at one item of a list is told at that one', async () => {
    replaced.reviews = async () => ({
      data: { _entities: [{ karma: 1 }, { karma: null }] },
      errors: [{ message: 'Lost.', path: ['_entities', 1, 'karma'] }],
    });
    const [, later] = await piecesOf('{ users(first: 2) { ... @defer { karma } } }');
    expect(later?.incremental).toMatchObject([
      { path: ['users', 0], data: { karma: 1 } },
      { path: ['users', 1], data: null, errors: [{ path: ['users', 1, 'karma'] }] },
    ]);
    expect(later?.incremental?.[0]).not.toHaveProperty('errors');
  });
});

describe('the work for what is deferred', () => {
  test('ends when the client goes away', async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    replaced.reviews = ({ context }) => {
      asked.resolve(context.signal);
      return silent(undefined as never);
    };
    const client = new AbortController();
    const pieces = readParts(await post('{ me { name ... @defer { karma } } }', { signal: client.signal }));
    await pieces.next();
    const signal = await asked.promise;
    const ended = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    client.abort();
    await ended;
    await expect(pieces.next()).rejects.toThrow();
  });

  test('is not shared between requests, whose readers come and go apart', async () => {
    const held = hold('accounts');
    const answers = Promise.all([1, 2].map(() => piecesOf('{ me { name ... @defer { karma } } }')));
    held.release();
    const [one, other] = await answers;
    expect(one).toHaveLength(2);
    expect(other).toEqual(one);
    expect(held.requests).toHaveLength(2);
    expect(subgraphOf('reviews').requests).toHaveLength(2);
  });
});

describe('a document', () => {
  const messagesOf = async (query: string) => {
    const response = await post(query);
    const { errors = [] } = (await response.json()) as { errors?: readonly { message: string }[] };
    return [response.status, ...errors.map(({ message }) => message)];
  };

  test.each([
    [
      'two of the same label',
      '{ me { ... @defer(label: "a") { id } ... @defer(label: "a") { name } } }',
      'must be unique',
    ],
    ['a label that is a variable', 'query ($l: String) { me { ... @defer(label: $l) { id } } }', 'not a variable'],
    ['a mutation itself', 'mutation { ... @defer { touchUser(id: "u1") { id } } }', 'themselves cannot be deferred'],
    ['an argument that there is not', '{ me { ... @defer(when: true) { id } } }', 'Unknown argument "when"'],
  ])('that defers with %s is refused', async (_, query, message) => {
    expect(await messagesOf(query)).toEqual([400, expect.stringContaining(message)]);
  });

  test('with @stream is refused', async () => {
    expect(await messagesOf('{ users @stream { name } }')).toEqual([400, 'Unknown directive "@stream".']);
  });

  test('can learn from the schema that @defer is there', async () => {
    const response = await post('{ __schema { directives { name locations args { name type { name kind } } } } }');
    const { data } = (await response.json()) as { data: { __schema: { directives: readonly object[] } } };
    expect(data.__schema.directives).toContainEqual({
      name: 'defer',
      locations: ['FRAGMENT_SPREAD', 'INLINE_FRAGMENT'],
      args: [
        { name: 'label', type: { name: 'String', kind: 'SCALAR' } },
        { name: 'if', type: { name: null, kind: 'NON_NULL' } },
      ],
    });
  });
});
