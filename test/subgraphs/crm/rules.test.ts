import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { crm } from '../../../subgraphs/crm/index.ts';
import { startTestApp, type TestApp, type TestCaller } from '../../support/app.ts';
import { createIn, createLeadIn, sendTo } from './arrange.ts';

const agent: TestCaller = {
  userId: 'usr_ada',
  permissions: [
    ...['read:assigned-leads', 'write:assigned-leads', 'write:activities'],
    ...['contacts', 'deals', 'activities'].map((resource) => `read:${resource}`),
  ],
};
const nobodysAgent: TestCaller = { permissions: agent.permissions ?? [] };

let app: TestApp;
let ids: { readonly mine: string; readonly foreign: string; readonly free: string; readonly contact: string };

beforeAll(async () => {
  app = await startTestApp(crm);
  const email = 'kite@example.com';
  const mine = await createLeadIn(app, { email, assigneeId: 'usr_ada' });
  const foreign = await createLeadIn(app, { email, assigneeId: 'usr_bo' });
  const free = await createLeadIn(app, { email });
  ids = { mine: mine.id, foreign: foreign.id, free: free.id, contact: mine.contact.id };
});
afterAll(() => app.stop());

interface Ids {
  readonly id: string;
}

describe('one who may read the leads assigned to them', () => {
  test('sees no other alone, in lists, in their counts, or by a filter', async () => {
    const { data, errors } = await app.execute(
      `query ($mine: ID!, $foreign: ID!) {
        mine: lead(id: $mine) { id }
        foreign: lead(id: $foreign) { id }
        all: leads { totalCount nodes { id } edges { node { id } } pageInfo { hasNextPage } }
        first: leads(first: 1) { pageInfo { hasNextPage } }
        ofBo: leads(filter: { assigneeId: "usr_bo" }) { totalCount nodes { id } }
      }`,
      ids,
      agent,
    );
    expect(errors).toBeUndefined();
    const { mine } = ids;
    expect(data).toEqual({
      mine: { id: mine },
      foreign: null,
      all: { totalCount: 1, nodes: [{ id: mine }], edges: [{ node: { id: mine } }], pageInfo: { hasNextPage: false } },
      first: { pageInfo: { hasNextPage: false } },
      ofBo: { totalCount: 0, nodes: [] },
    });
  });

  test('sees no other through contacts, customers, activities or as an entity', async () => {
    const { data, errors } = await app.execute<{ activities: { nodes: { entity: Ids | null }[] } }>(
      `query ($contact: ID!, $r: [_Any!]!) {
        contact(id: $contact) { leads { id } }
        activities(first: 100) { nodes { entity { __typename ... on Lead { id } } } }
        _entities(representations: $r) { ... on Lead { id } ... on Customer { crm { leads { id } } } }
      }`,
      {
        contact: ids.contact,
        r: [
          { __typename: 'Customer', id: 'cus_1', emailKey: 'kite@example.com' },
          { __typename: 'Lead', id: ids.foreign },
          { __typename: 'Lead', id: ids.mine },
        ],
      },
      agent,
    );
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      contact: { leads: [{ id: ids.mine }] },
      _entities: [{ crm: { leads: [{ id: ids.mine }] } }, null, { id: ids.mine }],
    });
    const seen = data.activities.nodes.map(({ entity }) => entity?.id).filter((id) => id !== undefined);
    expect(new Set(seen)).toEqual(new Set([ids.mine]));
  });

  test('learns of no other from activities, in lists, counts, alone or by completing one', async () => {
    const text = `query ($contact: ID!) {
      activities(filter: { entityType: LEAD }) { totalCount nodes { id entityId } }
      contact(id: $contact) { activities(first: 50) { entityId } }
    }`;
    interface Activities {
      readonly activities: { readonly totalCount: number; readonly nodes: { id: string; entityId: string }[] };
      readonly contact: { readonly activities: { readonly entityId: string }[] };
    }
    const everything = (await app.execute<Activities>(text, ids)).data;
    const own = (await app.execute<Activities>(text, ids, agent)).data;
    expect(everything.activities.totalCount).toBeGreaterThan(own.activities.totalCount);
    expect(own.activities.totalCount).toBe(own.activities.nodes.length);
    const abouts = [...own.activities.nodes, ...own.contact.activities].map(({ entityId }) => entityId);
    expect(abouts).not.toEqual([]);
    expect(abouts).not.toContain(ids.foreign);
    expect(abouts).not.toContain(ids.free);
    const foreign = everything.activities.nodes.find(({ entityId }) => entityId === ids.foreign)?.id ?? '';
    expect((await app.execute('query ($id: ID!) { activity(id: $id) { id } }', { id: foreign }, agent)).data).toEqual({
      activity: null,
    });
    expect((await sendTo(app, 'completeActivity', { id: foreign }, 'activity { id }', agent)).userErrors).toEqual([
      { field: 'id', code: 'NOT_FOUND' },
    ]);
  });

  test('sees none as nobody in particular', async () => {
    const { data } = await app.execute('{ leads { totalCount nodes { id } } }', {}, nobodysAgent);
    expect(data).toEqual({ leads: { totalCount: 0, nodes: [] } });
  });
});

