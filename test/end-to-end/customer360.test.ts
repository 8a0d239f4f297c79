import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type DemoPlatform, type HttpAnswer, startDemoPlatform } from '../support/platform.ts';

const customer360 = /* GraphQL */ `
  query Customer360($id: ID!) {
    customer360(id: $id) {
      id
      profile { username email createdAt lastLogin }
      behavior { behaviorScore sessionCount lastActivity engagementLevel }
      documents { documentCount storageUsage recentDocuments { id title } }
      crm { contact { id email } leads { id status } deals { id amount stage } }
      insights { healthScore recommendedActions }
    }
  }
`;

interface Customer360 {
  readonly customer360: {
    readonly profile: { username: string; email: string; lastLogin: string | null };
    readonly behavior: { behaviorScore: number; sessionCount: number; engagementLevel: string };
    readonly documents: { documentCount: number; recentDocuments: { title: string }[] };
    readonly crm: { contact: { email: string }; leads: { status: string }[]; deals: { amount: number }[] };
    readonly insights: { healthScore: number; recommendedActions: string[] };
  } | null;
}

describe('a frontend developer who has just started the platform', () => {
  let platform: DemoPlatform;

  beforeAll(async () => {
    platform = await startDemoPlatform();
  }, 120_000);

  afterAll(async () => {
    expect(await platform?.stop()).toBe(0);
  });

  test('sees the whole customer in one query', async () => {
    const { status, data, errors } = await platform.post<Customer360>(customer360, { id: 'cus_acme_0001' });
    expect(errors).toBeUndefined();
    expect(status).toBe(200);
    expect(data.customer360).toMatchObject({
      behavior: { behaviorScore: 82, sessionCount: 34, engagementLevel: 'HIGH' },
      documents: { documentCount: 7 },
      insights: { healthScore: 85, recommendedActions: [] },
    });
    expect(data.customer360?.profile.lastLogin).toMatch(/^\d{4}-\d{2}-\d{2}T/);
    expect(data.customer360?.crm.contact.email).toBe(data.customer360?.profile.email);
    expect(data.customer360?.crm.leads.length).toBeGreaterThan(0);
    expect(data.customer360?.crm.deals.length).toBeGreaterThan(0);
  });

  test('sees what a neglected customer needs', async () => {
    const { data } = await platform.post<Customer360>(customer360, { id: 'cus_acme_0002' });
    expect(data.customer360).toMatchObject({
      profile: { lastLogin: null },
      behavior: { behaviorScore: 41, sessionCount: 6, engagementLevel: 'LOW' },
      documents: { documentCount: 0, recentDocuments: [] },
      insights: { healthScore: 35.5 },
    });
    expect(data.customer360?.insights.recommendedActions).toHaveLength(3);
  });

  /** What the whole customer is without, for a key: field by missing permission. */
  async function readAs(key: string) {
    const {
      status,
      data,
      errors = [],
    } = await platform.post<Customer360>(customer360, { id: 'cus_acme_0001' }, { key });
    expect(status).toBe(200);
    for (const { extensions } of errors) expect(extensions.code).toBe('FORBIDDEN');
    const missing = errors.map(({ path = [], extensions }) => [path.slice(1).join('.'), extensions.permission]);
    return { customer: data.customer360, missing: Object.fromEntries(missing) as Record<string, string> };
  }

  test('sees all of it with the read-only key', async () => {
    expect((await readAs('demo-acme-readonly')).missing).toEqual({});
  });

  test('sees contact and deals with the key of the CRM web app, and learns what it lacks for the rest', async () => {
    const { customer, missing } = await readAs('demo-acme-crm-web');
    expect(customer).toMatchObject({
      id: 'cus_acme_0001',
      profile: { username: null, email: null, createdAt: null, lastLogin: null },
      behavior: null,
      documents: null,
      crm: { contact: { email: expect.any(String) }, leads: null, deals: expect.arrayContaining([expect.anything()]) },
      insights: null,
    });
    expect(missing).toMatchObject({
      'profile.username': 'read:users',
      'profile.email': 'read:users',
      behavior: 'read:analytics',
      'crm.leads': 'read:leads',
    });
  });

  test('sees figures and no persons with the key of the dashboard', async () => {
    const { customer, missing } = await readAs('demo-acme-dashboard');
    expect(customer).toMatchObject({
      profile: { username: null, email: null, createdAt: expect.any(String), lastLogin: expect.any(String) },
      behavior: { behaviorScore: 82 },
      documents: { documentCount: 7, storageUsage: expect.any(Number), recentDocuments: null },
      crm: { contact: null, leads: null, deals: null },
      insights: { healthScore: 85, recommendedActions: [] },
    });
    expect(missing).toEqual({
      'profile.username': 'read:users',
      'profile.email': 'read:users',
      'documents.recentDocuments': 'read:documents',
      'crm.contact': 'read:contacts',
      'crm.leads': 'read:leads',
      'crm.deals': 'read:deals',
    });
  });

  test('pages through the customers of the tenant, each whole', async () => {
    const query = /* GraphQL */ `
      query Page($after: String) {
        customers(first: 50, after: $after) {
          totalCount
          nodes { id behavior { behaviorScore } documents { documentCount } crm { deals { id } } insights { healthScore } }
          pageInfo { hasNextPage endCursor }
        }
      }
    `;
    type Page = {
      customers: {
        totalCount: number;
        nodes: { id: string; insights: { healthScore: number } }[];
        pageInfo: { hasNextPage: boolean; endCursor: string };
      };
    };
    const ids = new Set<string>();
    for (let after: string | null = null, more = true; more; ) {
      const { data, errors }: HttpAnswer<Page> = await platform.post(query, { after });
      expect(errors).toBeUndefined();
      for (const { id, insights } of data.customers.nodes) {
        ids.add(id);
        expect(insights.healthScore).toBeGreaterThan(0);
      }
      expect(data.customers.totalCount).toBe(200);
      more = data.customers.pageInfo.hasNextPage;
      after = data.customers.pageInfo.endCursor;
    }
    expect(ids.size).toBe(200);
  });

  test('finds customers of another tenant no more than ones that do not exist', async () => {
    for (const id of ['cus_acme_0001', 'cus_acme_0002', 'cus_none_0001']) {
      const { data, errors } = await platform.post<Customer360>(customer360, { id }, { key: 'demo-globex-admin' });
      expect(errors).toBeUndefined();
      expect(data.customer360).toBeNull();
    }
  });

  test('gets nothing without a key, with an unknown key or from an app that the key does not allow', async () => {
    const query = '{ customer360(id: "cus_acme_0001") { id } }';
    const anonymous = await platform.post(query, {}, { key: '' });
    expect(anonymous).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect(anonymous.data).toBeUndefined();
    const unknown = await platform.post(query, {}, { key: 'demo-nobody' });
    expect(unknown).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    const stranger = await platform.post(query, {}, { key: 'demo-acme-crm-web', app: 'voice-agent' });
    expect(stranger).toMatchObject({ status: 403, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  });

  test('exchanges a key for a token that does less, from one app', async () => {
    const input = { app: 'crm-web', permissions: ['read:contacts'] };
    const issued = await platform.post<{ issueToken: { token: string; userErrors: [] } }>(
      'mutation ($input: IssueTokenInput!) { issueToken(input: $input) { token userErrors { code } } }',
      { input },
    );
    const { token, userErrors } = issued.data.issueToken;
    expect(userErrors).toEqual([]);
    const bearer = { authorization: `Bearer ${token}` };
    const query = '{ viewer { app permissions } contacts { totalCount } leads { totalCount } }';
    const { data, errors } = await platform.post(query, {}, { key: '', headers: bearer });
    expect(data).toEqual({
      viewer: { app: 'crm-web', permissions: ['read:contacts'] },
      contacts: { totalCount: expect.any(Number) },
      leads: null,
    });
    expect(errors).toMatchObject([{ path: ['leads'], extensions: { code: 'FORBIDDEN' } }]);
    const elsewhere = await platform.post(query, {}, { key: '', app: 'voice-agent', headers: bearer });
    expect(elsewhere).toMatchObject({ status: 403, errors: [{ extensions: { reason: 'APP_NOT_ALLOWED' } }] });
    const both = await platform.post(query, {}, { key: 'demo-globex-admin', headers: bearer });
    expect(both).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  });

  test('reads the schema without a key while demo data are on', async () => {
    const { status, data } = await platform.post<{ __schema: { queryType: { name: string } } }>(
      '{ __schema { queryType { name } } }',
      {},
      { key: '' },
    );
    expect(status).toBe(200);
    expect(data.__schema.queryType.name).toBe('Query');
  });

  test('creates a lead, qualifies it, and the lead has found its contact', async () => {
    const created = await platform.post<{
      createLead: { lead: { id: string; status: string; email: string; contact: { id: string } }; userErrors: [] };
    }>(
      'mutation { createLead(input: {firstName: "Ada", lastName: "Byron", email: "ada@example.com", source: "website"}) { lead { id status email contact { id } } userErrors { field message code } } }',
    );
    const { lead, userErrors } = created.data.createLead;
    expect(userErrors).toEqual([]);
    expect(lead).toMatchObject({ status: 'NEW', email: 'ada@example.com', contact: { id: expect.any(String) } });
    const updated = await platform.post(
      `mutation { updateLead(input: {id: "${lead.id}", status: QUALIFIED}) { lead { id status } userErrors { code } } }`,
    );
    expect(updated.data).toEqual({ updateLead: { lead: { id: lead.id, status: 'QUALIFIED' }, userErrors: [] } });
  });

  test('finds a person from a misspelt word, and what every app has to say of what was found', async () => {
    await platform.post(
      'mutation { createLead(input: {firstName: "Zora", lastName: "Quillfeather", email: "zora@example.com"}) { lead { id } } }',
    );
    const { data, errors } = await platform.post<{ search: object[] }>(
      `query { search(query: "quilfeather", apps: ["crm"], first: 5) {
        app score title entity { __typename ... on Lead { status } ... on Contact { email } }
      } }`,
    );
    expect(errors).toBeUndefined();
    const found = { app: 'crm', score: expect.any(Number), title: 'Zora Quillfeather' };
    expect(data.search).toHaveLength(2);
    expect(data.search).toContainEqual({ ...found, entity: { __typename: 'Lead', status: 'NEW' } });
    expect(data.search).toContainEqual({ ...found, entity: { __typename: 'Contact', email: 'zora@example.com' } });
  });

  test('gets back the correlation id it sent, or a new one', async () => {
    const query = '{ __typename }';
    const own = await platform.post(query, {}, { headers: { 'x-correlation-id': 'order-42' } });
    expect(own.headers.get('x-correlation-id')).toBe('order-42');
    const odd = await platform.post(query, {}, { headers: { 'x-correlation-id': 'a b\tc' } });
    expect(odd.headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('is told in few plain lines what there is to open', () => {
    expect(platform.stdout.trimEnd().split('\n').length).toBeLessThanOrEqual(25);
    expect(platform.stdout).not.toContain('\u001b');
    expect(platform.stdout).toContain(`${platform.url}/playground`);
    for (const key of [
      'demo-acme-admin',
      'demo-acme-readonly',
      'demo-acme-crm-web',
      'demo-acme-dashboard',
      'demo-globex-admin',
    ]) {
      expect(platform.stdout).toContain(key);
    }
  });

  test('can paste the printed curl command', async () => {
    const { execFile } = await import('node:child_process');
    const command = platform.stdout.split('\n').find((line) => line.startsWith('curl ')) ?? '';
    const output = await new Promise<string>((resolve, reject) =>
      execFile('bash', ['-c', command], (error, stdout) => (error ? reject(error) : resolve(stdout))),
    );
    expect(JSON.parse(output)).toMatchObject({
      data: { customer360: { behavior: { engagementLevel: 'HIGH' }, insights: { healthScore: 85 } } },
    });
  });

  test('finds the platform alive and ready, app by app', async () => {
    expect((await fetch(`${platform.url}/healthz`)).status).toBe(200);
    const ready = await fetch(`${platform.url}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      status: 'HEALTHY',
      components: { users: { status: 'HEALTHY' }, crm: { status: 'HEALTHY' } },
    });
  });
});
