import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { crm } from '../../../subgraphs/crm/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { createLeadIn, sendTo } from './arrange.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(crm);
});
afterAll(() => app.stop());

const send = (mutation: string, input: object, selection: string) => sendTo(app, mutation, input, selection);
const createLead = (email: string, fields: object = {}) => createLeadIn(app, { email, ...fields });

describe('creating a lead', () => {
  test('a client gets the lead with status NEW and the contact that was made for it', async () => {
    const { data } = await app.execute<{ createLead: { lead: { id: string; contact: { id: string } } } }>(
      'mutation { createLead(input: {firstName: "Ada", lastName: "Byron", email: "ada@example.com", source: "website"}) { lead { id status email contact { id } } userErrors { field message code } } }',
    );
    const id = expect.any(String);
    expect(data).toEqual({
      createLead: { lead: { id, status: 'NEW', email: 'ada@example.com', contact: { id } }, userErrors: [] },
    });
    const { lead } = data.createLead;
    const { data: read } = await app.execute(
      `query ($lead: ID!, $contact: ID!) {
        lead(id: $lead) { source version activities { type description entityType entityId contact { id } } }
        contact(id: $contact) { firstName lastName email source leads { id } activities { type } }
      }`,
      { lead: lead.id, contact: lead.contact.id },
    );
    const description = 'Lead created from website.';
    const created = { type: 'LEAD_CREATED', description, entityType: 'LEAD', entityId: lead.id, contact: lead.contact };
    expect(read).toEqual({
      lead: { source: 'website', version: 1, activities: [created] },
      contact: {
        firstName: 'Ada',
        lastName: 'Byron',
        email: 'ada@example.com',
        source: 'lead',
        leads: [{ id: lead.id }],
        activities: [{ type: 'LEAD_CREATED' }],
      },
    });
  });

  test('a second lead of the same person, whatever the capitals, gets the contact that is there', async () => {
    const first = await createLead('grace@example.com');
    const second = await createLead(' GRACE@Example.com ');
    expect(second.contact).toEqual(first.contact);
    expect(second.id).not.toBe(first.id);
  });

  test('leads of one person created at the same time share one contact', async () => {
    const leads = await Promise.all(Array.from({ length: 8 }, () => createLead('many@example.com')));
    expect(new Set(leads.map(({ contact }) => contact.id)).size).toBe(1);
  });

  test('a client may choose the id, once', async () => {
    const input = { id: 'lead-of-mine', firstName: 'Ada', lastName: 'Byron', email: 'own-id@example.com' };
    expect(await send('createLead', input, 'lead { id }')).toEqual({ lead: { id: 'lead-of-mine' }, userErrors: [] });
    const again = await send('createLead', { ...input, email: 'other@example.com' }, 'lead { id }');
    expect(again).toEqual({ lead: null, userErrors: [{ field: 'id', code: 'CONFLICT' }] });
    const { data } = await app.execute('{ contacts(filter: { email: "other@example.com" }) { totalCount } }');
    expect(data).toEqual({ contacts: { totalCount: 0 } });
  });
});

describe('changing a lead', () => {
  test('a client moves a lead on, and its version counts up', async () => {
    const { id } = await createLead('moving@example.com');
    const { data } = await app.execute(
      `mutation { updateLead(input: {id: "${id}", status: QUALIFIED}) { lead { id status } userErrors { code } } }`,
    );
    expect(data).toEqual({ updateLead: { lead: { id, status: 'QUALIFIED' }, userErrors: [] } });
    expect(await send('updateLead', { id, status: 'LOST' }, 'lead { status version }')).toMatchObject({
      lead: { status: 'LOST', version: 3 },
    });
  });

  test('fields that are left out stay, null empties those that can be empty', async () => {
    const { id } = await createLead('fields@example.com', {
      phone: '+45 12 34 56 78',
      note: 'Call\nback',
      source: 'fair',
    });
    const selection = 'lead { firstName phone note source assignee { __typename id } }';
    const change = { id, note: null, firstName: null, assigneeId: 'cus_acme_0007' };
    expect(await send('updateLead', change, selection)).toEqual({
      lead: {
        firstName: 'Ada',
        phone: '+45 12 34 56 78',
        note: null,
        source: 'fair',
        assignee: { __typename: 'User', id: 'cus_acme_0007' },
      },
      userErrors: [],
    });
    expect(await send('updateLead', { id, assigneeId: null }, 'lead { assignee { id } }')).toMatchObject({
      lead: { assignee: null },
    });
  });

  test('a change made on an older version is a conflict and changes nothing', async () => {
    const { id, version } = await createLead('stale@example.com');
    await send('updateLead', { id, baseVersion: version, lastName: 'Lovelace' }, 'lead { id }');
    const stale = await send('updateLead', { id, baseVersion: version, lastName: 'King' }, 'lead { id }');
    expect(stale).toEqual({ lead: null, userErrors: [{ field: 'baseVersion', code: 'CONFLICT' }] });
    const { data } = await app.execute('query ($id: ID!) { lead(id: $id) { lastName version } }', { id });
    expect(data).toEqual({ lead: { lastName: 'Lovelace', version: 2 } });
  });

  test('changes of different fields at the same time are all kept', async () => {
    const { id } = await createLead('parallel@example.com');
    await Promise.all([
      send('updateLead', { id, lastName: 'Lovelace' }, 'lead { id }'),
      send('updateLead', { id, firstName: 'Augusta' }, 'lead { id }'),
      send('updateLead', { id, company: 'Analytical Engines' }, 'lead { id }'),
    ]);
    const { data } = await app.execute('{ leads(search: "augusta lovelace analytical") { nodes { id version } } }');
    expect(data).toEqual({ leads: { nodes: [{ id, version: 4 }] } });
  });

  test('a lead becomes CONVERTED by no mere change of status', async () => {
    const { id } = await createLead('shortcut@example.com');
    expect(await send('updateLead', { id, status: 'CONVERTED' }, 'lead { id }')).toEqual({
      lead: null,
      userErrors: [{ field: 'status', code: 'BAD_USER_INPUT' }],
    });
  });

  test('a lead that does not exist is not found', async () => {
    expect(await send('updateLead', { id: 'no-such-lead', note: 'x' }, 'lead { id }')).toEqual({
      lead: null,
      userErrors: [{ field: 'id', code: 'NOT_FOUND' }],
    });
  });
});

