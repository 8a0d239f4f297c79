import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { crm } from '../../../subgraphs/crm/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { createIn, createLeadIn, sendTo } from './arrange.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(crm);
});
afterAll(() => app.stop());

const send = (mutation: string, input: object, selection: string) => sendTo(app, mutation, input, selection);
const name = { firstName: 'Grace', lastName: 'Hopper' };

describe('a contact', () => {
  test('is created with all its fields and found with its company', async () => {
    const companyId = await createIn(app, 'Company', { name: 'Harbour Bank', domain: 'Harbour-Bank.example' });
    const fields = { ...name, email: 'Grace@Example.com', phone: '+1 (555) 123-45', source: 'inbox' };
    const id = await createIn(app, 'Contact', { ...fields, companyId });
    const { data } = await app.execute(
      `query ($id: ID!, $company: ID!) {
        contact(id: $id) { firstName lastName email phone source version company { name domain } }
        company(id: $company) { contacts { id } deals { id } }
      }`,
      { id, company: companyId },
    );
    expect(data).toEqual({
      contact: { ...fields, version: 1, company: { name: 'Harbour Bank', domain: 'harbour-bank.example' } },
      company: { contacts: [{ id }], deals: [] },
    });
  });

  test('may lack an e-mail address, as others do', async () => {
    const ids = [await createIn(app, 'Contact', name), await createIn(app, 'Contact', { ...name, email: null })];
    expect(new Set(ids).size).toBe(2);
  });

  test('has an e-mail address that no other contact of the tenant has, whatever the capitals', async () => {
    await createIn(app, 'Contact', { ...name, email: 'taken@example.com' });
    const id = await createIn(app, 'Contact', { ...name, email: 'free@example.com' });
    const taken = [{ field: 'email', code: 'CONFLICT' }];
    const created = await send('createContact', { ...name, email: 'TAKEN@example.com' }, 'contact { id }');
    expect(created).toEqual({ contact: null, userErrors: taken });
    const changed = await send('updateContact', { id, email: 'Taken@Example.com' }, 'contact { id }');
    expect(changed).toEqual({ contact: null, userErrors: taken });
  });

  test('is changed field by field; null empties, a stale version and a missing company are refused', async () => {
    const id = await createIn(app, 'Contact', { ...name, email: 'change@example.com', phone: '123 456' });
    const selection = 'contact { firstName lastName email phone version }';
    expect(await send('updateContact', { id, baseVersion: 1, lastName: 'Murray', phone: null }, selection)).toEqual({
      contact: { firstName: 'Grace', lastName: 'Murray', email: 'change@example.com', phone: null, version: 2 },
      userErrors: [],
    });
    expect(await send('updateContact', { id, baseVersion: 1, email: null }, selection)).toEqual({
      contact: null,
      userErrors: [{ field: 'baseVersion', code: 'CONFLICT' }],
    });
    expect(await send('updateContact', { id, companyId: 'no-such-company' }, selection)).toEqual({
      contact: null,
      userErrors: [{ field: 'companyId', code: 'NOT_FOUND' }],
    });
    expect(await send('updateContact', { id: 'no-such-contact' }, selection)).toEqual({
      contact: null,
      userErrors: [{ field: 'id', code: 'NOT_FOUND' }],
    });
  });
});

