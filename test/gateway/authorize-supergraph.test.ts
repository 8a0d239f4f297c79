import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { refuseUnlessWhole, verdictOn } from '../../gateway/admission/authorize.ts';
import { executeOperation } from '../../gateway/execute/execute-operation.ts';
import { planOperation } from '../../gateway/plan/plan-operation.ts';
import { composeSupergraph } from '../../gateway/supergraph/compose.ts';
import { loadSupergraph } from '../../gateway/supergraph/supergraph.ts';
import { createDataSubgraph, type SubgraphData } from '../support/federation/data-subgraph.ts';
import { anonymousContext } from '../support/federation/engine.ts';
import { askedOf } from '../support/federation/guarded-crm.ts';
import { contextOf } from '../support/federation/sharing.ts';

const securityLinks = `
  @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY)
`;

const locations = 'on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM';

function definitionsOf({ scopes = 'requiresScopes' } = {}): string {
  return `
    directive @authenticated ${locations}
    directive @${scopes}(scopes: [[requiresScopes__Scope!]!]!) ${locations}
    directive @policy(policies: [[policy__Policy!]!]!) ${locations}
    scalar requiresScopes__Scope
    scalar policy__Policy
  `;
}

/** What is put into a supergraph behind composition's back: others compose otherwise. */
interface Edits {
  /** Texts of the composed SDL, and what stands in their place. Each is there. */
  readonly edits?: Readonly<Record<string, string>>;
  readonly links?: string;
  readonly definitions?: string;
}

function serve(data: Readonly<Record<string, SubgraphData>>, options: Edits = {}) {
  const { edits = {}, links = securityLinks, definitions = definitionsOf() } = options;
  const subgraphs = Object.entries(data).map(([name, one]) => createDataSubgraph(name, one));
  let sdl = composeSupergraph(
    subgraphs.map(({ name, sdl: own }) => ({ name, url: `http://${name}.invalid`, sdl: own })),
  );
  for (const [text, other] of Object.entries(edits)) {
    if (!sdl.includes(text)) throw new Error(`The supergraph does not hold ${text}.`);
    sdl = sdl.replace(text, other);
  }
  const supergraph = loadSupergraph(sdl.replace(/^schema/, `schema ${links}`) + definitions);
  return {
    supergraph,
    async ask(permissions: readonly string[] | undefined, source: string) {
      for (const { requests } of subgraphs) requests.length = 0;
      const document = parse(source);
      const context = permissions ? contextOf('acme', { permissions }) : anonymousContext;
      const verdict = verdictOn(supergraph, document, context.principal);
      const plan = planOperation(supergraph, document, undefined, new Set(), false, verdict);
      refuseUnlessWhole(plan, context.principal, {});
      const connections = new Map(subgraphs.map(({ name, execute }) => [name, execute]));
      const { data: answer, errors = [] } = await executeOperation({
        plan,
        supergraph,
        variables: {},
        connections,
        context,
      });
      const told = errors.map(
        ({ path, extensions }) => `${path?.join('.')} ${extensions.permission ?? extensions.reason ?? extensions.code}`,
      );
      return { data: answer.toJSON(), errors: told, asked: askedOf(subgraphs) };
    },
  };
}

const person = { id: 'p1', name: 'secret', nick: 'ada' };
const people: SubgraphData = {
  sdl: 'type Query { person: Person } type Person { id: ID!  name: String  nick: String }',
  query: { person },
};
const scoped = { '  name: String\n': '  name: String @guard(scopes: [["read:names"]])\n' };

describe('needs are found under whatever name a supergraph gives the directive', () => {
  const asImport = 'import: [{name: "@requiresScopes", as: "@guard"}]';
  test.each([
    ['its import', `@link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY, ${asImport})`, 'guard'],
    ['its link', '@link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY, as: "guard")', 'guard'],
    ['nothing', '@link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)', 'requiresScopes'],
    ['a later version', '@link(url: "https://specs.apollo.dev/requiresScopes/v0.2", as: "guard")', 'guard'],
  ])('renamed by %s', async (_, links, scopes) => {
    const edits = { '  name: String\n': `  name: String @${scopes}(scopes: [["read:names"]])\n` };
    const { ask } = serve({ people }, { edits, links, definitions: definitionsOf({ scopes }) });
    const { data, errors, asked } = await ask([], '{ person { name nick } }');
    expect({ data, errors }).toEqual({
      data: { person: { name: null, nick: 'ada' } },
      errors: ['person.name read:names'],
    });
    expect(asked).not.toContain('name');
  });

  test('but not under a name that belongs to something else', async () => {
    const links = '@link(url: "https://other.example/guard/v1.0")';
    const definitions = `directive @guard(scopes: [[String!]!]!) ${locations}`;
    const { ask } = serve({ people }, { edits: scoped, links, definitions });
    expect((await ask([], '{ person { name } }')).errors).toEqual([]);
  });

  test('and a supergraph with a security feature that nobody here enforces is not served', () => {
    const links = '@link(url: "https://other.example/guard/v1.0", for: SECURITY)';
    const definitions = `directive @guard(scopes: [[String!]!]!) ${locations}`;
    const load = () => serve({ people }, { edits: scoped, links, definitions });
    expect(load).toThrow(/security feature https:\/\/other\.example\/guard\/v1\.0/);
  });
});

