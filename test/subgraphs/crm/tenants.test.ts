import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { crm } from '../../../subgraphs/crm/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { createIn, createLeadIn, sendTo } from './arrange.ts';

const email = 'same@example.com';
const acme = { tenant: 'acme' };
const globex = { tenant: 'globex' };

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(crm);
  for (const caller of [acme, globex]) {
    const { tenant } = caller;
    await createIn(app, 'Company', { id: 'company', name: tenant, domain: 'same.example' }, caller);
    const contact = { id: 'contact', firstName: tenant, lastName: 'Same', email, companyId: 'company' };
    await createIn(app, 'Contact', contact, caller);
    await createLeadIn(app, { id: 'lead', firstName: tenant, email }, caller);
    const deal = { id: 'deal', title: tenant, amount: 1, currency: 'EUR', contactId: 'contact', companyId: 'company' };
    await createIn(app, 'Deal', deal, caller);
  }
  await createIn(app, 'Contact', { id: 'only-acme', firstName: 'Only', lastName: 'Acme' }, acme);
  await createIn(app, 'Deal', { id: 'only-acme', title: 'Only', amount: 1, currency: 'EUR' }, acme);
  await createLeadIn(app, { id: 'only-acme', email: 'only@example.com' }, acme);
});
afterAll(() => app.stop());

test.each(['acme', 'globex'])(
  '%s reads its own records under ids and e-mails that the other has, too',
  async (tenant) => {
    const { data } = await app.execute(
      `{
      lead(id: "lead") { firstName contact { id firstName } }
      deal(id: "deal") { title contact { firstName } company { name contacts { firstName } } }
      contacts(filter: { email: "${email}" }) { nodes { firstName leads { firstName } deals { title } } totalCount }
    }`,
      {},
      { tenant },
    );
    expect(data).toEqual({
      lead: { firstName: tenant, contact: { id: 'contact', firstName: tenant } },
      deal: {
        title: tenant,
        contact: { firstName: tenant },
        company: { name: tenant, contacts: [{ firstName: tenant }] },
      },
      contacts: {
        nodes: [{ firstName: tenant, leads: [{ firstName: tenant }], deals: [{ title: tenant }] }],
        totalCount: 1,
      },
    });
  },
);

test('a record of another tenant reads as one that does not exist', async () => {
  const query =
    '{ lead(id: "only-acme") { id } contact(id: "only-acme") { id } deal(id: "only-acme") { id } leads { totalCount } }';
  const { data, errors } = await app.execute(query, {}, globex);
  expect(errors).toBeUndefined();
  expect(data).toEqual({ lead: null, contact: null, deal: null, leads: { totalCount: 1 } });
});

test.each([
  ['updateLead', { id: 'only-acme', note: 'x' }, 'id'],
  ['convertLead', { id: 'only-acme' }, 'id'],
  ['updateContact', { id: 'only-acme', lastName: 'x' }, 'id'],
  ['mergeContacts', { sourceId: 'only-acme', targetId: 'contact' }, 'sourceId'],
  ['updateDeal', { id: 'only-acme', amount: 5 }, 'id'],
  ['updateDeal', { id: 'deal', contactId: 'only-acme' }, 'contactId'],
  ['createDeal', { title: 'x', amount: 1, currency: 'EUR', contactId: 'only-acme' }, 'contactId'],
  ['logActivity', { type: 'CALL', entityType: 'LEAD', entityId: 'only-acme' }, 'entityId'],
])('%s finds no record of another tenant by %j', async (mutation, input, field) => {
  const { userErrors } = await sendTo(app, mutation, input, '__typename', globex);
  expect(userErrors).toEqual([{ field, code: 'NOT_FOUND' }]);
});

test('a merge in one tenant leaves the other as it was', async () => {
  await createIn(app, 'Contact', { id: 'target', firstName: 'New', lastName: 'Target' }, globex);
  await sendTo(app, 'mergeContacts', { sourceId: 'contact', targetId: 'target' }, 'contact { id }', globex);
  const { data } = await app.execute('{ contact(id: "contact") { leads { id } deals { id } } }', {}, acme);
  expect(data).toEqual({ contact: { leads: [{ id: 'lead' }], deals: [{ id: 'deal' }] } });
});

test('a caller without a principal gets nothing', async () => {
  const { data, errors } = await app.execute('{ leads { totalCount } }', {}, { authenticated: false });
  expect(data ?? null).toBeNull();
  expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
});
