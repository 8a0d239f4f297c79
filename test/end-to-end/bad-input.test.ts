import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type FlowClient, openFlowClient } from '../support/flow-client.ts';
import { type DemoPlatform, startDemoPlatform } from '../support/platform.ts';
import { refusals } from './flow-tables.ts';

describe('bad input', () => {
  let platform: DemoPlatform;

  beforeAll(async () => {
    platform = await startDemoPlatform();
  }, 120_000);

  afterAll(async () => {
    await platform?.stop();
  });

  /** Posts a body as it is. */
  async function send(body: string | Buffer, headers: Record<string, string> = {}) {
    const response = await fetch(`${platform.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-tenant-key': 'demo-acme-admin', ...headers },
      body,
    });
    const answer = (await response.json()) as {
      errors?: { message: string; locations?: unknown; extensions: Record<string, unknown> }[];
    };
    return { status: response.status, ...answer };
  }

  async function countLeads(): Promise<number> {
    const { data } = await platform.post<{ leads: { totalCount: number } }>('{ leads { totalCount } }');
    return data.leads.totalCount;
  }

  test('an unknown field is named with its position, and a suggestion while demo data are on', async () => {
    const answer = await send(
      JSON.stringify({ query: '{ customer360(id: "cus_acme_0001") { profil { username } } }' }),
    );
    expect(answer.status).toBe(400);
    expect(answer.errors?.[0]).toMatchObject({
      locations: [{ line: 1, column: 38 }],
      extensions: { code: 'BAD_USER_INPUT' },
    });
    expect(answer.errors?.[0]?.message).toContain('Did you mean "profile"?');
  });

  test('a variable or argument of the wrong type is named', async () => {
    const variable = await send(
      JSON.stringify({ query: 'query ($n: Int) { leads(first: $n) { totalCount } }', variables: { n: 'many' } }),
    );
    expect(variable).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    const argument = await send(JSON.stringify({ query: '{ leads(first: "many") { totalCount } }' }));
    expect(argument).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    const status = await send(
      JSON.stringify({ query: 'mutation { updateLead(input: {id: "x", status: HOT}) { lead { id } } }' }),
    );
    expect(status).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  test('a body of 5 MB is refused with the limit', async () => {
    const answer = await send(
      JSON.stringify({ query: '{ __typename }', variables: { padding: 'x'.repeat(5_000_000) } }),
    );
    expect(answer).toMatchObject({
      status: 413,
      errors: [{ extensions: { code: 'OPERATION_LIMIT_EXCEEDED', limit: 'requestBytes', value: 2_097_152 } }],
    });
  });

  test('a body of unknown length is refused as well, and the connection goes on', async () => {
    const chunk = Buffer.alloc(500_000, 0x20);
    const body = ReadableStream.from(Array.from({ length: 10 }, () => chunk));
    const headers = { 'content-type': 'application/json', 'x-tenant-key': 'demo-acme-admin' };
    const response = await fetch(`${platform.url}/graphql`, { method: 'POST', headers, body, duplex: 'half' });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { limit: 'requestBytes' } }] });
    expect((await platform.post('{ tenant { id } }')).data).toEqual({ tenant: { id: 'acme' } });
  });

  test.each([
    ['invalid JSON', '{"query": '],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22])],
    ['a list of operations', '[{"query": "{ __typename }"}]'],
    ['no operation', '{}'],
    ['a query that is no text', '{"query": 7}'],
    ['a syntax error', '{"query": "{ customer360("}'],
    ['an operation that is not there', '{"query": "query A { __typename }", "operationName": "B"}'],
  ])('%s is BAD_USER_INPUT', async (_, body) => {
    const answer = await send(body);
    expect(answer).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    expect(JSON.stringify(answer)).not.toMatch(/stack|node_modules|\bat \w+ \(/);
  });

  test('a form cannot be made to send an operation', async () => {
    const answer = await send('{"query": "{ __typename }"}', { 'content-type': 'text/plain' });
    expect(answer).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  test('a mutation by GET is refused', async () => {
    const query = encodeURIComponent('mutation { endSession(input: {id: "x"}) { userErrors { code } } }');
    const response = await fetch(`${platform.url}/graphql?query=${query}`, {
      headers: { 'x-tenant-key': 'demo-acme-admin', 'apollo-require-preflight': 'true' },
    });
    expect(response.status).toBe(405);
  });

  test('an e-mail address of 10,000 characters is a mistake of its field, and nothing is written', async () => {
    const before = await countLeads();
    const query =
      'mutation ($input: CreateLeadInput!) { createLead(input: $input) { lead { id } userErrors { field code } } }';
    const input = { firstName: 'A', lastName: 'B', email: `${'a'.repeat(10_000)}@example.com`, source: 'website' };
    const { status, data, errors } = await platform.post(query, { input });
    expect(status).toBe(200);
    expect(errors).toBeUndefined();
    expect(data).toEqual({ createLead: { lead: null, userErrors: [{ field: 'email', code: 'BAD_USER_INPUT' }] } });
    expect(await countLeads()).toBe(before);
  });

  test('a record of another tenant cannot be read or changed, and looks as if it did not exist', async () => {
    const { data } = await platform.post<{ leads: { nodes: { id: string }[] } }>(
      '{ leads(first: 1) { nodes { id } } }',
      {},
      { key: 'demo-globex-admin' },
    );
    const foreign = data.leads.nodes[0]?.id ?? '';
    const none = foreign.replace(/.$/, (final) => (final === 'x' ? 'y' : 'x'));
    const change = async (id: string) => {
      const query =
        'mutation ($id: ID!) { updateLead(input: {id: $id, status: LOST}) { lead { id } userErrors { field message code } } }';
      return (await platform.post(query, { id })).data;
    };
    expect((await platform.post('query ($id: ID!) { lead(id: $id) { id } }', { id: foreign })).data).toEqual({
      lead: null,
    });
    expect(await change(foreign)).toEqual(await change(none));
    expect(await change(foreign)).toMatchObject({
      updateLead: { lead: null, userErrors: [{ field: 'id', code: 'NOT_FOUND' }] },
    });
  });

  test('a page that is too large or upside down is refused, the rest of the query is served', async () => {
    const { status, data, errors } = await platform.post('{ leads(first: 101) { totalCount } tenant { id } }');
    expect(status).toBe(200);
    expect(data).toEqual({ leads: null, tenant: { id: 'acme' } });
    expect(errors).toMatchObject([
      { path: ['leads'], extensions: { code: 'OPERATION_LIMIT_EXCEEDED', limit: 'pageSize', value: 100 } },
    ]);
    const forged = await platform.post('{ leads(after: "Zm9yZ2VkIGN1cnNvciBvZiBtaW5l") { totalCount } }');
    expect(forged.errors).toMatchObject([{ path: ['leads'], extensions: { code: 'CURSOR_INVALID' } }]);
  });

  test('a path that is not there says so', async () => {
    const response = await fetch(`${platform.url}/wp-admin`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] });
  });

  describe('for workflows, queues, voice and what has states', () => {
    let globex: FlowClient;
    const known = new Map<string, string>();

    beforeAll(async () => {
      globex = openFlowClient(platform, 'demo-globex-admin');
      known.set('$run', (await globex.run('runComplianceAudit', { focus: 'USERS' })).last.id);
      const found = await globex.query<Record<string, { nodes: { id: string }[] }>>(`{
        REPORTED: incidents(first: 1, filter: {statuses: [REPORTED]}) { nodes { id } }
        RESOLVED: incidents(first: 1, filter: {statuses: [RESOLVED]}) { nodes { id } }
        LOST: leads(first: 1, filter: {status: [LOST]}) { nodes { id } }
        NEW: leads(first: 1, filter: {status: [NEW]}) { nodes { id } } }`);
      for (const [name, { nodes }] of Object.entries(found)) known.set(`$${name}`, nodes[0]?.id ?? '');
    });
    afterAll(() => globex?.close());

    test.each(refusals.map((one) => [one.what, one] as const))(
      '%s is refused, and nothing is left of it',
      async (_, refusal) => {
        const { mutation, input, code, says } = refusal;
        const given = Object.entries(input).map(([name, value]) => [name, known.get(String(value)) ?? value]);
        const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
        const text = `mutation ($input: ${type}!) { ${mutation}(input: $input) { userErrors { code message } } }`;
        type Refused = { userErrors: { code: string; message: string }[] } | null;
        const answer = await globex.post<Record<string, Refused>>(text, { input: Object.fromEntries(given) });
        const told = [
          ...(answer.data?.[mutation]?.userErrors ?? []),
          ...(answer.errors ?? []).map(({ message, extensions }) => ({ code: extensions.code, message })),
        ];
        expect(told.map((one) => one.code)).toContain(code);
        expect(told.map(({ message }) => message).join(' ')).toContain(says);
        const correlationId = answer.headers.get('x-correlation-id');
        const left = 'query ($filter: EventFilter) { events(filter: $filter, first: 5) { nodes { type } } }';
        expect(await globex.query(left, { filter: { correlationId } })).toEqual({ events: { nodes: [] } });
      },
    );
  });
});
