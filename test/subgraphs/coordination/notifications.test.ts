import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventCatalogue } from '../../../kernel/changes/catalogue.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { coordination } from '../../../subgraphs/coordination/index.ts';
import { impersonalData } from '../../../subgraphs/coordination/notifications/events.ts';
import { type NotificationRule, notificationRules } from '../../../subgraphs/coordination/notifications/rules.ts';
import { crm } from '../../../subgraphs/crm/index.ts';
import { documents } from '../../../subgraphs/documents/index.ts';
import { security } from '../../../subgraphs/security/index.ts';
import { users } from '../../../subgraphs/users/index.ts';
import { startTestApp, type TestApp, type TestCaller } from '../../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';

type Fields = Readonly<Record<string, unknown>>;
interface Told {
  readonly id: string;
  readonly app: string;
  readonly type: string;
  readonly message: string;
  readonly priority: string;
  readonly isRead: boolean;
  readonly about: { readonly entity: string; readonly id: string } | null;
}

let database: TestDatabase;
const running = new Map<string, TestApp>();
const soon = { times: { pollMs: 20, discoverMs: 50 } };

beforeAll(async () => {
  database = await createTestDatabase();
  for (const app of [users, documents, security]) running.set(app.name, await startTestApp(app, database));
  for (const app of [crm, coordination]) running.set(app.name, await startTestApp(app, database, [], soon));
});

afterAll(async () => {
  for (const app of running.values()) await app.stop();
  await database.drop();
});

const user = (userId: string, permissions: readonly string[] = []): TestCaller => ({ userId, permissions });

async function send(app: string, mutation: string, input: Fields, caller: TestCaller = {}): Promise<Fields> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const fields =
    { markRead: 'unreadCount', createNotification: 'notificationId', registerWebhook: 'secret' }[mutation] ?? '';
  const text = `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${fields} userErrors { field code } } }`;
  const { data, errors } = (await running.get(app)?.execute<Record<string, Fields>>(text, { input }, caller)) ?? {};
  expect(errors).toBeUndefined();
  return data?.[mutation] ?? {};
}

async function inboxOf(caller: TestCaller, unreadOnly = false): Promise<readonly Told[]> {
  const query = `query ($unreadOnly: Boolean!) { notifications(unreadOnly: $unreadOnly, first: 100) {
    nodes { id app type title message priority isRead about { entity id } } totalCount } }`;
  const answer = await running
    .get('coordination')
    ?.execute<{ notifications: { nodes: readonly Told[]; totalCount: number } }>(query, { unreadOnly }, caller);
  expect(answer?.errors).toBeUndefined();
  const { nodes = [], totalCount } = answer?.data.notifications ?? {};
  expect(typeof totalCount).toBe('number');
  return nodes;
}

/** What somebody is told of one type, once there is something. */
async function toldOf(type: string, caller: TestCaller): Promise<Told> {
  const find = async () => (await inboxOf(caller)).filter((one) => one.type === type);
  await eventually(async () => (await find()).length > 0);
  const [first, ...others] = await find();
  expect(others).toEqual([]);
  return first as Told;
}