describe('a policy', () => {
  const withPolicy = (policies: string) =>
    serve({ people }, { edits: { '  name: String\n': `  name: String @policy(policies: ${policies})\n` } });

  test('is met by nobody, whatever they hold', async () => {
    const { data, errors } = await withPolicy('[["staff"]]').ask(['*'], '{ person { name nick } }');
    expect({ data, errors }).toEqual({
      data: { person: { name: null, nick: 'ada' } },
      errors: ['person.name POLICY_UNDECIDED'],
    });
  });

  test.each(['[]', '[[]]'])('that says nothing (%s) asks for nothing', async (policies) => {
    expect((await withPolicy(policies).ask(undefined, '{ person { name } }')).errors).toEqual([]);
  });
});

test('scopes without an alternative are met by nobody', async () => {
  const edits = { '  name: String\n': '  name: String @requiresScopes(scopes: [])\n' };
  expect((await serve({ people }, { edits }).ask(['*'], '{ person { name } }')).data).toEqual({
    person: { name: null },
  });
});

test('what a root type needs, all of its fields need', async () => {
  const { ask } = serve({ people }, { edits: { 'type Query\n': 'type Query @authenticated\n' } });
  expect(await ask(undefined, '{ person { nick } }')).toEqual({
    data: { person: null },
    errors: ['person UNAUTHENTICATED'],
    asked: '',
  });
  expect((await ask([], '{ person { nick } }')).data).toEqual({ person: { nick: 'ada' } });
});

describe('a field that is computed from others needs what they need', () => {
  test('through @requires, and what those require', async () => {
    const { ask } = serve(
      {
        base: {
          sdl: `type Query { item: Item } type Item @key(fields: "id") { id: ID!  cost: Cost }
                type Cost { net: Int  gross: Int }`,
          query: { item: { id: 'i1', cost: { net: 7, gross: 9 } } },
          entities: { Item: [{ id: 'i1', cost: { net: 7, gross: 9 } }] },
        },
        price: {
          sdl: `type Item @key(fields: "id") { id: ID!  cost: Cost @external  price: Int @requires(fields: "cost { net }") }
                type Cost @external { net: Int }`,
          entities: { Item: [{ id: 'i1', price: 70 }] },
        },
        shop: {
          sdl: `type Item @key(fields: "id") { id: ID!  price: Int @external  offer: String @requires(fields: "price")  open: Int }`,
          entities: { Item: [{ id: 'i1', offer: 'secret 70', open: 1 }] },
        },
      },
      { edits: { '  net: Int ': '  net: Int @requiresScopes(scopes: [["read:costs"]]) ' } },
    );
    const { data, errors, asked } = await ask([], '{ item { open offer price cost { gross } } }');
    expect({ data, errors }).toEqual({
      data: { item: { open: 1, offer: null, price: null, cost: { gross: 9 } } },
      errors: ['item.offer read:costs', 'item.price read:costs'],
    });
    expect(asked).not.toMatch(/net|price|offer/);
    expect((await ask(['read:costs'], '{ item { offer } }')).data).toEqual({ item: { offer: 'secret 70' } });
  });

  test('through @fromContext', async () => {
    const vault = { id: 'v1', code: 'secret', door: { id: 'd1' } };
    const { ask } = serve(
      {
        vaults: {
          sdl: `type Query { vault: Vault }
                type Vault @key(fields: "id") @context(name: "vault") { id: ID!  code: String  door: Door }
                type Door @key(fields: "id") { id: ID!  sign(code: String @fromContext(field: "$vault { code }")): String }`,
          query: { vault },
          entities: {
            Vault: [vault],
            Door: [{ id: 'd1', sign: ({ code }: { readonly code: string }) => `sign ${code}` }],
          },
        },
        walls: {
          sdl: 'type Door @key(fields: "id") { id: ID!  wall: Int }',
          entities: { Door: [{ id: 'd1', wall: 3 }] },
        },
      },
      { edits: { '  code: String': '  code: String @requiresScopes(scopes: [["read:codes"]])' } },
    );
    const { data, errors, asked } = await ask([], '{ vault { door { wall sign } } }');
    expect({ data, errors }).toEqual({
      data: { vault: { door: { wall: 3, sign: null } } },
      errors: ['vault.door.sign read:codes'],
    });
    expect(asked).not.toContain('code');
  });
});

