import { buildSubgraphSchema } from '@apollo/subgraph';
import { describe, expect, test } from '@jest/globals';
import { execute, type GraphQLSchema, parse, subscribe } from 'graphql';
import { pino } from 'pino';
import { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import type { AppRules } from '../../../kernel/permissions/app-rules.ts';
import { guardSchema } from '../../../kernel/permissions/guard-schema.ts';
import { allow, chain, not, rule, shield } from '../../../kernel/permissions/load-shield.ts';
import { createExecutableSubgraph } from '../../../kernel/subgraph/executable.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { createPrincipal, type Principal } from '../../../kernel/tenancy/principal.ts';
import { createCallVerifier } from '../../../kernel/tenancy/subgraph-token.ts';
import { callerOf, secretOfTests } from '../../support/call-app.ts';

const sdl = `
  extend schema
    @link(
      url: "https://specs.apollo.dev/federation/v2.12"
      import: ["@key", { name: "@requiresScopes", as: "@needs" }]
    )

  scalar DateTime
  scalar JSON
  scalar MinorUnits

  type Query {
    open: String @federation__authenticated
    forgotten: String
    lead: Lead @needs(scopes: [["read:leads"], ["read:assigned-leads"]])
    leads: LeadPage @needs(scopes: [["read:leads"], ["read:assigned-leads"]])
    anything: [Thing] @federation__authenticated
    named: Named @federation__authenticated
    fails: String @needs(scopes: [["read:leads", "read:deals"]])
    odd: Odd @federation__authenticated
  }
  type Mutation {
    createLead: Payload @needs(scopes: [["write:leads"]])
  }

  type Lead implements Named @key(fields: "id") @needs(scopes: [["read:leads"], ["read:assigned-leads"]]) {
    id: ID!
    name: String
    deal: Deal
    secret: String @needs(scopes: [["read:security"]])
  }
  type Deal implements Named @key(fields: "id") @needs(scopes: [["read:deals"]]) {
    id: ID!
    name: String
  }
  type Orphan @key(fields: "id") {
    id: ID!
    name: String
  }
  type LeadPage { nodes: [Lead!]! }
  type Payload { lead: Lead }
  type Odd { value: String }
  union Thing = Lead | Deal
  interface Named { name: String }
`;

const lead = {
  __typename: 'Lead',
  id: 'l1',
  name: 'Ada',
  secret: 'hush',
  deal: { __typename: 'Deal', id: 'd1', name: 'Kites' },
};
const foreignLead = { ...lead, id: 'l2', name: 'Bo' };
const deal = lead.deal;

/** What a resolver was called for. */
let calls: string[] = [];
const called = <T>(name: string, value: T) => {
  calls.push(name);
  return value;
};

const resolvers = {
  Query: {
    open: () => 'open',
    forgotten: () => called('forgotten', 'forgotten'),
    lead: () => called('lead', lead),
    leads: () => ({ nodes: Array.from({ length: 1_000 }, (_, index) => ({ ...lead, id: `l${index}` })) }),
    anything: () => [lead, deal, foreignLead],
    named: () => deal,
    fails: () => {
      throw new Error('The database is gone.');
    },
    odd: () => ({ value: 'odd' }),
  },
  Mutation: { createLead: () => called('createLead', { lead }) },
  Lead: { __resolveReference: ({ id }: { id: string }) => called(`Lead ${id}`, { ...lead, id }) },
  Deal: { __resolveReference: ({ id }: { id: string }) => called(`Deal ${id}`, { ...deal, id }) },
  Orphan: { __resolveReference: ({ id }: { id: string }) => called(`Orphan ${id}`, { id }) },
};

const principalWith = (...permissions: readonly string[]): Principal =>
  createPrincipal({ tenantId: parseTenantId('acme'), app: 'a', credentialId: 'k', userId: undefined, permissions });

interface Answer {
  readonly data: Record<string, unknown> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly path: (string | number)[];
    readonly extensions: Record<string, unknown>;
  }[];
}

