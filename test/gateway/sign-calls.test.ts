import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createAuthenticator } from '../../gateway/admission/authenticator.ts';
import { connectSubgraphs } from '../../gateway/connections/connect-subgraphs.ts';
import { composeSupergraph } from '../../gateway/supergraph/compose.ts';
import { loadSupergraph } from '../../gateway/supergraph/supergraph.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../kernel/tenancy/principal.ts';
import { createCallVerifier } from '../../kernel/tenancy/subgraph-token.ts';
import { secretOfTests } from '../support/call-app.ts';
import { type AnonymousGateway, openAnonymousGateway } from '../support/federation/anonymous-gateway.ts';
import { type HttpSubgraph, serveOverHttp } from '../support/federation/http-subgraph.ts';
import { createTestSubgraph } from '../support/federation/subgraph.ts';
import { loggerOfTest } from '../support/output-of-run.ts';

const people = createTestSubgraph(
  'people',
  'type Query { people: [Person!]! } type Person @key(fields: "id") { id: ID! name: String }',
  { Query: { people: () => ['ada', 'bob'].map((id) => ({ id, name: id })) } },
);
const notes = createTestSubgraph('notes', 'type Person @key(fields: "id") { id: ID! note: String }', {
  Person: { __resolveReference: ({ id }: { id: string }) => ({ id, note: `of ${id}` }) },
});

/** Keys are the names of tenants. */
async function readKey(key: string) {
  const tenantId = parseTenantId(key);
  const permissions = ['read:people', 'tägliches:ü'];
  return createPrincipal({ tenantId, app: 'web', credentialId: `key of ${key}`, userId: 'ada', permissions });
}

describe('the calls of a gateway to subgraphs', () => {
  const verify = {
    people: createCallVerifier(secretOfTests, 'people'),
    notes: createCallVerifier(secretOfTests, 'notes'),
  };
  let served: { readonly people: HttpSubgraph; readonly notes: HttpSubgraph };
  let gateway: AnonymousGateway;

  beforeAll(async () => {
    served = { people: await serveOverHttp(people), notes: await serveOverHttp(notes) };
    const definitions = [people, notes].map(({ name, sdl }) => ({ name, sdl, url: served[name as 'people'].url }));
    const supergraph = loadSupergraph(composeSupergraph(definitions));
    const options = { forwardHeaders: ['accept-language'], timeoutMs: 5_000, maxAnswerBytes: 10_000 };
    const connections = connectSubgraphs(supergraph, () => ({ ...options, tokenSecret: secretOfTests }));
    const authenticator = createAuthenticator({
      readKey,
      principalFor: () => {
        throw new Error('No token is sent here.');
      },
    });
    gateway = await openAnonymousGateway(() => ({ supergraph, connections }), {
      access: { kind: 'authenticated', authenticator, introspection: true },
      forwardedHeaders: ['accept-language'],
      logger: loggerOfTest('a signed app'),
    });
  });
  afterAll(async () => {
    await gateway?.stop();
    await served?.people.stop();
    await served?.notes.stop();
  });
  beforeEach(() => {
    for (const { headers } of Object.values(served)) (headers as unknown[]).length = 0;
  });

  async function ask(key: string, headers: Readonly<Record<string, string>> = {}) {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-tenant-key': key, ...headers },
      body: '{"query":"{ people { name note } }"}',
    });
    return (await response.json()) as { readonly data?: unknown };
  }

  const callsTo = (name: keyof typeof verify) =>
    served[name].headers.map((headers) => verify[name](headers['x-service-token']?.toString()));

  test('carry a token each, for the one subgraph, with the principal and the correlation id', async () => {
    expect((await ask('acme', { 'x-correlation-id': 'order-42' })).data).toBeDefined();
    for (const name of ['people', 'notes'] as const) {
      expect(callsTo(name)).toEqual([
        { principal: await readKey('acme'), correlationId: 'order-42', bodyDigest: expect.any(String) },
      ]);
    }
    const token = served.people.headers[0]?.['x-service-token']?.toString();
    expect(verify.notes(token)).toBeUndefined();
  });

  test('carry the principal of the request that they are made for, whoever asks at the same time', async () => {
    await Promise.all(['acme', 'globex', 'acme', 'initech', 'globex'].map((key) => ask(key)));
    for (const name of ['people', 'notes'] as const) {
      const tenants = callsTo(name).map((call) => call?.principal.tenantId);
      expect(new Set(tenants)).toEqual(new Set(['acme', 'globex', 'initech']));
    }
  });

  test('carry no header of the client but those on the list, whatever the client calls them', async () => {
    const smuggled = {
      'x-service-token': 'of the client',
      'x-tenant-id': 'globex',
      'x-user-permissions': '*',
      'x-hasura-role': 'admin',
      traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
      cookie: 'session=1',
      authorization: '',
    };
    await ask('acme', { ...smuggled, 'accept-language': 'da' });
    const [sent = {}] = served.people.headers;
    expect(Object.keys(sent).sort()).toEqual(
      [
        ...['accept', 'accept-language', 'connection', 'content-length', 'content-type', 'host'],
        ...['x-correlation-id', 'x-service-token'],
      ].sort(),
    );
    expect(callsTo('people')).toMatchObject([{ principal: { tenantId: 'acme' } }]);
  });
});