describe('converting a lead', () => {
  const selection =
    'lead { id status } contact { id } deal { id title stage amount currency expectedCloseOn lead { id } contact { id } }';

  test('a client gets the converted lead, its contact and a deal', async () => {
    const { id, contact } = await createLead('convert@example.com', { company: 'Analytical Engines' });
    const deal = { title: 'First engine', amount: 125_000, currency: 'DKK', expectedCloseOn: '2026-12-24' };
    expect(await send('convertLead', { id, deal }, selection)).toEqual({
      lead: { id, status: 'CONVERTED' },
      contact,
      deal: { ...deal, id: expect.any(String), stage: 'OPEN', lead: { id }, contact },
      userErrors: [],
    });
    const { data } = await app.execute('query ($id: ID!) { lead(id: $id) { deals { title } activities { type } } }', {
      id,
    });
    expect(data).toEqual({
      lead: { deals: [{ title: 'First engine' }], activities: [{ type: 'LEAD_CONVERTED' }, { type: 'LEAD_CREATED' }] },
    });
  });

  test('a deal that is left out is named after the company or the person', async () => {
    const ofCompany = await createLead('default-1@example.com', { company: 'Analytical Engines' });
    const ofPerson = await createLead('default-2@example.com');
    expect(await send('convertLead', { id: ofCompany.id }, 'deal { title amount currency }')).toMatchObject({
      deal: { title: 'Analytical Engines', amount: 0, currency: 'EUR' },
    });
    expect(await send('convertLead', { id: ofPerson.id }, 'deal { title }')).toMatchObject({
      deal: { title: 'Ada Byron' },
    });
  });

  test('a lead is converted once, even by two clients at the same time', async () => {
    const { id } = await createLead('twice@example.com');
    const both = await Promise.all([send('convertLead', { id }, selection), send('convertLead', { id }, selection)]);
    expect(both.flatMap(({ userErrors }) => userErrors)).toEqual([{ field: 'id', code: 'CONFLICT' }]);
    const { data } = await app.execute('query ($id: ID!) { lead(id: $id) { deals { id } } }', { id });
    expect(data).toMatchObject({ lead: { deals: [{}] } });
  });

  test('a lead that is LOST is not converted, and one that is CONVERTED keeps its status', async () => {
    const lost = await createLead('lost@example.com');
    await send('updateLead', { id: lost.id, status: 'LOST' }, 'lead { id }');
    expect(await send('convertLead', { id: lost.id }, selection)).toMatchObject({
      lead: null,
      userErrors: [{ field: 'id', code: 'CONFLICT' }],
    });
    const converted = await createLead('converted@example.com');
    await send('convertLead', { id: converted.id }, selection);
    expect(await send('updateLead', { id: converted.id, status: 'NEW' }, 'lead { id }')).toMatchObject({
      userErrors: [{ field: 'status', code: 'CONFLICT' }],
    });
    expect(await send('updateLead', { id: converted.id, note: 'Won!' }, 'lead { status }')).toMatchObject({
      lead: { status: 'CONVERTED' },
    });
  });

  test('a conversion whose deal cannot be made changes nothing', async () => {
    const { id } = await createLead('atomic@example.com');
    const other = await createLead('atomic-other@example.com');
    await send('convertLead', { id: other.id, deal: { id: 'deal-of-other' } }, selection);
    expect(await send('convertLead', { id, deal: { id: 'deal-of-other' } }, selection)).toMatchObject({
      lead: null,
      contact: null,
      deal: null,
      userErrors: [{ field: 'deal.id', code: 'CONFLICT' }],
    });
    expect(await send('convertLead', { id, deal: { amount: -1, currency: 'euro' } }, selection)).toMatchObject({
      userErrors: [
        { field: 'deal.amount', code: 'BAD_USER_INPUT' },
        { field: 'deal.currency', code: 'BAD_USER_INPUT' },
      ],
    });
    const { data } = await app.execute('query ($id: ID!) { lead(id: $id) { status version activities { type } } }', {
      id,
    });
    expect(data).toEqual({ lead: { status: 'NEW', version: 1, activities: [{ type: 'LEAD_CREATED' }] } });
  });
});