describe('what somebody is told', () => {
  test('of a lead goes to whoever it was assigned to, and names nobody', async () => {
    const ada = { id: 'lea_1', firstName: 'Ada', lastName: 'Byron', email: 'ada@example.com' };
    await send('crm', 'createLead', ada);
    await send('crm', 'updateLead', { id: 'lea_1', assigneeId: 'usr_1' });
    const told = await toldOf('LEAD_ASSIGNED', user('usr_1'));
    expect(told).toMatchObject({ app: 'crm', isRead: false, about: { entity: 'Lead', id: 'lea_1' } });
    expect(await inboxOf(user('usr_2'))).toEqual([]);
    const [news] = (await inboxOf({ permissions: ['read:leads'] })).filter(({ type }) => type === 'LEAD_CREATED');
    expect(news?.message).toBe('A new lead has come in.');
  });

  test('of a document goes to its owner', async () => {
    await send('documents', 'uploadDocument', { id: 'doc_1', ownerId: 'usr_3', title: 'A will', text: 'I leave all' });
    await send('documents', 'processDocument', { id: 'doc_1' });
    expect(await toldOf('DOCUMENT_PROCESSED', user('usr_3'))).toMatchObject({ app: 'documents', priority: 'NORMAL' });
    expect(await inboxOf(user('usr_4'))).toEqual([]);
  });

  test('of an incident goes to those with the permission, as long as they have it, with or without a user', async () => {
    const incident = { id: 'inc_1', type: 'data_breach', severity: 'HIGH', description: 'Ada lost a key' };
    await send('security', 'reportIncident', incident);
    const told = await toldOf('SECURITY_INCIDENT', { permissions: ['read:security'] });
    expect(told).toMatchObject({ app: 'security', priority: 'CRITICAL' });
    expect(told.message).toBe('An incident of severity HIGH was reported: data_breach.');
    expect((await inboxOf(user('usr_5', ['read:*']))).map(({ type }) => type)).toContain('SECURITY_INCIDENT');
    expect(await inboxOf(user('usr_5'))).toEqual([]);
  });

  test('of an incident stands among the activities of those whom it concerns, without what was said of it', async () => {
    await send('crm', 'createContact', {
      id: 'con_1',
      firstName: 'Joan',
      lastName: 'Clarke',
      email: 'joan@example.com',
    });
    await send('users', 'createUser', { id: 'usr_joan', username: 'joan', email: 'joan@example.com' });
    const ask = async <Data>(query: string) => (await running.get('crm')?.execute<Data>(query))?.data;
    const linked = () => ask<{ contact: Fields | null }>('{ contact(id: "con_1") { customerId } }');
    await eventually(async () => (await linked())?.contact?.customerId === 'usr_joan');
    const incident = {
      type: 'theft',
      severity: 'LOW',
      description: 'A laptop of Joan',
      affectedCustomerIds: ['usr_joan'],
    };
    await send('security', 'reportIncident', incident);
    const query = '{ activities { nodes { type subject description entityId } } }';
    const noted = async () => {
      const nodes = (await ask<{ activities: { nodes: readonly Fields[] } }>(query))?.activities.nodes ?? [];
      return nodes.filter(({ type }) => type === 'SECURITY_INCIDENT');
    };
    await eventually(async () => (await noted()).length > 0);
    const note = { subject: 'Security incident: theft', description: null, entityId: 'con_1' };
    expect(await noted()).toEqual([{ type: 'SECURITY_INCIDENT', ...note }]);
  });

  test('is told once, also when the app is handed all events again', async () => {
    await send('crm', 'createDeal', { id: 'dea_1', title: 'An engine', amount: 1250, currency: 'EUR' });
    await send('crm', 'updateDeal', { id: 'dea_1', stage: 'WON' });
    const caller = { permissions: ['read:deals'] };
    expect((await toldOf('DEAL_WON', caller)).message).toBe('A deal of 12.50 euros was won.');
    await running.get('coordination')?.running.events?.replay(parseTenantId('acme'), 0);
    await toldOf('DEAL_WON', caller);
  });

  test('of maintenance goes to everybody in the tenant and to nobody in another', async () => {
    const maintenance = {
      message: 'New disks',
      startsAt: '2099-01-01T01:00:00.000Z',
      endsAt: '2099-01-01T02:00:00.000Z',
    };
    await send('coordination', 'announceMaintenance', maintenance);
    const told = await toldOf('SYSTEM_MAINTENANCE', user('usr_6'));
    expect(told.message).toBe('2099-01-01 01:00 UTC to 2099-01-01 02:00 UTC: New disks');
    expect(await inboxOf({ tenant: 'globex' })).toEqual([]);
  });

  test('follows from rules that tell nobody more than they may read', () => {
    const secretive = new Proxy({}, { get: (_, name) => expect(`reads ${String(name)}`).toBe('reads nothing') });
    const audienceOf = ({ audience }: NotificationRule, data: Fields) => audience(data);
    for (const [type, rules] of Object.entries(notificationRules)) {
      const event = eventCatalogue().get(type);
      const alone = (event?.need.anyOf ?? []).filter((needed) => needed.length <= 1).map(([one]) => one);
      for (const rule of rules) {
        const audience = audienceOf(rule, { status: 'FAILED' });
        const mayRead = alone.includes(undefined) || (audience?.permission && alone.includes(audience.permission));
        // Of what is one's own, and what others may not read, it is told that it happened.
        if (!mayRead && typeof rule.message === 'function' && type !== 'MEETING_SCHEDULED') rule.message(secretive);
        expect({ type, isKnown: event !== undefined }).toEqual({ type, isKnown: true });
      }
    }
    const data = { id: 'inc_1', type: 'theft', description: 'Ada lost a key', severity: 'LOW' };
    expect(impersonalData({ type: 'SECURITY_INCIDENT', data })).toEqual({
      id: 'inc_1',
      type: 'theft',
      severity: 'LOW',
    });
  });
});

