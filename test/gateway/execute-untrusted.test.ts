import { describe, expect, test } from '@jest/globals';
import { answering, answeringJson } from '../support/federation/canned.ts';
import { createTestEngine } from '../support/federation/engine.ts';
import { createTestSubgraph } from '../support/federation/subgraph.ts';

const things = createTestSubgraph(
  'things',
  `type Query { things: [Thing]  thing: Thing  shape: Shape  values: Values }
   type Thing @key(fields: "id") { id: ID!  name: String }
   interface Shape { name: String }
   type Circle implements Shape { name: String  radius: Float }
   type Hidden implements Shape @inaccessible { name: String }
   type Values { int: Int  float: Float  text: String  flag: Boolean  id: ID  colour: Colour  grid: [[Int!]]  any: Any }
   enum Colour { RED  BLUE  ULTRAVIOLET @inaccessible }
   scalar Any`,
);
const extras = createTestSubgraph('extras', 'type Thing @key(fields: "id") { id: ID!  extra: String  sure: Int! }');
const engine = createTestEngine([things, extras]);

const twoThings = answering({
  data: {
    things: [
      { __typename: 'Thing', id: 'a' },
      { __typename: 'Thing', id: 'b' },
    ],
  },
});

describe('an answer that is no GraphQL response', () => {
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['text', '<html>'],
    ['a list', []],
    ['an empty object', {}],
    ['data that is text', { data: 'x' }],
    ['data that is a list', { data: [] }],
    ['errors that are no list', { errors: 'x' }],
    ['no data and no errors', { data: null, errors: [] }],
  ])('counts as none when it is %s', async (_, response) => {
    const { data, errors } = await engine.run('{ thing { name } }', { connections: { things: answering(response) } });
    expect(data).toEqual({ thing: null });
    expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['thing'], 'SUBGRAPH_UNAVAILABLE'],
    ]);
  });

  test.each([
    ['missing', {}],
    ['null', { _entities: null }],
    ['an object', { _entities: {} }],
    ['too few', { _entities: [{ extra: 'x' }] }],
    ['too many', { _entities: [{ extra: 'x' }, { extra: 'y' }, { extra: 'z' }] }],
  ])('counts as none when its entities are %s', async (_, data) => {
    const answer = await engine.run('{ things { id extra } }', {
      connections: { things: twoThings, extras: answering({ data }) },
    });
    expect(answer.data).toEqual({
      things: [
        { id: 'a', extra: null },
        { id: 'b', extra: null },
      ],
    });
    expect(answer.errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['things', 0, 'extra'], 'SUBGRAPH_UNAVAILABLE'],
      [['things', 1, 'extra'], 'SUBGRAPH_UNAVAILABLE'],
    ]);
  });

  test('loses only the entity that is no object', async () => {
    const { data, errors } = await engine.run('{ things { id extra } }', {
      connections: { things: twoThings, extras: answering({ data: { _entities: ['x', { extra: 'y' }] } }) },
    });
    expect(data).toEqual({
      things: [
        { id: 'a', extra: null },
        { id: 'b', extra: 'y' },
      ],
    });
    expect(errors?.map(({ path }) => path)).toEqual([['things', 0, 'extra']]);
  });
});

