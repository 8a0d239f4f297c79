import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type DemoPlatform, startDemoPlatform } from '../support/platform.ts';
import { openSocket } from '../support/streams/socket-client.ts';

/** Sync and idempotency as a client meets them: over HTTP, with the keys of the demo. */
describe('a client that worked without a connection', () => {
  let platform: DemoPlatform;

  beforeAll(async () => {
    platform = await startDemoPlatform();
  }, 120_000);
  afterAll(async () => {
    await platform?.stop();
  });

  test('pushes what it did, finds it in the graph, and pulls it as a change', async () => {
    const begun = await platform.post<{ pull: { to: string } }>('{ pull { ... on ChangeBatch { to } } }');
    const id = randomUUID();
    const push = `mutation { push(input: {clientId: "c1", mutations: [{id: 1, entity: "Lead", entityId: "${id}", op: PUT,
      patch: {firstName: "Offline", lastName: "Lead", email: "off@example.com", source: "field"}}]}) {
      lastMutationId cursor results { id status code } } }`;
    const first = await platform.post<{ push: { cursor: string } }>(push);
    expect(first.data).toMatchObject({
      push: { lastMutationId: 1, results: [{ id: 1, status: 'APPLIED', code: null }] },
    });
    const again = await platform.post(push);
    expect(again.data).toMatchObject({ push: { lastMutationId: 1, results: [{ id: 1, status: 'DUPLICATE' }] } });

    const found = await platform.post('query ($id: ID!) { lead(id: $id) { firstName status } }', { id });
    expect(found.data).toEqual({ lead: { firstName: 'Offline', status: 'NEW' } });
    const pulled = await platform.post<{ pull: { changes: { entityId: string; type: string }[] } }>(
      `query { pull(after: "${begun.data.pull.to}", limit: 100) { __typename ... on ChangeBatch { from to
        changes { type app entity entityId op version data } upToDate } ... on Resync { reason } } }`,
    );
    const changes = pulled.data.pull.changes.filter(({ entityId }) => entityId === id);
    expect(changes).toMatchObject([{ type: 'LEAD_CREATED', app: 'crm', entity: 'Lead', op: 'PUT', version: 1 }]);
  });

  test('pushes a hundred at once, over several apps', async () => {
    const mutations = Array.from({ length: 100 }, (_, index) => ({
      id: index + 1,
      entityId: randomUUID(),
      ...(index < 50
        ? { entity: 'Company', patch: { name: `Company ${index}` } }
        : { entity: 'TrackedEvent', patch: { customerId: 'cus_acme_0001', type: 'page.viewed' } }),
    }));
    const { data, errors } = await platform.post<{ push: { results: { status: string }[] } }>(
      'mutation ($input: PushInput!) { push(input: $input) { lastMutationId results { status code message } } }',
      { input: { clientId: 'hundred', mutations } },
    );
    expect(errors).toBeUndefined();
    expect(new Set(data.push.results.map(({ status }) => status))).toEqual(new Set(['APPLIED']));
  });

  test('may not do by push what its key may not do', async () => {
    const person = { firstName: 'Not', lastName: 'Allowed', email: 'not@example.com' };
    const mutations = [{ id: 1, entity: 'Lead', entityId: randomUUID(), patch: person }];
    const answer = await platform.post(
      'mutation ($input: PushInput!) { push(input: $input) { results { status code } } }',
      { input: { clientId: 'reader', mutations } },
      { key: 'demo-acme-readonly' },
    );
    expect(answer.data).toEqual({ push: { results: [{ status: 'REJECTED', code: 'FORBIDDEN' }] } });
  });

  test('has no way to the fields by which apps are synced', async () => {
    const direct = await platform.post('mutation { applyCrmMutations(input: {}) }');
    expect(direct.errors?.[0]?.message).toContain('applyCrmMutations');
    expect(direct.status).toBe(400);
  });

  test('sends any mutation again under its key', async () => {
    const createLead = `mutation { createLead(input: {firstName: "Ada", lastName: "Byron", email: "once@example.com"}) {
      lead { id } userErrors { code } } }`;
    const headers = { 'idempotency-key': 'the-first-one' };
    const made = await platform.post(createLead, {}, { headers });
    expect(made.data).toMatchObject({ createLead: { userErrors: [] } });
    expect((await platform.post(createLead, {}, { headers })).data).toEqual(made.data);
    const other = await platform.post(createLead.replace('Ada', 'Eve'), {}, { headers });
    expect([other.status, other.errors?.[0]?.extensions.code]).toEqual([422, 'IDEMPOTENCY_MISMATCH']);

    const socket = await openSocket(`${platform.url}/graphql`);
    await socket.init({ 'x-tenant-key': 'demo-acme-admin' });
    socket.subscribe('1', createLead, { extensions: headers });
    expect(await socket.next()).toMatchObject({ type: 'next', payload: { data: made.data } });
    socket.ws.close();
    await socket.closed;
  });
});