describe('an inbox', () => {
  const ada = user('usr_ada', ['read:deals']);
  const bob = user('usr_bob', ['read:deals']);
  const note = (id: string, more: Fields = {}) => ({
    id,
    type: 'NOTE',
    title: 'A note',
    message: `About ${id}`,
    ...more,
  });

  test('has marks of its own for what many are told, and counts what is left', async () => {
    for (const id of ['ntf_1', 'ntf_2', 'ntf_3']) {
      await send('coordination', 'createNotification', note(id, { permission: 'read:deals' }));
    }
    expect(await send('coordination', 'createNotification', note('ntf_1'))).toMatchObject({
      userErrors: [{ field: 'id', code: 'CONFLICT' }],
    });
    const before = (await inboxOf(ada, true)).length;
    const marked = await send('coordination', 'markRead', { ids: ['ntf_1'] }, ada);
    expect(marked).toEqual({ unreadCount: before - 1, userErrors: [] });
    expect((await inboxOf(ada)).find(({ id }) => id === 'ntf_1')?.isRead).toBe(true);
    expect((await inboxOf(bob)).find(({ id }) => id === 'ntf_1')?.isRead).toBe(false);
    expect(await send('coordination', 'markRead', { all: true }, ada)).toEqual({ unreadCount: 0, userErrors: [] });
    expect(await inboxOf(ada, true)).toEqual([]);
    // What somebody may not see is not there for them.
    expect(await send('coordination', 'markRead', { ids: ['ntf_1'] }, user('usr_eve'))).toEqual({
      unreadCount: null,
      userErrors: [{ field: 'ids', code: 'NOT_FOUND' }],
    });
  });

  test('is without what its owner does not want, but for what is critical', async () => {
    const preferences = [
      { type: 'NOTE', inbox: false },
      { type: 'NOTE', app: 'flow-web', inbox: true },
    ];
    await send('coordination', 'updateNotificationPreferences', { preferences }, ada);
    const inbox = await inboxOf(ada);
    expect(inbox.filter(({ type }) => type === 'NOTE')).toEqual([]);
    expect((await inboxOf(bob)).filter(({ type }) => type === 'NOTE')).toHaveLength(3);
    const toDeals = { permission: 'read:deals' };
    await send('coordination', 'createNotification', note('ntf_4', toDeals), { app: 'flow-web' });
    await send('coordination', 'createNotification', note('ntf_5', { ...toDeals, priority: 'CRITICAL' }));
    const shown = (await inboxOf(ada)).filter(({ type }) => type === 'NOTE').map(({ id }) => id);
    expect(shown).toEqual(['ntf_5', 'ntf_4']);
  });

  test('is followed: one is told of what is for one, once, and goes on where one was', async () => {
    const app = running.get('coordination') as TestApp;
    const feed = `subscription ($after: Cursor) { notificationReceived(after: $after) {
      ... on NotificationBatch { to notifications { id title isRead } unreadCount } } }`;
    interface Event {
      readonly notificationReceived: {
        readonly to: string;
        readonly notifications: readonly Fields[];
        unreadCount: number;
      };
    }
    const eve = user('usr_eve');
    const stream = await app.subscribe<Event>(feed, {}, eve);
    const { notificationReceived: first } = await stream.next();
    expect(first.notifications).toEqual([]);
    // Neither what is for another user, nor for a permission that is not held, comes before what is hers.
    await send('coordination', 'createNotification', note('ntf_6', { userId: 'usr_bob' }));
    await send('coordination', 'createNotification', note('ntf_7', { permission: 'read:leads' }));
    await send('coordination', 'createNotification', note('ntf_8', { userId: 'usr_eve' }), { tenant: 'globex' });
    await send('coordination', 'createNotification', note('ntf_9', { userId: 'usr_eve' }));
    const told = { id: 'ntf_9', title: 'A note', isRead: false };
    let { notificationReceived: second } = await stream.next();
    while (second.notifications.length === 0) second = (await stream.next()).notificationReceived;
    expect(second.notifications).toEqual([told]);
    await stream.return();
    const resumed = await app.subscribe<Event>(feed, { after: first.to }, eve);
    let { notificationReceived: again } = await resumed.next();
    while (again.notifications.length === 0) again = (await resumed.next()).notificationReceived;
    expect(again.notifications).toEqual([told]);
    await resumed.return();
    const log = `query { events(filter: { entities: ["Notification"] }, first: 100) { nodes { entityId } } }`;
    const seen = await app.execute<{ events: { nodes: readonly { entityId: string }[] } }>(log, {}, eve);
    const ids = seen.data.events.nodes.map(({ entityId }) => entityId);
    expect(ids).toContain('ntf_9');
    for (const id of ['ntf_5', 'ntf_6', 'ntf_7']) expect(ids).not.toContain(id);
  });
});