function createSample(rules?: AppRules) {
  const { execute } = createExecutableSubgraph({
    name: 'sample',
    sdl,
    resolvers,
    rules,
    createContext: ({ principal }) => ({ principal }),
    verifyCall: createCallVerifier(secretOfTests, 'sample'),
    logger: pino({ level: 'silent' }),
  });
  const call = callerOf('sample', execute);
  return async (principal: Principal, document: string, variables = {}): Promise<Answer> => {
    calls = [];
    return JSON.parse(JSON.stringify(await call(document, { principal, variables }))) as Answer;
  };
}

const ask = createSample();
const admin = principalWith('*');
const missing = (permission: string, ...path: (string | number)[]) => ({
  message: `This needs the permission ${permission}.`,
  path,
  extensions: { code: 'FORBIDDEN', permission },
});

describe('a field of a subgraph', () => {
  test('needs what its own directive and its type say, under whatever name the directives are imported', async () => {
    expect(await ask(principalWith('read:leads'), '{ open lead { name secret deal { name } } }')).toEqual({
      data: { open: 'open', lead: { name: 'Ada', secret: null, deal: null } },
      errors: [missing('read:security', 'lead', 'secret'), missing('read:deals', 'lead', 'deal')],
    });
    const { data, errors } = await ask(principalWith('read:*'), '{ lead { name secret deal { name } } }');
    expect([data, errors]).toEqual([{ lead: { name: 'Ada', secret: 'hush', deal: { name: 'Kites' } } }, undefined]);
  });

  test('that is refused is not resolved', async () => {
    const { data, errors } = await ask(principalWith('write:leads'), 'mutation { createLead { lead { id } } }');
    expect([data, errors]).toMatchObject([
      { createLead: { lead: null } },
      [missing('read:leads', 'createLead', 'lead')],
    ]);
    expect((await ask(principalWith('read:deals'), '{ lead { id } }')).data).toEqual({ lead: null });
    expect((await ask(principalWith('read:*'), 'mutation { createLead { lead { id } } }')).data).toEqual({
      createLead: null,
    });
    expect(calls).toEqual([]);
  });

  test('of which nothing is said is denied where an operation begins, to everyone', async () => {
    const { data, errors } = await ask(admin, '{ forgotten open odd { value } }');
    expect(data).toEqual({ forgotten: null, open: 'open', odd: { value: 'odd' } });
    expect(errors).toMatchObject([{ path: ['forgotten'], extensions: { code: 'FORBIDDEN' } }]);
    expect(calls).toEqual([]);
  });

  test('names all permissions that the nearest alternative lacks, and what fails is no refusal', async () => {
    expect((await ask(principalWith(), '{ fails }')).errors).toEqual([missing('read:leads and read:deals', 'fails')]);
    expect((await ask(admin, '{ fails }')).errors).toMatchObject([{ extensions: { code: 'INTERNAL' } }]);
  });

  test('that needs no more than its parent did is not asked about again', async () => {
    let looks = 0;
    const counted = new Proxy(admin, {
      get: (target, name) => (name === 'permissions' ? ++looks && target.permissions : Reflect.get(target, name)),
    });
    const typeDefs = parse(sdl);
    const schema = guardSchema(buildSubgraphSchema({ typeDefs, resolvers: resolvers as never }), typeDefs);
    const document = parse('{ leads { nodes { id name } } }');
    const { data, errors } = await execute({ schema, document, contextValue: { principal: counted } });
    expect(errors).toBeUndefined();
    expect((data as { leads: { nodes: unknown[] } }).leads.nodes).toHaveLength(1_000);
    expect(looks).toBe(1);
  });
});

describe('an object behind an interface or a union', () => {
  test('needs what its own type does', async () => {
    const document = '{ anything { __typename ... on Named { name } } named { __typename name } }';
    expect(await ask(principalWith('read:assigned-leads'), document)).toEqual({
      data: { anything: [{ __typename: 'Lead', name: 'Ada' }, null, { __typename: 'Lead', name: 'Bo' }], named: null },
      errors: [missing('read:deals', 'anything', 1), missing('read:deals', 'named')],
    });
  });
});

