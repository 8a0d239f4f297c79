import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeDemoTenants } from '../../../cli/demo/tenants.ts';
import { crm } from '../../../subgraphs/crm/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';

const tenants = makeDemoTenants('a secret for tests');
let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(crm);
  for (const tenant of tenants) await app.insertDemo(tenant);
});
afterAll(() => app.stop());

test.each(tenants)('the first customer of $id has a contact, two leads and two deals', async ({ id, people }) => {
  const representations = [{ __typename: 'Customer', id: `cus_${id}_0001`, emailKey: people[0]?.email.toLowerCase() }];
  const { data } = await app.execute<{ _entities: [{ crm: Record<string, unknown> }] }>(
    `query ($representations: [_Any!]!) { _entities(representations: $representations) {
      ... on Customer { crm { contact { email company { name } } leads { id } deals { id } activities { type } } }
    } }`,
    { representations },
    { tenant: id },
  );
  expect(data._entities[0].crm).toMatchObject({
    contact: { email: people[0]?.email, company: { name: people[0]?.company } },
    leads: [{}, {}],
    deals: [{}, {}],
  });
});

test('the demo data have most people as contacts, leads and deals in every state, and two currencies', async () => {
  const counts = ['NEW', 'CONTACTED', 'QUALIFIED', 'CONVERTED', 'LOST'].map(
    (status) => `lead_${status}: leads(filter: { status: [${status}] }) { totalCount }`,
  );
  const stages = ['OPEN', 'PROPOSAL', 'NEGOTIATION', 'WON', 'LOST'].map(
    (stage) => `deal_${stage}: deals(filter: { stage: [${stage}] }) { totalCount }`,
  );
  const currencies = ['DKK', 'EUR'].map(
    (currency) => `${currency}: deals(filter: { currency: "${currency}" }) { totalCount }`,
  );
  const { data } = await app.execute<Record<string, { totalCount: number }>>(
    `{ contacts { totalCount } ${[...counts, ...stages, ...currencies].join(' ')} }`,
  );
  const { contacts, ...rest } = data;
  expect(contacts?.totalCount).toBeGreaterThan(170);
  expect(contacts?.totalCount).toBeLessThan(200);
  for (const [name, { totalCount }] of Object.entries(rest))
    expect({ name, few: totalCount < 10 }).toEqual({ name, few: false });
});

test('a lead of the demo data is CONVERTED when it has a deal, and only then', async () => {
  const { data } = await app.execute<{ leads: { nodes: { deals: unknown[] }[] } }>(
    '{ leads(first: 100, filter: { status: [CONVERTED] }) { nodes { deals { id } } } }',
  );
  expect(data.leads.nodes.every(({ deals }) => deals.length === 1)).toBe(true);
  const { data: others } = await app.execute<typeof data>(
    '{ leads(first: 100, filter: { status: [NEW, CONTACTED, QUALIFIED, LOST] }) { nodes { deals { id } } } }',
  );
  expect(others.leads.nodes.every(({ deals }) => deals.length === 0)).toBe(true);
});

test('the demo data can be written again and change nothing, not even what was changed since', async () => {
  const read =
    '{ contacts { totalCount } leads { totalCount } deals { totalCount } activities { totalCount } lead(id: "lea_acme_0001_1") { note } }';
  await app.execute(
    'mutation { updateLead(input: { id: "lea_acme_0001_1", note: "Changed" }) { userErrors { code } } }',
  );
  const before = await app.execute(read);
  for (const tenant of tenants) await app.insertDemo(tenant);
  expect(await app.execute(read)).toEqual(before);
  expect(before.data).toMatchObject({ lead: { note: 'Changed' } });
});
