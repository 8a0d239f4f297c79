import { beforeEach, describe, expect, test } from '@jest/globals';
import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery, printSchema } from 'graphql';
import { createTestEngine, type TestEngine } from '../support/federation/engine.ts';
import { createMarketplace } from '../support/federation/marketplace.ts';
import { createTestSubgraph, type TestSubgraph } from '../support/federation/subgraph.ts';

let subgraphs: readonly TestSubgraph[];
let engine: TestEngine;

beforeEach(() => {
  subgraphs = createMarketplace();
  engine = createTestEngine(subgraphs);
});

describe('an operation', () => {
  test('is answered in the order in which its fields are included', async () => {
    const source = `query ($first: Boolean!) {
      me { ... @include(if: $first) { name } id ...More  name  role @skip(if: $first) }
    }
    fragment More on User { email  ... on Account { __typename } }`;
    const { data: one } = await engine.run(source, { variables: { first: true } });
    expect(JSON.stringify(one)).toBe('{"me":{"name":"User 1","id":"u1","email":"u1@example.com","__typename":"User"}}');
    const { data: other } = await engine.run(source, { variables: { first: false } });
    expect(JSON.stringify(other)).toBe(
      '{"me":{"id":"u1","email":"u1@example.com","__typename":"User","name":"User 1","role":"MEMBER"}}',
    );
  });

  test('merges the selections of a field, each under its own condition', async () => {
    const source = `query ($a: Boolean!, $b: Boolean!) {
      me @include(if: $a) { id  address { city } }
      me @include(if: $b) { name  address { country } }
    }`;
    const answers = [
      [true, true, { me: { id: 'u1', address: { city: 'Aarhus', country: 'DK' }, name: 'User 1' } }],
      [true, false, { me: { id: 'u1', address: { city: 'Aarhus' } } }],
      [false, true, { me: { name: 'User 1', address: { country: 'DK' } } }],
      [false, false, {}],
    ] as const;
    for (const [a, b, data] of answers) expect(await engine.run(source, { variables: { a, b } })).toEqual({ data });
  });

  test('answers an object of which no field is included as an empty object', async () => {
    const source = `query ($yes: Boolean!, $no: Boolean!) {
      warehouses @include(if: $yes) { address @include(if: $no) { city } }
      me @skip(if: $no) { wishList @include(if: $yes) { ... on Book { title @include(if: false) } } }
    }`;
    const { data, errors } = await engine.run(source, { variables: { yes: true, no: false } });
    expect(data).toEqual({ warehouses: [{}, {}], me: { wishList: [{}, {}] } });
    expect(errors).toBeUndefined();
  });

  test('is chosen by its name', async () => {
    const source = 'query A { me { id } } query B($id: ID!) { user(id: $id) { name } }';
    const { data } = await engine.run(source, { operationName: 'B', variables: { id: 'u2' } });
    expect(data).toEqual({ user: { name: 'User 2' } });
    await expect(engine.run(source)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect(engine.run(source, { operationName: 'C' })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  test('gives each subgraph the variables that it uses, with their defaults', async () => {
    const source = `query ($first: Int = 1, $short: Boolean, $code: String = "x") {
      users(first: $first) { nickname(short: $short) deliveries { discount(code: $code) } }
    }`;
    const { data } = await engine.run(source);
    expect(data).toEqual({ users: [{ nickname: 'U1', deliveries: [{ discount: 1.5 }, null] }] });
    const sent = subgraphs.flatMap(({ name, requests }) => requests.map(({ variables }) => [name, variables]));
    expect(sent).toEqual([
      ['accounts', { first: 1 }],
      ['inventory', { representations: [{ __typename: 'User', email: 'u1@example.com' }] }],
      ['pricing', expect.objectContaining({ code: 'x' })],
    ]);
  });

  test('knows the type of every object, whatever the name asked for it', async () => {
    const source = `{ __typename  search(limit: 3) { kind: __typename ... on Product { __typename title } }
      accounts { ... on Bot { __typename } ... on Account { what: __typename } } }`;
    const { data } = await engine.run(source);
    expect(data).toEqual({
      __typename: 'Query',
      search: [
        { kind: 'Book', __typename: 'Book', title: 'Book 1' },
        { kind: 'Gadget', __typename: 'Gadget', title: 'Gadget 2' },
        { kind: 'User' },
      ],
      accounts: [
        ...[1, 2, 3].map(() => ({ what: 'User' })),
        null,
        ...[1, 2, 3].map(() => ({ __typename: 'Bot', what: 'Bot' })),
      ],
    });
  });
});

describe('mutations', () => {
  test('run one after the other, in the order of the operation, also across subgraphs', async () => {
    const log: string[] = [];
    const slow = (name: string) => async () => {
      log.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`${name} ends`);
      return name;
    };
    const one = createTestSubgraph('one', 'type Query { x: Int } type Mutation { a: String  c: String }', {
      Mutation: { a: slow('a'), c: slow('c') },
    });
    const two = createTestSubgraph('two', 'type Mutation { b: String  fails: String }', {
      Mutation: {
        b: slow('b'),
        fails: () => {
          throw new Error('no');
        },
      },
    });
    const { data, errors } = await createTestEngine([one, two]).run('mutation { c fails b a }');
    expect(data).toEqual({ c: 'c', fails: null, b: 'b', a: 'a' });
    expect(errors?.map(({ path }) => path)).toEqual([['fails']]);
    expect(log).toEqual(['c begins', 'c ends', 'b begins', 'b ends', 'a begins', 'a ends']);
    expect(one.requests.map(({ operationKind }) => operationKind)).toEqual(['mutation', 'mutation']);
  });

  test('are followed by what their payloads ask of other subgraphs', async () => {
    const { data } = await engine.run(
      'mutation { renameUser(input: {id: "u1", name: "x"}) { message user { karma } query { topProduct { upc } } } }',
    );
    expect(data).toEqual({
      renameUser: { message: 'Now x', user: { karma: 7 }, query: { topProduct: { upc: 'book2' } } },
    });
  });
});

describe('introspection', () => {
  test('shows the API schema as a whole, and asks no subgraph', async () => {
    const { data, errors } = await engine.run(getIntrospectionQuery({ specifiedByUrl: true }));
    expect(errors).toBeUndefined();
    const seen = printSchema(buildClientSchema(data as unknown as IntrospectionQuery));
    expect(seen).toBe(printSchema(engine.supergraph.apiSchema));
    expect(seen).not.toMatch(/join__|_Entity|_Service|link__/);
    expect(subgraphs.flatMap(({ requests }) => requests)).toEqual([]);
  });

  test('stands beside data, in fragments, with variables and conditions', async () => {
    const source = `query ($name: String!, $yes: Boolean!, $no: Boolean!) {
      me { id }  ...Types  a: __type(name: "Role") @skip(if: $yes) { name }
    }
    fragment Types on Query {
      b: __type(name: $name) { ...Kind enumValues { name @include(if: $no) __typename } }
      __schema @include(if: $yes) { queryType { name } }
      none: __type(name: "Nothing") { name }
    }
    fragment Kind on __Type { kind }`;
    const { data } = await engine.run(source, { variables: { name: 'ActorKind', yes: true, no: false } });
    expect(data).toEqual({
      me: { id: 'u1' },
      b: { kind: 'ENUM', enumValues: [{ __typename: '__EnumValue' }, { __typename: '__EnumValue' }] },
      __schema: { queryType: { name: 'Query' } },
      none: null,
    });
  });

  test('knows all that the specification of the API schema knows, whatever the planner knows', async () => {
    const source = `{ me { id } ...Schema }
      fragment Schema on Query { __schema { types { ...Type } } }
      fragment Type on __Type { name isOneOf }`;
    const { data, errors } = await engine.run(source);
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      me: { id: 'u1' },
      __schema: { types: expect.arrayContaining([{ name: 'Query', isOneOf: null }]) },
    });
  });

  test('does not show what is inaccessible', async () => {
    const subgraph = createTestSubgraph(
      'secrets',
      `type Query { open: String  closed: Secret @inaccessible  level: Level }
       type Secret @inaccessible { word: String }
       enum Level { LOW  TOP @inaccessible }`,
    );
    const { data } = await createTestEngine([subgraph]).run(
      '{ __schema { types { name fields { name } enumValues { name } } } __type(name: "Secret") { name } }',
    );
    expect(JSON.stringify(data)).not.toMatch(/closed|Secret|word|TOP/);
    expect(data?.__type).toBeNull();
  });
});
