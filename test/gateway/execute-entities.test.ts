import { beforeEach, describe, expect, test } from '@jest/globals';
import { representationsOf } from '../support/federation/canned.ts';
import { createTestEngine, type TestEngine } from '../support/federation/engine.ts';
import { createMarketplace } from '../support/federation/marketplace.ts';
import { createTestSubgraph, type TestSubgraph } from '../support/federation/subgraph.ts';

let subgraphs: readonly TestSubgraph[];
let engine: TestEngine;

beforeEach(() => {
  subgraphs = createMarketplace();
  engine = createTestEngine(subgraphs);
});

function requestsTo(name: string) {
  return subgraphs.find((subgraph) => subgraph.name === name)?.requests ?? [];
}

describe('an entity fetch', () => {
  test('asks for each entity once, and the answer stands wherever the entity does', async () => {
    const { data } = await engine.run('{ a: me { wishList { upc rating } } topProducts(first: 4) { upc rating } }');
    const representations = requestsTo('reviews').flatMap(representationsOf);
    expect(requestsTo('reviews')).toHaveLength(2);
    expect(new Set(representations.map((one) => JSON.stringify(one))).size).toBe(representations.length);
    expect(data).toMatchObject({ topProducts: [{ upc: 'book3', rating: 3.5 }, {}, {}, { upc: 'gadget1' }] });
  });

  test('sends one representation for an entity that a list holds many times', async () => {
    const source = '{ latestReviews(first: 8) { author { nickname } } }';
    const { data } = await engine.run(source);
    const [request] = requestsTo('accounts');
    expect(representationsOf(request)).toHaveLength(8);
    const { data: again } = await engine.run('{ latestReviews(first: 16) { author { nickname } } }');
    expect(representationsOf(requestsTo('accounts')[1])).toHaveLength(8);
    expect(again?.latestReviews).toEqual([...reviewsOf(data), ...reviewsOf(data), null]);
  });

  test('sends only what the subgraph requires, for the type of each object', async () => {
    await engine.run(
      '{ topProducts(first: 5) { ... on Book { shippingEstimate } ... on Gadget { cost: shippingEstimate } } }',
    );
    expect(requestsTo('inventory').flatMap(representationsOf)).toEqual([
      { __typename: 'Book', isbn: 'isbn-3', price: 300, dimensions: { width: 6, weight: 4.5 } },
      { __typename: 'Book', isbn: 'isbn-4', price: null, dimensions: { width: 8, weight: 6 } },
      { __typename: 'Book', isbn: 'isbn-5', price: 500, dimensions: { width: 10, weight: 7.5 } },
      { __typename: 'Gadget', upc: 'gadget1', dimensions: { weight: 1.5 } },
      { __typename: 'Gadget', upc: 'gadget2', dimensions: { weight: 3 } },
    ]);
  });

  test('is not sent when there is nothing to ask for', async () => {
    const { data } = await engine.run('{ user(id: "nobody") { karma } latestReviews(first: 0) { author { role } } }');
    expect(data).toEqual({ user: null, latestReviews: [null] });
    expect(requestsTo('reviews')).toHaveLength(1);
    expect(requestsTo('accounts')).toHaveLength(1);
  });

  test('of a compound key sends the nested key', async () => {
    const { data } = await engine.run('{ stock(upc: "book1", warehouse: "w1") { count discount(code: "abc") } }');
    expect(requestsTo('pricing').flatMap(representationsOf)).toEqual([
      { __typename: 'StockItem', upc: 'book1', warehouse: { id: 'w1' } },
    ]);
    expect(data).toEqual({ stock: { count: 5, discount: 3.5 } });
  });

  test('through an interface object sets the type that the subgraph knows, and the answer keeps its own', async () => {
    const media = createTestSubgraph(
      'media',
      `type Query { media: [Media!]! }
       interface Media @key(fields: "id") { id: ID!  title: String! }
       type Film implements Media @key(fields: "id") { id: ID!  title: String!  length: Int }
       type Song implements Media @key(fields: "id") { id: ID!  title: String! }`,
      {
        Query: {
          media: () => [
            { __typename: 'Film', id: 'f1', title: 'Solaris', length: 167 },
            { __typename: 'Song', id: 's1', title: 'Blue' },
          ],
        },
        Media: {
          __resolveReference: ({ id }: { id: string }) => ({ __typename: 'Film', id, title: `Film ${id}` }),
        },
      },
    );
    const likes = createTestSubgraph(
      'likes',
      `type Query { mostLiked: Media }
       type Media @key(fields: "id") @interfaceObject { id: ID!  likes: Int! }`,
      {
        Query: { mostLiked: () => ({ id: 'f1', likes: 9 }) },
        Media: { __resolveReference: ({ id }: { id: string }) => ({ id, likes: id.length }) },
      },
    );
    const { data } = await createTestEngine([media, likes]).run(
      '{ media { __typename id likes } mostLiked { likes } known: mostLiked { __typename title } }',
    );
    expect(likes.requests.flatMap(representationsOf)).toEqual([
      { __typename: 'Media', id: 'f1' },
      { __typename: 'Media', id: 's1' },
    ]);
    expect(data).toEqual({
      media: [
        { __typename: 'Film', id: 'f1', likes: 2 },
        { __typename: 'Song', id: 's1', likes: 2 },
      ],
      mostLiked: { likes: 9 },
      known: { __typename: 'Film', title: 'Film f1' },
    });
  });
});

function reviewsOf(data: Record<string, unknown> | null): readonly unknown[] {
  return ((data?.latestReviews ?? []) as readonly unknown[]).slice(0, -1);
}
