import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { analytics } from '../../../subgraphs/analytics/index.ts';
import { crm } from '../../../subgraphs/crm/index.ts';
import { documents } from '../../../subgraphs/documents/index.ts';
import { openKeyDesk } from '../../../subgraphs/users/key-desk.ts';
import { startTestApp, type TestApp, type TestStream } from '../../support/app.ts';
import { secretOfTests } from '../../support/call-app.ts';
import { loggerOfTest } from '../../support/output-of-run.ts';
import { inShort, publishedBy } from '../../support/published-changes.ts';
import { createIn, createLeadIn, sendTo } from '../crm/arrange.ts';
import { upload } from '../documents/arrange.ts';
import { type AccessApp, startAccessApp } from './arrange.ts';

let app: AccessApp;
beforeAll(async () => {
  app = await startAccessApp();
});
afterAll(() => app.stop());

const createUser = (id: string) =>
  app.mutate('createUser', { id, username: id, email: `${id}@example.com`, profileData: { city: 'Aarhus' } });

describe('the changes of the users app', () => {
  test('tell users and sessions as the graph has them', async () => {
    const changes = await publishedBy(app, async () => {
      await createUser('usr_told');
      const session = { id: 'ses_told', userId: 'usr_told', app: 'crm-web', sessionType: 'customer_care' };
      await app.mutate('createSession', { ...session, metadata: { room: 3 } });
      await app.mutate('endSession', { id: 'ses_told' });
    });
    expect(inShort(changes)).toEqual([
      'USER_CREATED v1',
      'SESSION_STARTED v1',
      'USER_LOGGED_IN v1',
      'SESSION_ENDED v2',
    ]);
    const { data } = await app.execute<{
      user: object;
      sessions: { nodes: readonly object[] };
    }>(`{
      user(id: "usr_told") { id username email profileData createdAt updatedAt lastLogin version }
      sessions { nodes { id sessionType metadata startedAt endedAt } }
    }`);
    expect(changes[2]?.data).toEqual(data.user);
    const [session] = data.sessions.nodes;
    expect(changes[3]?.data).toEqual({ ...session, userId: 'usr_told', appId: 'crm-web' });
    expect(await publishedBy(app, () => app.mutate('endSession', { id: 'ses_told' }))).toEqual([]);
  });

  test('hold nothing that opens a door', async () => {
    const keys: string[] = [];
    const changes = await publishedBy(app, async () => {
      const { key, apiKey } = await app.createKey({ allowedApps: ['crm-web'] });
      const caller = { credentialId: apiKey.id, permissions: apiKey.permissions };
      const { token } = await app.mutate<{ token: string }>('issueToken', { app: 'crm-web' }, 'token', caller);
      await app.mutate('revokeApiKey', { id: apiKey.id });
      keys.push(key, token, key.slice(`pk_${apiKey.prefix}_`.length));
    });
    expect(inShort(changes)).toEqual(['API_KEY_CREATED v1', 'TOKEN_ISSUED v1', 'API_KEY_REVOKED v2']);
    expect(changes[1]?.op).toBe('ACK');
    expect(keys.map((key) => key.length > 20)).toEqual([true, true, true]);
    expect(keys.filter((key) => JSON.stringify(changes).includes(key))).toEqual([]);
    const revokeAgain = () => app.mutate('revokeApiKey', { id: changes[0]?.entityId });
    expect(await publishedBy(app, revokeAgain)).toEqual([]);
  });

  test('tell of a new tenant and the roles that it begins with', async () => {
    const desk = openKeyDesk({
      databaseUrl: app.database.urlFor('users'),
      secret: secretOfTests,
      tenantId: parseTenantId('initech'),
      logger: loggerOfTest('desk', []),
    });
    const changes = await publishedBy(app, () => desk.createTenant('Initech'));
    await desk.stop();
    const { tenant, type, entityId, data } = changes[0] ?? {};
    expect({ tenant, type, entityId }).toEqual({ tenant: 'initech', type: 'TENANT_CREATED', entityId: 'initech' });
    expect(data).toMatchObject({ id: 'initech', name: 'Initech', isActive: true });
    expect(new Set(inShort(changes.slice(1)))).toEqual(new Set(['ROLE_CREATED v1']));
  });

  test('of a role that is deleted tell who has lost it', async () => {
    await createUser('usr_holder');
    const role = { name: 'short-lived', permissions: [] };
    const made = await app.mutate<{ role: { id: string } }>('createRole', role, 'role { id }');
    const roleId = made.role.id;
    const changes = await publishedBy(app, async () => {
      await app.mutate('assignRole', { roleId, userId: 'usr_holder' });
      await app.mutate('assignRole', { roleId, userId: 'usr_holder', validUntil: '2099-01-01T00:00:00Z' });
      await app.mutate('deleteRole', { id: roleId });
    });
    expect(inShort(changes)).toEqual(['ROLE_ASSIGNED v1', 'ROLE_ASSIGNED v2', 'ROLE_UNASSIGNED v3', 'ROLE_DELETED v2']);
    expect(changes[2]).toMatchObject({ op: 'DELETE', data: { roleId, userId: 'usr_holder' } });
  });
});

