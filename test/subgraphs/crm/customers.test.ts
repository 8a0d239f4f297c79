import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { crm } from '../../../subgraphs/crm/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { createIn, createLeadIn, sendTo } from './arrange.ts';

const people = 50;
const emailOf = (number: number) => `customer${number}@example.com`;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(crm);
  const companyId = await createIn(app, 'Company', { name: 'Kite Studio' });
  for (let number = 1; number <= people; number++) {
    const { id, contact } = await createLeadIn(app, { id: `lead-${number}`, email: emailOf(number) });
    const deal = { id: `deal-${number}`, title: 'Kites', amount: 1, currency: 'DKK', contactId: contact.id, companyId };
    await createIn(app, 'Deal', deal);
    await sendTo(app, 'updateContact', { id: contact.id, companyId }, 'contact { id }');
    await sendTo(app, 'logActivity', { type: 'CALL', entityType: 'LEAD', entityId: id }, 'activity { id }');
  }
});
afterAll(() => app.stop());

interface CustomerCrm {
  readonly contact: { readonly id: string; readonly email: string } | null;
  readonly leads: readonly { readonly id: string }[];
  readonly deals: readonly { readonly id: string }[];
  readonly activities: readonly { readonly type: string }[];
}

const selection = 'crm { contact { id email } leads { id } deals { id } activities(first: 5) { type } }';

function read(representations: readonly object[], tenant = 'acme') {
  return app.execute<{ _entities: ({ crm: CustomerCrm | null } | null)[] }>(
    `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Customer { ${selection} } } }`,
    { representations },
    { tenant },
  );
}

const customer = (email: string | null) => ({
  __typename: 'Customer',
  id: 'cus_1',
  emailKey: email?.toLowerCase() ?? null,
});

test('a customer has the contact with their e-mail address, its leads, deals and activities', async () => {
  const { data, errors } = await read([customer(emailOf(7).toUpperCase())]);
  expect(errors).toBeUndefined();
  expect(data._entities[0]?.crm).toEqual({
    contact: { id: expect.any(String), email: emailOf(7) },
    leads: [{ id: 'lead-7' }],
    deals: [{ id: 'deal-7' }],
    activities: [{ type: 'CALL' }, { type: 'LEAD_CREATED' }],
  });
});

test('a customer without a contact has none, and empty lists', async () => {
  const { data } = await read([customer('nobody@example.com')]);
  expect(data._entities[0]?.crm).toEqual({ contact: null, leads: [], deals: [], activities: [] });
});

test('a customer of another tenant with the same e-mail address has nothing of this one', async () => {
  const { data } = await read([customer(emailOf(1))], 'globex');
  expect(data._entities[0]?.crm).toEqual({ contact: null, leads: [], deals: [], activities: [] });
});

test('a customer keeps a lead whose contact has another e-mail address now', async () => {
  const { contact } = await createLeadIn(app, { id: 'lead-moved', email: 'moved@example.com' });
  await sendTo(app, 'updateContact', { id: contact.id, email: 'new-address@example.com' }, 'contact { id }');
  const { data } = await read([customer('moved@example.com'), customer('new-address@example.com')]);
  expect(data._entities.map((entity) => entity?.crm?.leads)).toEqual([[{ id: 'lead-moved' }], [{ id: 'lead-moved' }]]);
  expect(data._entities.map((entity) => entity?.crm?.contact?.id)).toEqual([undefined, contact.id]);
});

test('a customer whose profile failed loses this part only, with an error that names the users app', async () => {
  const { data, errors } = await read([customer(null), customer(emailOf(2))]);
  expect(data._entities.map((entity) => entity?.crm?.leads)).toEqual([undefined, [{ id: 'lead-2' }]]);
  expect(errors).toMatchObject([
    { path: ['_entities', 0, 'crm'], extensions: { code: 'SUBGRAPH_UNAVAILABLE', app: 'users' } },
  ]);
});

test('50 customers cost as many SQL statements as one', async () => {
  const ofOne = await app.countStatements(() => read([customer(emailOf(1))]));
  const all = Array.from({ length: people }, (_, index) => customer(emailOf(index + 1)));
  const ofAll = await app.countStatements(() => read(all));
  expect(ofAll).toBe(ofOne);
  expect(ofOne).toBe(4);
});

const lists = [
  [
    'leads',
    'contact { email company { name } leads { id } } assignee { id } deals { id } activities { type contact { id } }',
  ],
  ['contacts', 'company { name contacts { id } deals { id } } leads { id } deals { id } activities { type }'],
  ['deals', 'contact { id } company { id } lead { id } activities { type }'],
  ['activities', 'entity { ... on Lead { id } ... on Contact { id } } contact { id company { id } }'],
] as const;

test.each(lists)('50 %s with all their links cost as many SQL statements as one', async (list, fields) => {
  const oldestFirst = 'orderBy: { field: CREATED_AT, direction: ASC }';
  const readFirst = (first: number) =>
    app.execute(`{ ${list}(first: ${first}, ${oldestFirst}) { nodes { ${fields} } } }`);
  const { errors, data } = await readFirst(people);
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({ [list]: { nodes: { length: people } } });
  const ofOne = await app.countStatements(() => readFirst(1));
  expect(await app.countStatements(() => readFirst(people))).toBe(ofOne);
});

test('references of other apps to every type are found together, in order, with null for what is not there', async () => {
  const { data } = await app.execute(
    `query ($representations: [_Any!]!) { _entities(representations: $representations) {
      ... on Lead { email } ... on Deal { title } ... on Contact { lastName } ... on Activity { type } ... on Company { name }
    } }`,
    {
      representations: [
        { __typename: 'Lead', id: 'lead-1' },
        { __typename: 'Deal', id: 'deal-2' },
        { __typename: 'Lead', id: 'no-such-lead' },
        { __typename: 'Lead', id: 'lead-2' },
        { __typename: 'Contact', id: 'no-such-contact' },
        { __typename: 'Activity', id: 'a\0b' },
        { __typename: 'Company', id: '' },
      ],
    },
  );
  const leads = [{ email: emailOf(1) }, { title: 'Kites' }, null, { email: emailOf(2) }];
  expect(data).toEqual({ _entities: [...leads, null, null, null] });
});

test('a list without pages has the newest 100 at most', async () => {
  const ids = Array.from({ length: 103 }, (_, index) => `many-${String(index).padStart(3, '0')}`);
  for (const id of ids) await createLeadIn(app, { id, email: 'many@example.com' });
  const { data } = await read([customer('many@example.com')]);
  const found = data._entities[0]?.crm?.leads.map(({ id }) => id);
  expect(found).toHaveLength(100);
  expect(found?.[0]).toBe('many-102');
});