describe('_entities', () => {
  const document = `query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Named { name } } }`;
  const r = [
    { __typename: 'Deal', id: 'd7' },
    { __typename: 'Lead', id: 'l7' },
    { __typename: 'Orphan', id: 'o7' },
    { __typename: 'Lead', id: 'l8' },
  ];

  test('serves each representation by what its type needs, and looks for no other', async () => {
    const { data, errors } = await ask(principalWith('read:leads'), document, { r });
    expect(data).toEqual({
      _entities: [null, { __typename: 'Lead', name: 'Ada' }, null, { __typename: 'Lead', name: 'Ada' }],
    });
    expect(errors).toMatchObject([
      missing('read:deals', '_entities', 0),
      { path: ['_entities', 2], extensions: { code: 'FORBIDDEN' } },
    ]);
    expect(calls).toEqual(['Lead l7', 'Lead l8']);
  });

  test('hides what the rules of the app hide, and _service is shown to every principal', async () => {
    const ruled = createSample({
      records: {
        Lead:
          () =>
          ({ id }: { id: string }) =>
            id === 'l8',
      },
    });
    const { data, errors } = await ruled(admin, document, { r: r.slice(0, 2).concat(r.slice(3)) });
    expect([data, errors]).toMatchObject([{ _entities: [{ name: 'Kites' }, null, { name: 'Ada' }] }, undefined]);
    expect((await ruled(principalWith(), '{ _service { sdl } }')).data?._service).toMatchObject({
      sdl: expect.stringContaining('type Lead'),
    });
  });
});

describe('the rules of an app', () => {
  const onlyFirst = {
    records: {
      Lead:
        () =>
        ({ id }: { id: string }) =>
          id === 'l1',
    },
  };

  test('hide records on every way: alone, in lists, behind unions', async () => {
    const ruled = createSample(onlyFirst);
    const { data, errors } = await ruled(admin, '{ lead { id } leads { nodes { id } } anything { __typename } }');
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      lead: { id: 'l1' },
      leads: { nodes: [{ id: 'l1' }] },
      anything: [{ __typename: 'Lead' }, { __typename: 'Deal' }],
    });
    expect((await createSample({ records: { Lead: () => () => false } })(admin, '{ lead { id } }')).data).toEqual({
      lead: null,
    });
  });

  test('come after what the schema says; one that throws refuses, as a failure', async () => {
    const seen: string[] = [];
    const rules: AppRules = {
      fields: {
        Lead: {
          name: ({ name }: typeof lead) => {
            seen.push(name);
            return new PanoramaError('FORBIDDEN', 'Not this one.', { permission: 'read:names' });
          },
          secret: () => {
            throw new Error('The rule is broken.');
          },
        },
      },
    };
    const ruled = createSample(rules);
    const { data, errors } = await ruled(admin, '{ lead { id name secret } }');
    expect(data).toEqual({ lead: { id: 'l1', name: null, secret: null } });
    expect(Object.fromEntries((errors ?? []).map(({ path, extensions }) => [path[1], extensions]))).toMatchObject({
      name: { code: 'FORBIDDEN', permission: 'read:names' },
      secret: { code: 'INTERNAL' },
    });
    expect((await ruled(principalWith('read:leads'), '{ lead { secret } }')).errors).toMatchObject([
      missing('read:security', 'lead', 'secret'),
    ]);
    expect(seen).toEqual(['Ada']);
  });

  test('that are for nothing in the schema do not start, nor do needs that nobody could meet', () => {
    expect(() =>
      createSample({ fields: { Lead: { nmae: () => undefined } }, records: { Laed: () => undefined } }),
    ).toThrow('Lead.nmae, Laed');
    const guard = (text: string) => () => {
      const typeDefs = parse(
        `${text} extend schema @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@requiresScopes", "@policy"])`,
      );
      guardSchema(buildSubgraphSchema({ typeDefs }), typeDefs);
    };
    expect(guard('type Query { a: Int @requiresScopes(scopes: [["Read:Leads"]]) }')).toThrow('Query.a');
    expect(guard('type Query { a: Int @requiresScopes(scopes: []) }')).toThrow('Query.a');
    expect(guard('type Query { a: Int @policy(policies: [["p"]]) }')).toThrow('Query.a');
  });
});