describe('a value that is not of its type', () => {
  const whole = '{ values { int float text flag id colour grid any } }';

  test('becomes null with an error at its place that does not repeat it', async () => {
    const values = {
      int: 1.5,
      float: 'secret',
      text: 7,
      flag: 'true',
      id: {},
      colour: 'ULTRAVIOLET',
      grid: [[1, 'x'], 3],
      any: null,
    };
    const { data, errors } = await engine.run(whole, { connections: { things: answering({ data: { values } }) } });
    expect(data).toEqual({
      values: { int: null, float: null, text: null, flag: null, id: null, colour: null, grid: [null, null], any: null },
    });
    expect(errors?.map(({ path, message }) => [path?.slice(1).join('.'), message])).toEqual([
      ['int', 'The value of Values.int is not of type Int.'],
      ['float', 'The value of Values.float is not of type Float.'],
      ['text', 'The value of Values.text is not of type String.'],
      ['flag', 'The value of Values.flag is not of type Boolean.'],
      ['id', 'The value of Values.id is not of type ID.'],
      ['colour', 'The value of Values.colour is not of type Colour.'],
      ['grid.0.1', 'The value of Values.grid is not of type Int.'],
      ['grid.1', 'The value of Values.grid is not a list.'],
    ]);
  });

  test('may be anything for a custom scalar, and a number for an ID', async () => {
    const values = {
      int: 1,
      float: 2,
      text: 'x',
      flag: false,
      id: 7,
      colour: 'RED',
      grid: [null, []],
      any: { a: [1] },
    };
    const { data, errors } = await engine.run(whole, { connections: { things: answering({ data: { values } }) } });
    expect(data).toEqual({ values: { ...values, id: '7' } });
    expect(errors).toBeUndefined();
  });

  test('is refused when it is nested too deeply to be written, and the rest is answered', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const { data, errors } = await engine.run('{ values { any int } things { id extra } }', {
      connections: {
        things: answeringJson(
          `{"data":{"values":{"any":${deep},"int":1},"things":[{"__typename":"Thing","id":${deep}}]}}`,
        ),
        extras: answering({ data: { _entities: [{ extra: 'x' }] } }),
      },
    });
    expect(data).toEqual({ values: { any: null, int: 1 }, things: [null] });
    expect(errors?.map(({ path }) => path?.join('.')).sort()).toEqual(['things.0.id', 'values.any']);
  });

  test.each([
    ['an object is a list', '{ thing { name } }', { thing: [] }, ['thing']],
    ['an object is text', '{ thing { name } }', { thing: 'x' }, ['thing']],
    ['a list is an object', '{ things { name } }', { things: { length: 1 } }, ['things']],
    ['the type is unknown', '{ shape { name } }', { shape: { __typename: 'Nothing', name: 'x' } }, ['shape']],
    ['the type is no text', '{ shape { name } }', { shape: { __typename: 7, name: 'x' } }, ['shape']],
    ['the type is another', '{ shape { name } }', { shape: { __typename: 'Thing', name: 'x' } }, ['shape']],
    ['the type is inaccessible', '{ shape { name } }', { shape: { __typename: 'Hidden', name: 'x' } }, ['shape']],
    ['the type is not told', '{ shape { __typename } }', { shape: { name: 'x' } }, ['shape', '__typename']],
  ])('is an error when %s', async (_, source, data, path) => {
    const answer = await engine.run(source, { connections: { things: answering({ data }) } });
    expect(Object.values(answer.data ?? {})).toEqual([null]);
    expect(answer.errors?.map((error) => error.path)).toEqual([path]);
    expect(JSON.stringify(answer)).not.toContain('Hidden');
  });

  test('is an error when it is missing, at the first hundred places', async () => {
    const things = Array.from({ length: 130 }, () => ({ __typename: 'Thing', id: 'a' }));
    const { errors = [] } = await engine.run('{ things { name } }', {
      connections: { things: answering({ data: { things } }) },
    });
    expect(errors).toHaveLength(100);
    expect(errors[0]?.toJSON()).toEqual({
      message: 'No app gave a value for the field Thing.name.',
      path: ['things', 0, 'name'],
      extensions: { code: 'INTERNAL', correlationId: 'test-correlation' },
    });
    expect(errors.at(-1)?.message).toMatch(/ \(30 more errors are not listed\.\)$/);
  });

  test('is an error when a field that may not be null is missing', async () => {
    const { data, errors } = await engine.run('{ things { id sure } }', {
      connections: { things: twoThings, extras: answering({ data: { _entities: [{ sure: 1 }, {}] } }) },
    });
    expect(data).toEqual({ things: [{ id: 'a', sure: 1 }, null] });
    expect(errors?.map(({ path }) => path)).toEqual([['things', 1, 'sure']]);
  });
});