describe('one who may write the leads assigned to them', () => {
  const update = (input: object, caller: TestCaller) => sendTo(app, 'updateLead', input, 'lead { id }', caller);

  test('changes and converts their own, and cannot give it away', async () => {
    const own = await createLeadIn(app, { email: 'own@example.com', assigneeId: 'usr_ada' });
    expect(await update({ id: own.id, note: 'Called.' }, agent)).toEqual({ lead: { id: own.id }, userErrors: [] });
    for (const assigneeId of ['usr_bo', null]) {
      expect((await update({ id: own.id, assigneeId }, agent)).userErrors).toEqual([
        { field: 'assigneeId', code: 'FORBIDDEN' },
      ]);
    }
    expect(await sendTo(app, 'convertLead', { id: own.id }, 'lead { status }', agent)).toEqual({
      lead: { status: 'CONVERTED' },
      userErrors: [],
    });
  });

  test('finds no other; one who sees all leads is told why', async () => {
    const reader = { ...agent, permissions: ['read:leads', 'write:assigned-leads'] };
    for (const id of [ids.foreign, ids.free]) {
      expect((await update({ id, baseVersion: 99, note: 'x' }, agent)).userErrors).toEqual([
        { field: 'id', code: 'NOT_FOUND' },
      ]);
      expect((await update({ id, note: 'x' }, reader)).userErrors).toEqual([{ field: 'id', code: 'FORBIDDEN' }]);
      expect((await sendTo(app, 'convertLead', { id }, 'lead { id }', reader)).userErrors).toMatchObject([
        { code: 'FORBIDDEN' },
      ]);
    }
  });

  test('logs activities about what they see only', async () => {
    const log = (entityType: string, entityId: string, caller: TestCaller) =>
      sendTo(app, 'logActivity', { type: 'CALL', entityType, entityId }, 'activity { type }', caller);
    expect((await log('LEAD', ids.mine, agent)).userErrors).toEqual([]);
    expect((await log('LEAD', ids.foreign, agent)).userErrors).toEqual([{ field: 'entityId', code: 'NOT_FOUND' }]);
    const blind = { permissions: ['write:activities', 'read:activities'] };
    for (const [type, id] of [
      ['LEAD', ids.mine],
      ['CONTACT', ids.contact],
    ] as const) {
      expect((await log(type, id, blind)).userErrors).toEqual([{ field: 'entityId', code: 'NOT_FOUND' }]);
    }
  });
});

test('a caller is told what they may do with a record', async () => {
  const deal = await createIn(app, 'Deal', { title: 'Kites', amount: 1, currency: 'EUR' });
  const query = `query ($lead: ID!, $contact: ID!, $deal: ID!) {
    lead(id: $lead) { viewerCan { update convert } }
    contact(id: $contact) { viewerCan { update merge } }
    deal(id: $deal) { viewerCan { update } }
  }`;
  const ask = async (caller: TestCaller, lead: string) =>
    (await app.execute(query, { lead, contact: ids.contact, deal }, caller)).data;
  const all = (may: boolean) => ({
    lead: { viewerCan: { update: may, convert: may } },
    contact: { viewerCan: { update: may, merge: may } },
    deal: { viewerCan: { update: may } },
  });
  expect(await ask({}, ids.free)).toEqual(all(true));
  expect(await ask({ permissions: ['read:*'] }, ids.free)).toEqual(all(false));
  expect(await ask(agent, ids.mine)).toEqual({ ...all(false), lead: all(true).lead });
  expect(await ask({ ...agent, permissions: ['read:*', 'write:assigned-leads'] }, ids.foreign)).toEqual(all(false));
});

test('the web app of the CRM sees the contact and the deals of a customer, and learns what it lacks for the leads', async () => {
  const { data, errors } = await app.execute(
    `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Customer { crm { contact { id } deals { id } leads { id } } } } }`,
    { r: [{ __typename: 'Customer', id: 'cus_1', emailKey: 'kite@example.com' }] },
    { permissions: ['read:contacts', 'write:contacts', 'read:deals'] },
  );
  expect(data).toEqual({ _entities: [{ crm: { contact: { id: ids.contact }, deals: [], leads: null } }] });
  expect(errors).toMatchObject([
    { path: ['_entities', 0, 'crm', 'leads'], extensions: { code: 'FORBIDDEN', permission: 'read:leads' } },
  ]);
});