describe('a subscription', () => {
  test('is guarded when it begins and at each event, though it has both resolvers', async () => {
    let hasBegun = false;
    const typeDefs = parse(`
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@requiresScopes"])
      type Query { a: Int }
      type Subscription { leadChanged: Int @requiresScopes(scopes: [["read:leads"]])  forgotten: Int }
    `);
    async function* begin() {
      hasBegun = true;
      yield 1;
    }
    const leadChanged = { subscribe: begin, resolve: () => 7 };
    const resolvers = { Subscription: { leadChanged, forgotten: leadChanged } };
    const schema: GraphQLSchema = guardSchema(
      buildSubgraphSchema({ typeDefs, resolvers: resolvers as never }),
      typeDefs,
    );
    const start = (field: string, principal: Principal) =>
      subscribe({ schema, document: parse(`subscription { ${field} }`), contextValue: { principal } });
    expect(await start('leadChanged', principalWith('read:deals'))).toMatchObject({
      errors: [missing('read:leads', 'leadChanged')],
    });
    expect(await start('forgotten', admin)).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    expect(hasBegun).toBe(false);
    const events = (await start('leadChanged', admin)) as AsyncGenerator<unknown, void>;
    expect((await events.next()).value).toEqual({ data: { leadChanged: 7 } });
    await events.return();
  });
});

describe('graphql-shield as it is loaded here', () => {
  const options = { debug: true, allowExternalErrors: false, fallbackRule: allow, hashFunction: () => '' };
  const schema = buildSubgraphSchema({ typeDefs: parse('type Query { a: Int }') });
  type Middleware = (...args: unknown[]) => Promise<unknown>;

  function guardOf(ruled: Parameters<typeof not>[0]): Middleware {
    const { Query } = shield({ Query: { a: ruled } }, options).generate(schema) as unknown as {
      Query: { a: Middleware | { resolve: Middleware } };
    };
    return typeof Query.a === 'function' ? Query.a : Query.a.resolve;
  }

  test('chains rules on the Node of today', async () => {
    const yes = rule({ cache: 'no_cache' })(() => true);
    const no = rule({ cache: 'no_cache' })(() => new Error('No.'));
    expect(await guardOf(chain(yes, yes))(() => 7, null, {}, {}, {})).toBe(7);
    expect(await guardOf(chain(yes, no))(() => 7, null, {}, {}, {})).toEqual(new Error('No.'));
  });

  test('does not turn a rule that throws into a yes', async () => {
    const broken = rule({ cache: 'no_cache' })(() => {
      throw new Error('The database is gone.');
    });
    await expect(guardOf(not(broken))(() => 7, null, {}, {}, {})).rejects.toThrow('The database is gone.');
  });

  test('keeps no verdict: two schemas with equal rules on one context decide apart', async () => {
    const context = { principal: principalWith('read:a') };
    const guarded = (permission: string) => {
      const typeDefs = parse(`
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@requiresScopes"])
        type Query { a: Int @requiresScopes(scopes: [["${permission}"]]) }
      `);
      return guardSchema(buildSubgraphSchema({ typeDefs, resolvers: { Query: { a: () => 1 } } as never }), typeDefs);
    };
    const [first, second] = [guarded('read:a'), guarded('read:b')];
    const document = parse('{ a }');
    for (const _ of [1, 2]) {
      expect((await execute({ schema: first, document, contextValue: context })).data).toEqual({ a: 1 });
      expect((await execute({ schema: second, document, contextValue: context })).data).toEqual({ a: null });
    }
  });
});