test('a subgraph that adds fields unasked does not overwrite those of another', async () => {
  const { data } = await engine.run('{ things { id name extra } }', {
    connections: {
      things: answering({ data: { things: [{ __typename: 'Thing', id: 'a', name: 'A' }] } }),
      extras: answering({ data: { _entities: [{ __typename: 'Other', id: 'b', name: 'B', extra: 'x' }] } }),
    },
  });
  expect(data).toEqual({ things: [{ id: 'a', name: 'A', extra: 'x' }] });
});

test('a key that stands twice in an object of an answer has its last value, of whatever type', async () => {
  const { data, errors } = await engine.run('{ things { id name } }', {
    connections: {
      things: answeringJson('{"data": {"things": null, "things": [{"id": "a", "id": "b", "name": "x", "name": {}}]}}'),
    },
  });
  expect(data).toEqual({ things: [{ id: 'b', name: null }] });
  expect(errors?.map(({ path }) => path)).toEqual([['things', 0, 'name']]);
});

describe('an error of odd form', () => {
  test.each([
    ['no path', {}, ['things']],
    ['a path that is text', { path: 'things' }, ['things']],
    ['a path to no entity', { path: ['_entities', 99, 'extra'] }, ['things']],
    ['a path with a negative position', { path: ['_entities', -1] }, ['things']],
    ['a path into another field', { path: ['things', 0] }, ['things']],
    ['a path that ends oddly', { path: ['_entities', 1, 'extra', { x: 1 }, 'y'] }, ['things', 1, 'extra']],
  ])('is put at the nearest place that is known when it has %s', async (_, error, path) => {
    const { errors } = await engine.run('{ things { extra } }', {
      connections: {
        things: twoThings,
        extras: answering({ data: { _entities: [{ extra: 'x' }, {}] }, errors: [error] }),
      },
    });
    expect(errors?.map((one) => one.toJSON())).toEqual([
      { message: 'The app "extras" reported an error.', path, extensions: { code: 'INTERNAL', app: 'extras' } },
    ]);
  });

  test.each([
    ['text', 'boom'],
    ['null', null],
    ['a message that is no text', { message: { secret: 1 }, extensions: 'x' }],
  ])('is an error all the same when it is %s', async (_, error) => {
    const { data, errors } = await engine.run('{ thing { name } }', {
      connections: { things: answering({ errors: [error] }) },
    });
    expect(data).toEqual({ thing: null });
    expect(errors?.map(({ message, path }) => [message, path])).toEqual([
      ['The app "things" reported an error.', undefined],
    ]);
  });

  test('is listed a hundred times at most', async () => {
    const many = Array.from({ length: 130 }, (_, number) => ({ message: `error ${number}`, path: ['thing'] }));
    const { errors = [] } = await engine.run('{ thing { name } }', {
      connections: { things: answering({ data: { thing: null }, errors: many }) },
    });
    expect(errors).toHaveLength(100);
    expect(errors.at(-1)?.message).toBe('error 99 (30 more errors of this app are not listed.)');
  });
});

describe('names that JavaScript gives a meaning', () => {
  test('are plain names in an operation and its answer', async () => {
    const source = '{ things { __proto__: id constructor: extra toString: name hasOwnProperty: __typename } }';
    const { data } = await engine.run(source, {
      connections: {
        things: answeringJson(
          '{"data": {"things": [{"__typename": "Thing", "id": "a", "__proto__": "a", "toString": "n"}]}}',
        ),
        extras: answeringJson('{"data": {"_entities": [{"constructor": "c"}]}}'),
      },
    });
    expect(JSON.stringify(data)).toBe(
      '{"things":[{"__proto__":"a","constructor":"c","toString":"n","hasOwnProperty":"Thing"}]}',
    );
  });

  test('change nothing when a subgraph adds them to its answer', async () => {
    const { data } = await engine.run('{ things { id extra toString: name } }', {
      connections: {
        things: answeringJson(
          '{"data": {"things": [{"__typename": "Thing", "id": "a", "__proto__": {"polluted": 1}}]}}',
        ),
        extras: answeringJson(
          '{"data": {"_entities": [{"extra": "x", "__proto__": {"polluted": 2}, "constructor": 3}]}}',
        ),
      },
    });
    expect(data).toEqual({ things: [{ id: 'a', extra: 'x', toString: null }] });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
