import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { coordination } from '../../../subgraphs/coordination/index.ts';
import { crm } from '../../../subgraphs/crm/index.ts';
import { security } from '../../../subgraphs/security/index.ts';
import { startTestApp, type TestApp, type TestCaller, type TestStream } from '../../support/app.ts';
import { correlationIdOfTests } from '../../support/call-app.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createIn, createLeadIn, sendTo } from '../crm/arrange.ts';

let database: TestDatabase;
let app: TestApp;
let source: TestApp;
beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp(coordination, database);
  source = await startTestApp(crm, database);
});
afterAll(async () => {
  await source.stop();
  await app.stop();
  await database.drop();
});

interface Told {
  readonly type: string;
  readonly entity: string;
  readonly entityId: string;
  readonly version: number;
  readonly op: string;
  readonly correlationId: string | null;
}

interface Batch {
  readonly changes: {
    readonly __typename: string;
    readonly from: string;
    readonly to: string;
    readonly changes: readonly Told[];
  };
}

const batch = '__typename ... on ChangeBatch { from to changes { type entity entityId version op correlationId } }';
const resync = '... on Resync { reason from }';

const follow = (args: string, caller: TestCaller = {}) =>
  app.subscribe<Batch>(`subscription { changes${args} { ${batch} ${resync} } }`, {}, caller);

/** The types of so many changes, as they come. */
async function take(feed: TestStream<Batch>, count: number): Promise<string[]> {
  const types: string[] = [];
  while (types.length < count) types.push(...(await feed.next()).changes.changes.map(({ type }) => type));
  return types;
}

describe('Subscription.changes', () => {
  test('tells everything that happens in the tenant in order, in batches of which one begins where the other ends', async () => {
    const feed = await follow('');
    const { changes: beginning } = await feed.next();
    expect(beginning).toMatchObject({ __typename: 'ChangeBatch', changes: [] });
    await createLeadIn(source, { email: 'elsewhere@example.com' }, { tenant: 'globex' });
    const { id } = await createLeadIn(source, { email: 'told@example.com' });
    const { changes: next } = await feed.next();
    expect(next.from).toBe(beginning.to);
    expect(next.changes.map(({ type }) => type)).toEqual(['CONTACT_CREATED', 'LEAD_CREATED', 'ACTIVITY_CREATED']);
    const told = { entity: 'Lead', entityId: id, version: 1, op: 'PUT', correlationId: correlationIdOfTests };
    expect(next.changes[1]).toEqual({ type: 'LEAD_CREATED', ...told });
    await feed.return();
  });

  test.each([
    ['(types: ["LEAD_CREATED"])', ['LEAD_CREATED']],
    ['(entities: ["Contact", "Activity"])', ['CONTACT_CREATED', 'ACTIVITY_CREATED']],
    ['(minPriority: HIGH)', ['LEAD_CREATED']],
    ['(apps: ["inbox-ai"])', ['CONTACT_CREATED']],
    ['(apps: ["crm"])', ['CONTACT_CREATED', 'LEAD_CREATED', 'ACTIVITY_CREATED']],
  ])('tells those who ask for %s what they ask for', async (args, types) => {
    const feed = await follow(args);
    await feed.next();
    await createLeadIn(source, { email: `${crypto.randomUUID()}@example.com` });
    expect(await take(feed, types.length)).toEqual(types);
    await feed.return();
  });

  test('refuses an event type that there is not, and a cursor that is none', async () => {
    await expect(follow('(types: ["LEAD_BORN"])')).rejects.toThrow('BAD_USER_INPUT');
    const stray = async () => (await follow('(after: "nonsense")')).next();
    await expect(stray()).rejects.toThrow('CURSOR_INVALID');
  });

  test('tells each what its permissions allow: activities about leads of others are not for an agent', async () => {
    const agent = { userId: 'usr_agent', permissions: ['read:assigned-leads', 'read:activities'] };
    const feeds = {
      agent: await follow('', agent),
      desk: await follow('', { permissions: ['read:activities'] }),
      contacts: await follow('', { permissions: ['read:contacts'] }),
    };
    for (const feed of Object.values(feeds)) await feed.next();
    await createLeadIn(source, { email: 'others@example.com', assigneeId: 'usr_other' });
    await createLeadIn(source, { email: 'own@example.com', assigneeId: 'usr_agent' });
    const entityId = await createIn(source, 'Contact', { firstName: 'A', lastName: 'B' });
    await sendTo(source, 'logActivity', { type: 'CALL', entityType: 'CONTACT', entityId }, 'activity { id }');
    expect(await take(feeds.agent, 3)).toEqual(['LEAD_CREATED', 'ACTIVITY_CREATED', 'ACTIVITY_CREATED']);
    expect(await take(feeds.desk, 3)).toEqual(['ACTIVITY_CREATED', 'ACTIVITY_CREATED', 'ACTIVITY_CREATED']);
    expect(await take(feeds.contacts, 3)).toEqual(['CONTACT_CREATED', 'CONTACT_CREATED', 'CONTACT_CREATED']);
    for (const feed of Object.values(feeds)) await feed.return();
  });

  test('tells whoever loses a lead and whoever gets it, and from then on the new one alone', async () => {
    const { id } = await createLeadIn(source, { email: 'over@example.com', assigneeId: 'usr_from' });
    const permissions = ['read:assigned-leads'];
    const feeds = [
      await follow('', { userId: 'usr_from', permissions }),
      await follow('', { userId: 'usr_to', permissions }),
    ];
    for (const feed of feeds) await feed.next();
    for (const change of [{ assigneeId: 'usr_to' }, { note: 'Mine now' }, { assigneeId: 'usr_from' }]) {
      await sendTo(source, 'updateLead', { id, ...change }, 'lead { id }');
    }
    const told = await Promise.all(feeds.map((feed, index) => take(feed, index + 2)));
    expect(told).toEqual([
      ['LEAD_ASSIGNED', 'LEAD_ASSIGNED'],
      ['LEAD_ASSIGNED', 'LEAD_UPDATED', 'LEAD_ASSIGNED'],
    ]);
    for (const feed of feeds) await feed.return();
  });
});