describe('an interface', () => {
  const shapes: SubgraphData = {
    sdl: `type Query { shape: Shape  shapes: [Shape]  circle: Circle }
          interface Shape { id: ID!  area: Int  next: Shape }
          type Circle implements Shape { id: ID!  area: Int  next: Shape  radius: Int }
          type Square implements Shape { id: ID!  area: Int  next: Shape }
          type Oval implements Shape { id: ID!  area: Int  next: Shape }`,
    query: {
      shape: { __typename: 'Circle', id: 's1', area: 3, radius: 1, next: { __typename: 'Square', id: 's2', area: 4 } },
      shapes: [
        { __typename: 'Circle', id: 's1', area: 3 },
        { __typename: 'Square', id: 's2', area: 4 },
      ],
      circle: { __typename: 'Circle', id: 's1', area: 3, radius: 1 },
    },
  };
  const needing = (permission: string) => `@requiresScopes(scopes: [["${permission}"]])`;

  test('that needs something of its own hands it down to its types', async () => {
    const { ask } = serve(
      { shapes },
      { edits: { 'interface Shape\n': `interface Shape ${needing('read:shapes')}\n` } },
    );
    const { data, errors, asked } = await ask([], '{ circle { radius } shape { ... on Circle { radius } } }');
    expect({ data, errors, asked }).toEqual({
      data: { circle: null, shape: null },
      errors: ['circle read:shapes', 'shape read:shapes'],
      asked: '',
    });
  });

  test('whose field needs something of its own hands it down to the fields of its types', async () => {
    const { ask } = serve({ shapes }, { edits: { '  area: Int\n': `  area: Int ${needing('read:areas')}\n` } });
    const { errors } = await ask([], '{ shape { ... on Circle { area } } }');
    expect(errors).toEqual(['shape.area read:areas']);
  });

  test('on which composition notes what its types need together leaves each object to its own type', async () => {
    const circle = 'type Circle implements Shape';
    const sdl = shapes.sdl.replace(circle, `${circle} ${needing('read:circles')}`);
    const { ask, supergraph } = serve({ shapes: { ...shapes, sdl } }, { links: '', definitions: '' });
    // Composition did note it.
    expect(supergraph.sdl).toMatch(/interface Shape[^{]*@requiresScopes\(scopes: \[\["read:circles"\]\]\)/);
    const { data, errors, asked } = await ask([], '{ shapes { id area } }');
    expect({ data, errors }).toEqual({
      data: { shapes: [null, { id: 's2', area: 4 }] },
      errors: ['shapes.0 read:circles'],
    });
    expect(asked).not.toContain('Circle');
  });

  test('that a subgraph knows as an object leaves its types to be judged together', async () => {
    const square = { __typename: 'Square', id: 's2', area: 4 };
    const circle = { __typename: 'Circle', id: 's1', area: 3 };
    const { ask } = serve(
      {
        home: {
          sdl: `type Query { square: Square }
                interface Shape @key(fields: "id") { id: ID!  area: Int }
                type Circle implements Shape @key(fields: "id") { id: ID!  area: Int }
                type Square implements Shape @key(fields: "id") { id: ID!  area: Int }`,
          query: { square },
          entities: { Shape: [circle, square], Circle: [circle], Square: [square] },
        },
        paints: {
          sdl: `type Query { painted: [Shape] }
                type Shape @key(fields: "id") @interfaceObject { id: ID!  colour: String }`,
          query: { painted: [{ id: 's1', colour: 'secret' }] },
          entities: {
            Shape: [
              { id: 's1', colour: 'secret' },
              { id: 's2', colour: 'red' },
            ],
          },
        },
      },
      { edits: { 'type Circle implements Shape': `type Circle implements Shape ${needing('read:circles')}` } },
    );
    const { data, errors, asked } = await ask([], '{ painted { colour area } square { colour } }');
    expect({ data, errors }).toEqual({
      data: { painted: [null], square: { colour: 'red' } },
      errors: ['painted.0 read:circles'],
    });
    expect(asked).not.toMatch(/painted\{[^}]*colour|area/);
  });

  test('inside an interface many times over is refused when a type is, unless the types are named', async () => {
    const circle = 'type Circle implements Shape';
    const { ask } = serve({ shapes }, { edits: { [circle]: `${circle} ${needing('read:circles')}` } });
    const nested = (depth: number, on: string) =>
      `{ shape { ${`${on} { next { `.repeat(depth)} id ${'} }'.repeat(depth)} } }`;
    await expect(ask([], nested(9, '...'))).rejects.toMatchObject({
      extensions: { code: 'OPERATION_LIMIT_EXCEEDED', value: expect.any(Number) },
    });
    expect((await ask([], nested(9, '... on Square'))).data).toEqual({ shape: null });
    expect((await ask(['read:circles'], nested(9, '...'))).errors).toEqual([]);
  });
});

describe('a verdict', () => {
  const { supergraph } = serve({ people }, { edits: { '  name: String\n': '  name: String @authenticated\n' } });
  const document = parse('{ person { name } }');
  const { principal } = contextOf('acme', { permissions: [] });

  test('can be asked for again, and is equal for as long as nothing changes', () => {
    expect(verdictOn(supergraph, document, undefined)?.key).toBe(verdictOn(supergraph, document, undefined)?.key);
    expect(verdictOn(supergraph, document, undefined)).toBeDefined();
    expect(verdictOn(supergraph, document, principal)).toBeUndefined();
  });

  test('is none where nothing that the document asks for needs anything', () => {
    expect(verdictOn(supergraph, parse('{ person { nick } }'), undefined)).toBeUndefined();
  });
});