interface CustomerEvent {
  readonly customerChanged: {
    readonly from: string;
    readonly to: string;
    readonly changes: readonly { readonly type: string }[];
    readonly customer: { readonly id: string } | null;
  };
}

describe('the feed of a customer', () => {
  const others: Record<'crm' | 'documents' | 'analytics', TestApp> = {} as never;
  const text = `subscription ($after: Cursor) { customerChanged(id: "usr_ada", after: $after) {
    ... on CustomerChange { from to changes { type } customer { id } } } }`;

  beforeAll(async () => {
    others.crm = await startTestApp(crm, app.database);
    others.documents = await startTestApp(documents, app.database);
    others.analytics = await startTestApp(analytics, app.database);
    await createUser('usr_ada');
    await createUser('usr_bob');
  });
  afterAll(async () => {
    for (const other of Object.values(others)) await other.stop();
  });

  /** The types of so many changes, as they come; every event that has some comes with the customer. */
  async function take(feed: TestStream<CustomerEvent>, count: number) {
    const types: string[] = [];
    while (types.length < count) {
      const { changes, customer } = (await feed.next()).customerChanged;
      if (changes.length > 0) expect(customer).toEqual({ id: 'usr_ada' });
      types.push(...changes.map(({ type }) => type));
    }
    return types;
  }

  test('has the customer at once, then what any app changes of it, and nothing of others', async () => {
    const feed = await app.subscribe<CustomerEvent>(text);
    expect((await feed.next()).customerChanged).toMatchObject({ changes: [], customer: { id: 'usr_ada' } });
    for (const id of ['usr_bob', 'usr_ada']) {
      const email = `${id}@example.com`;
      await app.mutate('updateUser', { id, profileData: {} });
      await sendTo(others.analytics, 'trackEvent', { customerId: id, type: 'PAGE_VIEWED' }, 'event { id }');
      await upload(others.documents, { ownerId: id });
      const { contact } = await createLeadIn(others.crm, { email });
      await createIn(others.crm, 'Deal', { title: 'A deal', amount: 1, currency: 'EUR', contactId: contact.id });
    }
    expect(await take(feed, 8)).toEqual([
      'USER_UPDATED',
      'EVENT_TRACKED',
      'BEHAVIOR_UPDATED',
      'DOCUMENT_UPLOADED',
      'CONTACT_CREATED',
      'LEAD_CREATED',
      'ACTIVITY_CREATED',
      'DEAL_CREATED',
    ]);
    await feed.return();
  });

  test('goes on after a cursor, and tells a principal only what it may read', async () => {
    const feed = await app.subscribe<CustomerEvent>(text, {}, { permissions: ['read:documents'] });
    const { to } = (await feed.next()).customerChanged;
    await feed.return();
    await app.mutate('updateUser', { id: 'usr_ada', profileData: { city: 'Odense' } });
    await upload(others.documents, { ownerId: 'usr_ada' });
    const resumed = await app.subscribe<CustomerEvent>(text, { after: to }, { permissions: ['read:documents'] });
    const first = (await resumed.next()).customerChanged;
    expect(first).toMatchObject({ from: to, changes: [{ type: 'DOCUMENT_UPLOADED' }], customer: { id: 'usr_ada' } });
    await resumed.return();
  });

  test('follows the CRM to a new address', async () => {
    const feed = await app.subscribe<CustomerEvent>(text);
    await feed.next();
    await app.mutate('updateUser', { id: 'usr_ada', email: 'ada.new@example.com' });
    await createIn(others.crm, 'Contact', { firstName: 'Ada', lastName: 'B', email: 'Ada.New@example.com' });
    expect(await take(feed, 2)).toEqual(['USER_UPDATED', 'CONTACT_CREATED']);
    await feed.return();
  });

  test('of another tenant is empty', async () => {
    const feed = await app.subscribe<CustomerEvent>(text, {}, { tenant: 'globex' });
    expect((await feed.next()).customerChanged).toMatchObject({ changes: [], customer: null });
    await feed.return();
  });
});
