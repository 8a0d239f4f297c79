import { describe, expect, test } from '@jest/globals';
import { createDataSubgraph, type SubgraphData } from '../support/federation/data-subgraph.ts';
import { createTestEngine } from '../support/federation/engine.ts';
import { piecesOf, runInParts } from '../support/federation/run-in-parts.ts';

const shop: SubgraphData = {
  sdl: `
    type Query { items: [Item!]! offer: Offer }
    type Mutation { add(id: ID!): Item remove(id: ID!): Item }
    interface Offer @key(fields: "id") { id: ID! title: String }
    type Item implements Offer @key(fields: "id") { id: ID! title: String weight: Int size: Size }
    type Size @shareable { height: Int width: Int }
  `,
  query: {
    items: ['a', 'b'].map((id) => ({ id, title: `Item ${id}`, weight: 2, size: { height: 3, width: 4 } })),
    offer: { __typename: 'Item', id: 'a', title: 'Item a', weight: 2 },
  },
  mutation: {
    add: ({ id }: { id: string }) => ({ id, title: `Item ${id}`, weight: 5 }),
    remove: ({ id }: { id: string }) => ({ id, title: `Item ${id}`, weight: 6 }),
  },
  entities: {
    Item: ['a', 'b', 'c'].map((id) => ({ id, title: `Item ${id}`, weight: 2, size: { height: 3, width: 4 } })),
  },
};

const post: SubgraphData = {
  sdl: `type Item @key(fields: "id") { id: ID! weight: Int @external postage: Int @requires(fields: "weight") days: Int! }`,
  entities: {
    Item: ['a', 'b', 'c'].map((id) => ({
      id,
      days: id === 'b' ? null : 1,
      postage(this: { weight: number }) {
        return this.weight * 10;
      },
    })),
  },
};

const ratings: SubgraphData = {
  sdl: 'type Offer @interfaceObject @key(fields: "id") { id: ID! stars: Int }',
  entities: { Offer: ['a', 'b', 'c'].map((id) => ({ id, stars: 4 })) },
};

/** Runs an operation in parts: its pieces, and what the subgraphs were asked for it. */
async function run(operation: string) {
  const subgraphs = Object.entries({ shop, post, ratings }).map(([name, data]) => createDataSubgraph(name, data));
  const engine = createTestEngine(subgraphs);
  const connections = new Map(subgraphs.map(({ name, execute }) => [name, execute]));
  const pieces = await piecesOf(await runInParts(engine, operation, { connections }));
  const fetches = subgraphs.flatMap(({ name, requests }) => requests.map(() => name)).sort();
  return { pieces, fetches };
}

describe('defer: the gateway', () => {
  test('fetches what is deferred for all items of a list at once, with what it requires', async () => {
    expect(await run('{ items { title ... @defer(label: "later") { postage } } }')).toEqual({
      pieces: [
        { data: { items: [{ title: 'Item a' }, { title: 'Item b' }] }, hasNext: true },
        {
          incremental: ['a', 'b'].map((_, index) => ({
            path: ['items', index],
            label: 'later',
            data: { postage: 20 },
          })),
          hasNext: false,
        },
      ],
      // The rest does not wait for what only the deferred part requires.
      fetches: ['post', 'shop', 'shop'],
    });
  });

  test('asks nobody again for fields of an object that has no key', async () => {
    const { pieces, fetches } = await run('{ items { size { height ... @defer { width } } } }');
    expect(pieces[0]).toEqual({ data: { items: Array(2).fill({ size: { height: 3 } }) }, hasNext: true });
    expect(pieces[1]?.incremental).toContainEqual({ path: ['items', 1, 'size'], data: { width: 4 } });
    expect(fetches).toEqual(['shop']);
  });

  test('nulls the part at the item that has no value, and at no other', async () => {
    const { pieces } = await run('{ items { id ... @defer { days } } }');
    expect(pieces[0]).toEqual({ data: { items: [{ id: 'a' }, { id: 'b' }] }, hasNext: true });
    expect(pieces[1]?.incremental).toMatchObject([
      { path: ['items', 0], data: { days: 1 } },
      { path: ['items', 1], data: null, errors: [{ path: ['items', 1, 'days'] }] },
    ]);
  });

  test('defers what an interface object knows', async () => {
    expect(await run('{ offer { title ... @defer { stars ... on Item { postage } } } }')).toEqual({
      pieces: [
        { data: { offer: { title: 'Item a' } }, hasNext: true },
        { incremental: [{ path: ['offer'], data: { stars: 4, postage: 20 } }], hasNext: false },
      ],
      fetches: ['post', 'ratings', 'shop', 'shop'],
    });
  });

  test('runs all mutations before what they defer is answered', async () => {
    const { pieces, fetches } = await run(`mutation {
      add(id: "a") { title ... @defer(label: "one") { postage } }
      remove(id: "c") { title ... @defer(label: "two") { postage } }
    }`);
    expect(pieces[0]).toEqual({ data: { add: { title: 'Item a' }, remove: { title: 'Item c' } }, hasNext: true });
    expect(pieces.slice(1).flatMap(({ incremental }) => incremental)).toEqual([
      { path: ['add'], label: 'one', data: { postage: 20 } },
      { path: ['remove'], label: 'two', data: { postage: 20 } },
    ]);
    expect(fetches).toEqual(['post', 'post', 'shop', 'shop', 'shop']);
  });
});
