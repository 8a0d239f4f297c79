import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { crm } from '../../../subgraphs/crm/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { createIn, sendTo } from './arrange.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(crm);
  await createIn(app, 'Deal', { id: 'deal', title: 'Pilot', amount: 1, currency: 'EUR' });
});
afterAll(() => app.stop());

const long = 'x'.repeat(10_000);
const lead = { firstName: 'Ada', lastName: 'Byron', email: 'ada@example.com' };
const deal = { title: 'Pilot', amount: 1, currency: 'EUR' };
const activity = { type: 'CALL', entityType: 'DEAL', entityId: 'deal' };

const badInputs = [
  ['createLead', 'firstName', 'has 10,000 characters', { ...lead, firstName: long }],
  ['createLead', 'lastName', 'is blank', { ...lead, lastName: ' ' }],
  ['createLead', 'lastName', 'holds NUL', { ...lead, lastName: 'By\0ron' }],
  ['createLead', 'email', 'has 10,000 characters', { ...lead, email: `${long}@example.com` }],
  ['createLead', 'email', 'is no address', { ...lead, email: 'no address' }],
  ['createLead', 'email', 'holds NUL', { ...lead, email: 'a\0b@example.com' }],
  ['createLead', 'phone', 'is no number', { ...lead, phone: 'call me' }],
  ['createLead', 'note', 'has 10,000 characters', { ...lead, note: long }],
  ['createLead', 'source', 'is broken Unicode', { ...lead, source: '\ud800' }],
  ['createLead', 'id', 'is no id', { ...lead, id: 'not an id' }],
  ['createLead', 'assigneeId', 'is NUL', { ...lead, assigneeId: '\0' }],
  ['updateLead', 'id', 'is NUL', { id: '\0' }],
  ['updateLead', 'baseVersion', 'is zero', { id: 'x', baseVersion: 0 }],
  ['convertLead', 'id', 'has 10,000 characters', { id: long }],
  [
    'convertLead',
    'deal.expectedCloseOn',
    'is no day of the calendar',
    { id: 'x', deal: { expectedCloseOn: '2026-02-30' } },
  ],
  ['createContact', 'lastName', 'has 10,000 characters', { firstName: 'Ada', lastName: long }],
  ['updateContact', 'email', 'is no address', { id: 'x', email: 'nope' }],
  ['mergeContacts', 'sourceId', 'is empty', { sourceId: '', targetId: 'x' }],
  ['createDeal', 'amount', 'is negative', { ...deal, amount: -1 }],
  ['createDeal', 'currency', 'is no code', { ...deal, currency: 'euro' }],
  ['createDeal', 'title', 'has 10,000 characters', { ...deal, title: long }],
  ['createDeal', 'expectedCloseOn', 'is a word', { ...deal, expectedCloseOn: 'soon' }],
  ['createDeal', 'expectedCloseOn', 'lies before all calendars', { ...deal, expectedCloseOn: '0000-01-01' }],
  ['updateDeal', 'amount', 'is negative', { id: 'deal', amount: -5 }],
  ['logActivity', 'type', 'is in small letters', { ...activity, type: 'call' }],
  ['logActivity', 'type', 'has 65 characters', { ...activity, type: 'X'.repeat(65) }],
  ['logActivity', 'subject', 'has 10,000 characters', { ...activity, subject: long }],
  ['logActivity', 'entityId', 'is empty', { ...activity, entityId: '' }],
  ['completeActivity', 'id', 'is blank', { id: ' ' }],
  ['createCompany', 'name', 'has 10,000 characters', { name: long }],
  ['createCompany', 'domain', 'is no domain', { name: 'Pine', domain: 'no domain' }],
  ['createCompany', 'domain', 'has 10,000 characters', { name: 'Pine', domain: `${long}.com` }],
] as const;

test.each(badInputs)('%s refuses an input whose %s %s', async (mutation, field, _what, input) => {
  const { userErrors } = await sendTo(app, mutation, input, '__typename');
  expect(userErrors).toEqual([{ field, code: 'BAD_USER_INPUT' }]);
});

test('every mistake of an input is told at once, and nothing is written', async () => {
  const input = { firstName: '', lastName: long, email: 'nope' };
  const { userErrors } = await sendTo(app, 'createLead', input, 'lead { id }');
  expect(userErrors.map(({ field }) => field)).toEqual(['firstName', 'lastName', 'email']);
  const { data } = await app.execute('{ leads { totalCount } contacts { totalCount } activities { totalCount } }');
  const none = { totalCount: 0 };
  expect(data).toEqual({ leads: none, contacts: none, activities: none });
});

const badOperations = [
  ['a status that is none', 'mutation { updateLead(input: { id: "x", status: WRONG }) { userErrors { code } } }'],
  [
    'a fraction of an øre',
    'mutation { createDeal(input: { title: "x", amount: 1.5, currency: "EUR" }) { userErrors { code } } }',
  ],
  [
    '2^53 + 1',
    'mutation { createDeal(input: { title: "x", amount: 9007199254740993, currency: "EUR" }) { userErrors { code } } }',
  ],
  [
    'a kind of record that is none',
    'mutation { logActivity(input: { type: "CALL", entityType: X, entityId: "x" }) { userErrors { code } } }',
  ],
  [
    'a time that is none',
    'mutation { completeActivity(input: { id: "x", completedAt: "tomorrow" }) { userErrors { code } } }',
  ],
  [
    'no e-mail address',
    'mutation { createLead(input: { firstName: "Ada", lastName: "Byron" }) { userErrors { code } } }',
  ],
  ['a filter by a status that is none', '{ leads(filter: { status: [WRONG] }) { totalCount } }'],
  ['a filter with NUL', '{ leads(filter: { source: "\\u0000" }) { totalCount } }'],
  ['a search with NUL', '{ leads(search: "\\u0000") { totalCount } }'],
  ['a search of 10,000 characters', `{ leads(search: "${long}") { totalCount } }`],
] as const;

test.each(badOperations)('an operation with %s is BAD_USER_INPUT', async (_what, operation) => {
  const { errors } = await app.execute(operation);
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
});

test('an id that is none reads as a record that does not exist', async () => {
  const { data, errors } = await app.execute(
    '{ lead(id: "") { id } contact(id: "\\u0000") { id } deal(id: "x y") { id } activity(id: "%") { id } company(id: "-") { id } }',
  );
  expect(errors).toBeUndefined();
  expect(data).toEqual({ lead: null, contact: null, deal: null, activity: null, company: null });
});