describe('merging contacts', () => {
  test('moves leads, deals and activities, fills what the target lacks and removes the source', async () => {
    const companyId = await createIn(app, 'Company', { name: 'Fjord Foods' });
    const lead = await createLeadIn(app, { email: 'old@example.com', phone: '555 123' });
    const sourceId = lead.contact.id;
    await send('updateContact', { id: sourceId, companyId }, 'contact { id }');
    const dealId = await createIn(app, 'Deal', { title: 'Fish', amount: 5, currency: 'DKK', contactId: sourceId });
    const note = { type: 'NOTE', entityType: 'CONTACT', entityId: sourceId };
    await send('logActivity', note, 'activity { id }');
    const targetId = await createIn(app, 'Contact', { ...name, email: 'new@example.com', source: 'fair' });

    const merged = await send(
      'mergeContacts',
      { sourceId, targetId },
      'contact { id email phone source company { id } leads { id } deals { id } activities { type entity { __typename } } }',
    );
    expect(merged).toMatchObject({
      contact: {
        id: targetId,
        email: 'new@example.com',
        phone: '555 123',
        source: 'fair',
        company: { id: companyId },
        leads: [{ id: lead.id }],
        deals: [{ id: dealId }],
        activities: [
          { type: 'CONTACT_MERGED', entity: { __typename: 'Contact' } },
          { type: 'NOTE', entity: { __typename: 'Contact' } },
          { type: 'LEAD_CREATED', entity: { __typename: 'Lead' } },
        ],
      },
      userErrors: [],
    });
    const { data } = await app.execute('query ($id: ID!) { contact(id: $id) { id } }', { id: sourceId });
    expect(data).toEqual({ contact: null });
  });

  test('gives the target the e-mail address of the source when it has none', async () => {
    const sourceId = await createIn(app, 'Contact', { ...name, email: 'only@example.com' });
    const targetId = await createIn(app, 'Contact', name);
    expect(await send('mergeContacts', { sourceId, targetId }, 'contact { email }')).toEqual({
      contact: { email: 'only@example.com' },
      userErrors: [],
    });
  });

  test('is refused for one contact and itself, and for contacts that do not exist', async () => {
    const id = await createIn(app, 'Contact', name);
    const mistakesOf = async (sourceId: string, targetId: string) =>
      (await send('mergeContacts', { sourceId, targetId }, 'contact { id }')).userErrors;
    expect(await mistakesOf(id, id)).toEqual([{ field: 'targetId', code: 'BAD_USER_INPUT' }]);
    expect(await mistakesOf(id, 'nobody')).toEqual([{ field: 'targetId', code: 'NOT_FOUND' }]);
    expect(await mistakesOf('nobody', id)).toEqual([{ field: 'sourceId', code: 'NOT_FOUND' }]);
    const { data } = await app.execute('query ($id: ID!) { contact(id: $id) { id } }', { id });
    expect(data).toEqual({ contact: { id } });
  });

  test('in both directions at the same time leaves exactly one contact', async () => {
    const [a, b] = [await createIn(app, 'Contact', name), await createIn(app, 'Contact', name)];
    const results = await Promise.all([
      send('mergeContacts', { sourceId: a, targetId: b }, 'contact { id }'),
      send('mergeContacts', { sourceId: b, targetId: a }, 'contact { id }'),
    ]);
    expect(results.flatMap(({ userErrors }) => userErrors.map(({ code }) => code))).toEqual(['NOT_FOUND']);
  });

  test('loses no lead that is created meanwhile', async () => {
    const lead = await createLeadIn(app, { email: 'racing@example.com' });
    const targetId = await createIn(app, 'Contact', name);
    const [, ...racing] = await Promise.all([
      send('mergeContacts', { sourceId: lead.contact.id, targetId }, 'contact { id }'),
      ...Array.from({ length: 5 }, () => createLeadIn(app, { email: 'racing@example.com' })),
    ]);
    const { data } = await app.execute<{ leads: { nodes: { id: string; contact: { id: string } | null }[] } }>(
      '{ leads(filter: { email: "racing@example.com" }) { nodes { id contact { id } } } }',
    );
    expect(data.leads.nodes).toHaveLength(1 + racing.length);
    expect(data.leads.nodes.every(({ contact }) => contact !== null)).toBe(true);
  });
});

describe('a company', () => {
  test('has a domain that no other company of the tenant has', async () => {
    const id = await createIn(app, 'Company', { name: 'Ink & Paper', domain: 'ink.example' });
    const again = await send('createCompany', { name: 'Ink', domain: 'INK.example' }, 'company { id }');
    expect(again).toEqual({ company: null, userErrors: [{ field: 'domain', code: 'CONFLICT' }] });
    const change = { id, name: 'Ink', domain: null };
    expect(await send('updateCompany', change, 'company { name domain version }')).toEqual({
      company: { name: 'Ink', domain: null, version: 2 },
      userErrors: [],
    });
    expect(await send('updateCompany', { id, baseVersion: 1 }, 'company { id }')).toMatchObject({
      userErrors: [{ field: 'baseVersion', code: 'CONFLICT' }],
    });
  });
});
