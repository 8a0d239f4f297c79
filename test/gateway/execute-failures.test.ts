import { beforeEach, describe, expect, test } from '@jest/globals';
import { answering, refusing, silent } from '../support/federation/canned.ts';
import { createTestEngine, type TestEngine } from '../support/federation/engine.ts';
import { createMarketplace } from '../support/federation/marketplace.ts';
import type { TestSubgraph } from '../support/federation/subgraph.ts';

let subgraphs: readonly TestSubgraph[];
let engine: TestEngine;

beforeEach(() => {
  subgraphs = createMarketplace();
  engine = createTestEngine(subgraphs);
});

function requestsTo(name: string) {
  return subgraphs.find((subgraph) => subgraph.name === name)?.requests ?? [];
}

const reviews = refusing('connect ECONNREFUSED reviews.internal:4003');

describe('a subgraph that does not answer', () => {
  test('leaves its root fields null, each with an error, and the rest is answered', async () => {
    const { data, errors } = await engine.run('{ me { name } review(id: "r1") { body } topProduct { upc } }', {
      connections: { reviews },
    });
    expect(data).toEqual({ me: { name: 'User 1' }, review: null, topProduct: null });
    expect(errors?.map((error) => error.toJSON())).toEqual([
      {
        message: 'The app "reviews" did not answer.',
        path: ['review'],
        extensions: { code: 'SUBGRAPH_UNAVAILABLE', app: 'reviews' },
      },
      {
        message: 'The app "reviews" did not answer.',
        path: ['topProduct'],
        extensions: { code: 'SUBGRAPH_UNAVAILABLE', app: 'reviews' },
      },
    ]);
  });

  test('leaves its fields of entities null, with an error at every place', async () => {
    const { data, errors } = await engine.run('{ topProducts(first: 2) { title score: rating } }', {
      connections: { reviews },
    });
    expect(data).toEqual({
      topProducts: [
        { title: 'Book 3', score: null },
        { title: 'Book 4', score: null },
      ],
    });
    expect(errors?.map(({ path }) => path)).toEqual([
      ['topProducts', 0, 'score'],
      ['topProducts', 1, 'score'],
    ]);
  });

  test('nulls the parents of a field that may not be null, and no more', async () => {
    const { data, errors } = await engine.run('{ me { name bestFriend { karma } } }', { connections: { reviews } });
    expect(data).toEqual({ me: { name: 'User 1', bestFriend: null } });
    expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['me', 'bestFriend', 'karma'], 'SUBGRAPH_UNAVAILABLE'],
    ]);
  });

  test('is named at the fields that need what it did not bring, and those are not fetched', async () => {
    const { data, errors } = await engine.run('{ review(id: "r1") { stars subject { ... on Book { shelfLabel } } } }', {
      connections: { products: refusing('down') },
    });
    expect(data).toEqual({ review: { stars: 2, subject: null } });
    expect(errors?.map(({ path, extensions }) => [path, extensions.app])).toEqual([
      [['review', 'subject', 'shelfLabel'], 'products'],
    ]);
    expect(requestsTo('inventory')).toEqual([]);
  });

  test('is told to the observer with its cause, which no client sees', async () => {
    const seen: unknown[] = [];
    const { errors } = await engine.run('{ topProduct { upc } }', {
      connections: { reviews },
      onSubgraphFailure: ({ app, cause }) => seen.push([app, String(cause)]),
    });
    expect(seen).toEqual([['reviews', 'Error: connect ECONNREFUSED reviews.internal:4003']]);
    expect(JSON.stringify(errors)).not.toContain('ECONNREFUSED');
  });

  test('adds at most a hundred errors, the last of which counts the others', async () => {
    const many = Array.from({ length: 250 }, (_, number) => ({ __typename: 'Book', upc: `book${number}` }));
    const { errors = [] } = await engine.run('{ topProducts { rating } }', {
      connections: { reviews, products: answering({ data: { topProducts: many } }) },
    });
    expect(errors).toHaveLength(100);
    expect(errors.at(-1)?.message).toBe(
      'The app "reviews" did not answer. 150 more fields are missing for the same reason.',
    );
  });

  test('without a connection is one that does not answer', async () => {
    const { data, errors } = await engine.run('{ topProduct { upc } }', {
      connections: { reviews: undefined as never },
    });
    expect(data).toEqual({ topProduct: null });
    expect(errors?.[0]?.extensions.code).toBe('SUBGRAPH_UNAVAILABLE');
  });
});

describe('the deadline of a request', () => {
  test('ends fetches that are under way, also when the connection does not listen', async () => {
    const deadline = new AbortController();
    const running = engine.run('{ me { name } topProduct { upc } }', {
      connections: { reviews: silent },
      signal: deadline.signal,
    });
    setImmediate(() => deadline.abort(new DOMException('too late', 'TimeoutError')));
    const { data, errors } = await running;
    expect(data).toEqual({ me: { name: 'User 1' }, topProduct: null });
    expect(errors?.map(({ path, extensions }) => [path, extensions])).toEqual([
      [['topProduct'], { code: 'DEADLINE_EXCEEDED', app: 'reviews' }],
    ]);
  });

  test('keeps fetches from being sent once it has passed', async () => {
    const { errors } = await engine.run('{ me { name } }', { signal: AbortSignal.abort() });
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['DEADLINE_EXCEEDED']);
    expect(requestsTo('accounts')).toEqual([]);
  });
});
