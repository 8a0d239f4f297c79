import { describe, expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import type { Connection } from '../../kernel/subgraph/connection.ts';
import { answering } from '../support/federation/canned.ts';
import { createTestEngine } from '../support/federation/engine.ts';
import { createTestSubgraph } from '../support/federation/subgraph.ts';

const catalogue = createTestSubgraph(
  'catalogue',
  `type Query { shelf: [Item]  strict: [Item!]!  things: [Thing!] }
   type Item @key(fields: "id") { id: ID!  name: String  size: Size }
   type Box @key(fields: "id") { id: ID!  name: String!  size: Size! }
   type Size @shareable { width: Int }
   union Thing = Item | Box`,
  {
    Query: {
      shelf: () => [{ id: 'a' }, null, { id: 'b' }, { id: 'a' }],
      strict: () => [{ id: 'a' }, { id: 'b' }],
      things: () => [
        { __typename: 'Item', id: 'a' },
        { __typename: 'Box', id: 'x' },
        { __typename: 'Item', id: 'b' },
      ],
    },
    Item: {
      name: () => {
        throw new GraphQLError('No name', { extensions: { code: 'NOT_FOUND', secret: 'password', hint: 'ask' } });
      },
      size: ({ id }: { id: string }) => {
        if (id === 'b') throw new Error('No size');
        return { width: 0 };
      },
    },
    Box: {
      name: () => {
        throw new Error('No box');
      },
      size: () => ({ width: 3 }),
    },
  },
);

const prices = createTestSubgraph(
  'prices',
  `type Item @key(fields: "id") { id: ID!  price: Int!  note: String  history: [Entry!] }
   type Entry { at: Int! }
   type Box @key(fields: "id") { id: ID!  size: Size! @external  postage: Int @requires(fields: "size { width }") }
   type Size @shareable { width: Int }`,
  {
    Item: {
      __resolveReference: ({ id }: { id: string }) => ({ id, price: id === 'a' ? null : 5, note: 'ok' }),
      history: ({ id }: { id: string }) => [{ at: 1 }, { at: id === 'b' ? null : 2 }],
    },
    Box: {
      __resolveReference: (reference: object) => reference,
      postage: ({ size }: { size: { width: number } }) => size.width * 2,
    },
  },
);

const engine = createTestEngine([catalogue, prices]);

const codesOf = (errors: readonly GraphQLError[] | undefined) =>
  errors?.map(({ path, message, extensions }) => [path?.join('.'), message, extensions.code]);

describe('an error of a subgraph', () => {
  test('stands at every place of the entity that it is about', async () => {
    const { data, errors } = await engine.run('{ shelf { id price } }');
    expect(data).toEqual({ shelf: [null, null, { id: 'b', price: 5 }, null] });
    expect(errors?.map(({ path }) => path)).toEqual([
      ['shelf', 0, 'price'],
      ['shelf', 3, 'price'],
    ]);
  });

  test('keeps its place inside the entity', async () => {
    const { data, errors } = await engine.run('{ shelf { past: history { at } } }');
    expect(data).toEqual({
      shelf: [{ past: [{ at: 1 }, { at: 2 }] }, null, { past: null }, { past: [{ at: 1 }, { at: 2 }] }],
    });
    expect(errors?.map(({ path }) => path)).toEqual([['shelf', 2, 'past', 1, 'at']]);
  });

  test('is at the right item of a list of several types', async () => {
    const broken: Connection = answering({
      data: { _entities: [null, { price: 5 }] },
      errors: [{ message: 'gone', path: ['_entities', 1, 'price'] }],
    });
    const { errors } = await engine.run('{ things { ... on Item { price } } }', { connections: { prices: broken } });
    expect(errors?.[0]?.path).toEqual(['things', 2, 'price']);
  });

  test('keeps message and code, names its app, and loses every extension that is not to be kept', async () => {
    const { errors } = await engine.run('{ shelf { name } }', { keptExtensions: ['hint'] });
    expect(errors?.[0]?.toJSON()).toEqual({
      message: 'No name',
      path: ['shelf', 0, 'name'],
      extensions: { code: 'NOT_FOUND', hint: 'ask', app: 'catalogue' },
    });
    const { errors: without } = await engine.run('{ things { ... on Box { name } } }');
    expect(without?.[0]?.extensions).toEqual({ code: 'INTERNAL', app: 'catalogue' });
  });

  test('speaks of the name that the client gave, where the plan uses another', async () => {
    // Size and Size! do not merge in one fetch, so the planner gives one of them an alias of its own.
    const { data, errors } = await engine.run('{ things { ... on Item { size { width } } ... on Box { postage } } }');
    expect(data).toEqual({ things: [{ size: { width: 0 } }, { postage: 6 }, { size: null }] });
    expect(errors?.map(({ path }) => path)).toEqual([['things', 2, 'size']]);
  });

  test('explains the null that it is about, so that no second error does', async () => {
    const { data, errors } = await engine.run('{ strict { id price } }');
    expect(data).toBeNull();
    expect(codesOf(errors)).toEqual([
      ['strict.0.price', 'Cannot return null for non-nullable field Item.price.', 'INTERNAL'],
    ]);
    expect(errors?.[0]?.extensions.app).toBe('prices');
  });
});

describe('a null where none may be', () => {
  test('gets an error at its place and nulls its nearest nullable parent', async () => {
    const { data, errors } = await engine.run('{ shelf { id note price } }', {
      connections: {
        prices: answering({
          data: {
            _entities: [
              { note: 'x', price: 1 },
              { note: 'y', price: null },
            ],
          },
        }),
      },
    });
    expect(data).toEqual({ shelf: [{ id: 'a', note: 'x', price: 1 }, null, null, { id: 'a', note: 'x', price: 1 }] });
    expect(errors?.map((error) => error.toJSON())).toEqual([
      {
        message: 'Cannot return null for non-nullable field Item.price.',
        path: ['shelf', 2, 'price'],
        extensions: { code: 'INTERNAL', correlationId: 'test-correlation' },
      },
    ]);
  });

  test('is told though another entity of the same answer has an error', async () => {
    const { errors } = await engine.run('{ shelf { price } }', {
      connections: {
        prices: answering({ data: { _entities: [null, null] }, errors: [{ message: 'x', path: ['_entities', 0] }] }),
      },
    });
    expect(codesOf(errors)).toEqual([
      ['shelf.0', 'x', 'INTERNAL'],
      ['shelf.3', 'x', 'INTERNAL'],
      ['shelf.2.price', 'There is no Item with this id.', 'NOT_FOUND'],
    ]);
  });

  test('of an item nulls a list of non-null items', async () => {
    const { data, errors } = await engine.run('{ me: strict { id } things { __typename } }', {
      connections: { catalogue: answering({ data: { me: [{ id: 'a' }, null], things: [null] } }) },
    });
    expect(data).toBeNull();
    expect(errors?.map(({ path }) => path)).toEqual([['me', 1]]);
  });
});
