import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { bodyOf } from '../../bench/customer360/operation.ts';
import { hostileDocuments } from '../../bench/hostile/documents.ts';
import { suiteLimits } from '../../kernel/config/operation-limits.ts';
import { type GuardedGateway, openGuardedGateway } from '../support/federation/guarded-gateway.ts';

describe('with the limits of the suite', () => {
  let gateway: GuardedGateway;

  beforeAll(async () => {
    gateway = await openGuardedGateway({ limits: suiteLimits });
  });

  afterAll(() => gateway.stop());

  test.each(hostileDocuments)('$name is refused before there is work for it', async ({ body, limit }) => {
    gateway.subgraph.requests.length = 0;
    const { status, data, errors = [], text } = await gateway.post(body());
    const value = limit === 'requestBytes' ? 2 * 1024 * 1024 : limit && suiteLimits[limit];
    expect(status).toBe(limit === 'requestBytes' ? 413 : 400);
    expect(data).toBeUndefined();
    expect(errors.length).toBeLessThanOrEqual(10);
    expect(errors[0]?.extensions).toEqual(
      limit ? { code: 'OPERATION_LIMIT_EXCEEDED', limit, value } : { code: 'BAD_USER_INPUT' },
    );
    expect(text).not.toMatch(/Maximum call stack|node_modules|Did you mean/);
    expect(gateway.subgraph.requests).toEqual([]);
  });

  test('a refused document stays refused when it is known', async () => {
    const body = { query: `{ me { ${Array.from({ length: 31 }, (_, i) => `a${i}: id`).join(' ')} } }` };
    const answers = [await gateway.post(body), await gateway.post(body), await gateway.post(body)];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
    expect(answers.map(({ errors }) => errors?.[0]?.extensions.limit)).toEqual(['aliases', 'aliases', 'aliases']);
  });

  test('the price of a known document is that of its variables', async () => {
    const query = 'query($n: Int) { leads(first: $n) { nodes { owner { leads(first: $n) { id } } } } }';
    const statusOf = async (n: number) => (await gateway.post({ query, variables: { n } })).status;
    expect([await statusOf(10), await statusOf(100), await statusOf(10)]).toEqual([200, 400, 200]);
  });

  test('what is just within the limits is answered', async () => {
    const aliases = Array.from({ length: 30 }, (_, i) => `a${i}: id`).join(' ');
    const depth = `${'contact { leads(first: 1) { '.repeat(4)}id${' } }'.repeat(4)}`;
    for (const query of [
      `{ me { ${aliases} } }`,
      `{ lead(id: "1") { ${depth} } }`,
      '{ leads(first: 100) { nodes { id } } }',
    ]) {
      const { status, errors } = await gateway.post({ query });
      expect({ status, errors }).toEqual({ status: 200, errors: undefined });
    }
  });

  test('by GET the same limits hold', async () => {
    const query = `{ ${Array.from({ length: 101 }, (_, i) => `a${i}: __typename`).join(' ')} }`;
    expect(await gateway.get({ query })).toMatchObject({
      status: 400,
      errors: [{ extensions: { limit: 'rootFields' } }],
    });
  });
});

describe('what people need', () => {
  let suite: GuardedGateway;
  let any: GuardedGateway;

  beforeAll(async () => {
    suite = await openGuardedGateway({ limits: suiteLimits });
    any = await openGuardedGateway();
  });

  afterAll(() => Promise.all([suite.stop(), any.stop()]));

  test('passes: the introspection of tools, and the whole customer', async () => {
    const options = { descriptions: true, inputValueDeprecation: true, schemaDescription: true, specifiedByUrl: true };
    const introspection = getIntrospectionQuery({ ...options, directiveIsRepeatable: true });
    const { status, data } = await suite.post({ query: introspection });
    expect({ status, data }).toMatchObject({ status: 200, data: { __schema: { queryType: { name: 'Query' } } } });
    // Of another schema: it fails in validation, behind the limits.
    const whole = await suite.post(bodyOf('cus_acme_0001'));
    expect(whole.errors?.map(({ extensions }) => extensions.code)).not.toContain('OPERATION_LIMIT_EXCEEDED');
  });

  test.each([
    ['400 aliases', `{ me { ${Array.from({ length: 400 }, (_, i) => `a${i}: name`).join(' ')} } }`],
    ['depth 80', `{ lead(id: "1") { ${`${'contact { leads { '.repeat(40)}id${' } }'.repeat(40)}`} } }`],
    ['pages in pages', '{ leads(first: 100) { nodes { owner { leads(first: 100) { id } } } } }'],
  ])('passes a gateway that knows nothing of its supergraph: %s', async (_, query) => {
    const { status, errors } = await any.post({ query });
    expect({ status, errors }).toEqual({ status: 200, errors: undefined });
  });

  test('is not what would hold up such a gateway', async () => {
    const fragments = Array.from(
      { length: 30 },
      (_, i) => `fragment F${i} on User { ...F${i + 1} ... on User { ...F${i + 1} } }`,
    );
    const { errors } = await any.post({ query: `{ me { ...F0 } } ${fragments.join(' ')} fragment F30 on User { id }` });
    expect(errors?.[0]?.extensions).toMatchObject({ limit: 'selections', value: 20_000 });
  });
});