interface Page {
  readonly events: {
    readonly nodes: readonly { readonly entityId: string; readonly cursor: string; readonly type: string }[];
    readonly pageInfo: {
      readonly hasNextPage: boolean;
      readonly hasPreviousPage: boolean;
      readonly startCursor: string | null;
      readonly endCursor: string | null;
    };
    readonly totalCount: number | null;
  };
}

describe('Query.events', () => {
  const tenant = 'initech';
  const ids = ['con_1', 'con_2', 'con_3', 'con_4', 'con_5'];

  beforeAll(async () => {
    for (const id of ids) await createIn(source, 'Contact', { id, firstName: 'A', lastName: 'B' }, { tenant });
    await sendTo(source, 'updateContact', { id: 'con_2', phone: '+45 1234' }, 'contact { id }', { tenant });
  });

  async function ask(args: string, caller: TestCaller = {}) {
    const { data, errors } = await app.execute<Page>(
      `{ events${args} { nodes { entityId cursor type } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
      {},
      { tenant, ...caller },
    );
    if (errors) throw new Error(JSON.stringify(errors));
    return data.events;
  }
  const idsOf = ({ nodes }: Page['events']) => nodes.map(({ entityId }) => entityId);

  test('lists what happened, the newest first, page by page in either direction', async () => {
    const newest = await ask('(first: 2)');
    expect(idsOf(newest)).toEqual(['con_2', 'con_5']);
    expect(newest.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const rest = await ask(`(first: 10, after: "${newest.pageInfo.endCursor}")`);
    expect(idsOf(rest)).toEqual(['con_4', 'con_3', 'con_2', 'con_1']);
    expect(rest.pageInfo.hasNextPage).toBe(false);
    expect(idsOf(await ask(`(last: 2, before: "${rest.nodes[2]?.cursor}")`))).toEqual(['con_4', 'con_3']);
    const oldest = await ask('(first: 2, orderBy: { direction: ASC })');
    expect(idsOf(oldest)).toEqual(['con_1', 'con_2']);
    expect(idsOf(await ask(`(first: 2, after: "${oldest.pageInfo.endCursor}", orderBy: { direction: ASC })`))).toEqual([
      'con_3',
      'con_4',
    ]);
  });

  test('finds by type, record and request, and what a principal may read', async () => {
    expect(idsOf(await ask('(filter: { types: ["CONTACT_UPDATED"] })'))).toEqual(['con_2']);
    expect((await ask('(filter: { entityIds: ["con_2"] })')).nodes.map(({ type }) => type)).toEqual([
      'CONTACT_UPDATED',
      'CONTACT_CREATED',
    ]);
    expect(idsOf(await ask('(filter: { correlationId: "of nobody" })'))).toEqual([]);
    expect(idsOf(await ask(`(filter: { correlationId: "${correlationIdOfTests}", apps: ["inbox-ai"] })`))).toHaveLength(
      6,
    );
    const none = await ask('', { permissions: ['read:leads'] });
    expect(none).toMatchObject({ nodes: [], totalCount: null, pageInfo: { hasNextPage: false, endCursor: null } });
  });

  test('gives cursors that a feed goes on from', async () => {
    const [, before] = (await ask('(first: 2)')).nodes;
    const feed = await follow(`(after: "${before?.cursor}")`, { tenant });
    expect((await feed.next()).changes.changes).toMatchObject([{ type: 'CONTACT_UPDATED', entityId: 'con_2' }]);
    await feed.return();
  });
});

test('Query.eventTypes describes what there is', async () => {
  const { data } = await app.execute<{ eventTypes: readonly { readonly type: string }[] }>(
    '{ eventTypes { type app entity targets priority permissions schema } }',
    {},
    { permissions: [] },
  );
  expect(data.eventTypes.find(({ type }) => type === 'SECURITY_INCIDENT')).toMatchObject({
    app: 'security',
    entity: 'Incident',
    priority: 'CRITICAL',
    targets: expect.arrayContaining(['secure-platform', 'business-dashboard']),
    permissions: [['read:security'], ['read:incidents']],
    schema: { type: 'object' },
  });
});

test('the feed of incidents begins, for those who may read them', async () => {
  const incidents = await startTestApp(security, database);
  const text = 'subscription { incidentReported { ... on IncidentChange { to upToDate changes { type } } } }';
  const feed = await incidents.subscribe(text);
  expect(await feed.next()).toEqual({ incidentReported: { to: expect.any(String), upToDate: true, changes: [] } });
  await feed.return();
  await expect(incidents.subscribe(text, {}, { permissions: ['read:leads'] })).rejects.toThrow('FORBIDDEN');
  await incidents.stop();
});
