import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import { createExecutableSubgraph } from '../../../kernel/subgraph/executable.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { createPrincipal, type Principal } from '../../../kernel/tenancy/principal.ts';
import { createCallSigner, createCallVerifier } from '../../../kernel/tenancy/subgraph-token.ts';
import { callerOf, correlationIdOfTests, secretOfTests } from '../../support/call-app.ts';

const sdl = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@authenticated"])
  scalar DateTime
  scalar JSON
  scalar MinorUnits
  type Query @authenticated {
    hello(name: String): String
    whoAmI: String
    instant(at: DateTime): DateTime
    json(value: JSON): JSON
    money(amount: MinorUnits): MinorUnits
    badInstant: DateTime
    largeMoney: MinorUnits
    refused: String
    broken: String
    brokenWithCode: String
  }
`;

const resolvers = {
  Query: {
    hello: (_: unknown, { name }: { name?: string }) => `Hello ${name ?? 'you'}`,
    whoAmI: (_: unknown, __: unknown, { tenantId }: { tenantId: string }) => tenantId,
    instant: (_: unknown, { at }: { at: Date }) => new Date(at.getTime()),
    json: (_: unknown, { value }: { value: unknown }) => value,
    money: (_: unknown, { amount }: { amount: number }) => BigInt(amount),
    badInstant: () => 'yesterday',
    largeMoney: () => 2n ** 60n,
    refused: () => {
      throw new PanoramaError('NOT_FOUND', 'There is none.', { field: 'id' });
    },
    broken: () => {
      throw new Error('SELECT * FROM secrets at postgres://db.internal');
    },
    brokenWithCode: () => {
      throw Object.assign(new Error('secret'), { extensions: { code: 'MADE_UP', sql: 'SELECT' } });
    },
  },
};

const acme = createPrincipal({
  tenantId: parseTenantId('acme'),
  app: 'crm-web',
  credentialId: 'key-1',
  userId: undefined,
  permissions: [],
});

function createSubgraph() {
  const logs: string[] = [];
  const { execute } = createExecutableSubgraph({
    name: 'sample',
    sdl,
    resolvers,
    createContext: ({ principal }) => ({ principal, tenantId: principal.tenantId }),
    verifyCall: createCallVerifier(secretOfTests, 'sample'),
    logger: pino({ level: 'info' }, { write: (line: string) => logs.push(line) }),
  });
  async function ask(
    document: string,
    variables: Record<string, unknown> = {},
    principal: Principal | undefined = acme,
    operationName?: string,
  ) {
    const response = await callerOf('sample', execute)(document, { operationName, variables, principal });
    return JSON.parse(JSON.stringify(response)) as {
      data?: unknown;
      errors?: { message: string; extensions: unknown }[];
    };
  }
  return { ask, execute, logs };
}

describe('a subgraph in this process', () => {
  test('answers an operation with the context of its principal', async () => {
    const { ask } = createSubgraph();
    expect(await ask('query ($n: String) { hello(name: $n) whoAmI }', { n: 'Ada' })).toEqual({
      data: { hello: 'Hello Ada', whoAmI: 'acme' },
    });
  });

  test('answers nothing without a valid token, not even its schema', async () => {
    const { ask, execute } = createSubgraph();
    const sign = createCallSigner(secretOfTests, 'another');
    const { signal } = new AbortController();
    for (const token of [undefined, '', 'a.b.c', sign({ principal: acme, correlationId: 'c' })]) {
      for (const document of ['{ hello }', '{ _service { sdl } }', '{ __typename }', 'nonsense']) {
        const answer = await execute({ document, operationName: undefined, variables: {}, token, signal });
        expect(answer.data).toBeUndefined();
        expect(answer.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
      }
    }
    expect((await ask('{ hello }')).errors).toBeUndefined();
  });

  test('runs the operation that is named', async () => {
    const { ask } = createSubgraph();
    const document = 'query A { hello(name: "A") } query B { hello(name: "B") }';
    expect(await ask(document, {}, acme, 'B')).toEqual({ data: { hello: 'Hello B' } });
    expect((await ask(document)).errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  test.each([
    ['a document that is no GraphQL', '{ hello', {}],
    ['a field that does not exist', '{ nothing }', {}],
    ['a variable of another type', 'query ($n: String) { hello(name: $n) }', { n: 7 }],
    ['a missing variable', 'query ($n: DateTime!) { instant(at: $n) }', {}],
  ])('says that %s is a mistake of the sender, each time it is sent', async (_, document, variables) => {
    const { ask, logs } = createSubgraph();
    const first = await ask(document, variables);
    expect(first.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(await ask(document, variables)).toEqual(first);
    expect(logs).toEqual([]);
  });
});

describe('an error of a resolver', () => {
  test('that is meant for the client keeps its words, and the rest of the answer stands', async () => {
    const { ask, logs } = createSubgraph();
    expect(await ask('{ hello refused }')).toEqual({
      data: { hello: 'Hello you', refused: null },
      errors: [
        {
          message: 'There is none.',
          path: ['refused'],
          extensions: { code: 'NOT_FOUND', field: 'id' },
        },
      ],
    });
    expect(logs).toEqual([]);
  });

  test.each(['broken', 'brokenWithCode', 'badInstant', 'largeMoney'])(
    'that is not (%s) reaches the client as a correlation id only, and the log with its cause',
    async (field) => {
      const { ask, logs } = createSubgraph();
      const answer = await ask(`{ ${field} }`);
      expect(answer).toEqual({
        data: { [field]: null },
        errors: [
          {
            message: 'Something failed on our side.',
            path: [field],
            extensions: { code: 'INTERNAL', correlationId: correlationIdOfTests },
          },
        ],
      });
      expect(logs).toHaveLength(1);
      expect(JSON.parse(logs[0] ?? '')).toMatchObject({
        correlationId: correlationIdOfTests,
        path: [field],
        err: expect.anything(),
      });
    },
  );
});

describe('a DateTime', () => {
  test.each([
    ['2026-11-21T09:30:00Z', '2026-11-21T09:30:00.000Z'],
    ['2026-11-21T09:30Z', '2026-11-21T09:30:00.000Z'],
    ['2026-11-21T09:30:00.123456789+02:00', '2026-11-21T07:30:00.123Z'],
    ['2024-02-29T00:00:00-11:00', '2024-02-29T11:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('of %s is answered in UTC, as a variable and in the document', async (sent, answered) => {
    const { ask } = createSubgraph();
    const data = { instant: answered };
    expect(await ask('query ($at: DateTime) { instant(at: $at) }', { at: sent })).toEqual({ data });
    expect(await ask(`{ instant(at: "${sent}") }`)).toEqual({ data });
  });

  test.each([
    '',
    'yesterday',
    '2026-11-21',
    '2026-11-21T09:30:00',
    '2026-11-21 09:30:00Z',
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-21T25:00:00Z',
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
    '+010000-01-01T00:00:00Z',
    `2026-11-21T09:30:00.${'0'.repeat(10_000)}Z`,
    1_795_000_000,
    true,
    {},
  ])('is not %j', async (at) => {
    const { ask, logs } = createSubgraph();
    const { errors } = await ask('query ($at: DateTime) { instant(at: $at) }', { at });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect((await ask(`{ instant(at: ${JSON.stringify(at)}) }`)).errors).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT' } },
    ]);
    expect(logs).toEqual([]);
  });
});

describe('the other scalars', () => {
  test.each([[null], [7], ['text'], [[1, { a: null }]], [{ a: { b: [true] } }]])(
    'pass JSON through: %j',
    async (value) => {
      const { ask } = createSubgraph();
      expect(await ask('query ($v: JSON) { json(value: $v) }', { v: value })).toEqual({ data: { json: value } });
    },
  );

  test('read JSON in the document, with variables in it', async () => {
    const { ask } = createSubgraph();
    const document = 'query ($v: String) { json(value: { a: [1, $v], b: "c", d: null }) }';
    expect(await ask(document, { v: 'two' })).toEqual({ data: { json: { a: [1, 'two'], b: 'c', d: null } } });
  });

  test.each([0, 1999, -5, Number.MAX_SAFE_INTEGER])('read %d minor units exactly', async (amount) => {
    const { ask } = createSubgraph();
    const data = { money: amount };
    expect(await ask('query ($a: MinorUnits) { money(amount: $a) }', { a: amount })).toEqual({ data });
    expect(await ask(`{ money(amount: ${amount}) }`)).toEqual({ data });
  });

  test.each([19.99, 2 ** 53, '1999', true])('refuse %j as minor units', async (amount) => {
    const { ask } = createSubgraph();
    const { errors } = await ask('query ($a: MinorUnits) { money(amount: $a) }', { a: amount });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });
});
