import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { coordination } from '../../subgraphs/coordination/index.ts';
import { crm } from '../../subgraphs/crm/index.ts';
import { documents } from '../../subgraphs/documents/index.ts';
import { security } from '../../subgraphs/security/index.ts';
import { users } from '../../subgraphs/users/index.ts';
import { startTestApp, type TestApp, type TestCaller } from '../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { runStatements } from '../support/run-statements.ts';
import { createIn, createLeadIn, sendTo } from './crm/arrange.ts';

interface Hit {
  readonly app: string;
  readonly type: string;
  readonly id: string;
  readonly title: string;
  readonly highlight: string;
  readonly score: number;
  readonly closeness: string;
  readonly entity: { readonly __typename: string };
}

const operation = `query ($query: String!, $apps: [String!], $types: [String!], $first: Int!) {
  search(query: $query, apps: $apps, types: $types, first: $first) {
    app type id title highlight score closeness entity { __typename }
  }
}`;

let database: TestDatabase;
let apps: readonly TestApp[];
let crmApp: TestApp;
let search: TestApp;

/** Starts the apps, and two tenants of which one has a little of everything. */
beforeAll(async () => {
  database = await createTestDatabase();
  crmApp = await startTestApp(crm, database);
  const usersApp = await startTestApp(users, database);
  const documentsApp = await startTestApp(documents, database);
  const securityApp = await startTestApp(security, database);
  const owners = [usersApp, crmApp, documentsApp, securityApp];
  search = await startTestApp(coordination, database, owners);
  apps = [search, ...owners];
  await createLeadIn(crmApp, { email: 'ada@kite.example', company: 'Analytical Engines', assigneeId: 'usr_bo' });
  await createLeadIn(crmApp, {
    firstName: 'Søren',
    lastName: 'Ærø',
    email: 'soren@firma.example',
    assigneeId: 'usr_mia',
  });
  await createLeadIn(crmApp, { firstName: 'Νίκος', lastName: 'Ærø', email: 'nikos@firma.example' });
  await createIn(crmApp, 'Deal', { title: 'A <b>computing</b> machine & more', amount: 5, currency: 'EUR' });
  await createIn(usersApp, 'User', { username: 'byronic.hero', email: 'hero@example.com' });
  const text = `${'Nothing of interest. '.repeat(40)}The poet Byron wrote to his daughter.`;
  await sendTo(documentsApp, 'uploadDocument', { title: 'Letters', ownerId: 'cus_1', text }, 'document { id }');
  const incident = { type: 'data_breach', severity: 'HIGH', description: 'Letters of Lord Byron were published.' };
  await sendTo(securityApp, 'reportIncident', incident, 'incident { id }');
  await createLeadIn(crmApp, { email: 'ada@globex.example' }, { tenant: 'globex' });
}, 60_000);

afterAll(async () => {
  for (const app of apps ?? []) await app.stop();
  await database?.drop();
});

async function ask(variables: object, caller: TestCaller = {}, app = search) {
  const given = { first: 20, ...variables };
  const { data, errors } = await app.execute<{ search: (Hit | null)[] | null }>(operation, given, caller);
  return { hits: data.search ?? [], errors };
}

/** What is found, as `type title`, the best first; an error fails the test. */
async function find(query: string, variables: object = {}, caller: TestCaller = {}): Promise<string[]> {
  const { hits, errors } = await ask({ query, ...variables }, caller);
  expect(errors).toBeUndefined();
  return hits.map((hit) => `${hit?.type} ${hit?.title}`);
}

const ada = ['Contact Ada Byron', 'Lead Ada Byron'];

test('a word is found in every app, names before texts, a whole word before a beginning', async () => {
  const { hits, errors } = await ask({ query: 'byron' });
  expect(errors).toBeUndefined();
  expect(hits.slice(0, 2).map((hit) => hit?.title)).toEqual(['Ada Byron', 'Ada Byron']);
  expect(hits.map((hit) => `${hit?.app} ${hit?.entity.__typename} ${hit?.closeness}`).toSorted()).toEqual([
    'crm Contact WORDS',
    'crm Lead WORDS',
    'documents Document WORDS',
    'security Incident WORDS',
    'users User BEGINNING',
  ]);
  const scores = hits.map((hit) => hit?.score ?? 0);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  expect(scores.every((score) => score > 0 && score <= 1)).toBe(true);
});

test.each([
  ['the beginning of a word', 'byr', { apps: ['crm'] }, ada],
  ['several words in any order, the last begun', 'byron ad', {}, ada],
  ['a wrong letter', 'byrom', { apps: ['crm'] }, ada],
  ['a letter too few', 'bron', { apps: ['crm'] }, ada],
  ['a letter too many', 'byronn', { apps: ['crm'] }, ada],
  ['two letters swapped', 'byorn', { apps: ['crm'] }, ada],
  ['more than one letter wrong', 'byrem', {}, []],
  ['two misspelt words', 'aba byorn', {}, ada],
  ['a part of an e-mail address', 'kite', {}, ada],
  ['a whole e-mail address', 'Ada@Kite.example', {}, ada],
  ['a company', 'analytical', {}, ['Lead Ada Byron']],
  ['letters without their accents', 'soren aero', { types: ['Lead'] }, ['Lead Søren Ærø']],
  ['capitals, and letters with their accents', 'SØREN ÆRØ', { types: ['Lead'] }, ['Lead Søren Ærø']],
  ['the alphabet of others', 'ΝΊΚΟΣ', { types: ['Lead'] }, ['Lead Νίκος Ærø']],
  ['some of the words, where no record has all', 'computing bicycle', {}, ['Deal A <b>computing</b> machine & more']],
  ['one type only', 'byron', { types: ['Incident'] }, ['Incident data_breach']],
  ['no more than asked for', 'byron', { first: 1, types: ['Document'] }, ['Document Letters']],
  ['nothing', 'zeppelin', {}, []],
])('%s: %s', async (_what, query, variables, expected) => {
  const found = await find(query, variables);
  expect(
    found
      .filter((one) => ada.includes(one))
      .toSorted()
      .concat(found.filter((one) => !ada.includes(one))),
  ).toEqual(expected);
});

test.each([
  ['an empty text', ''],
  ['blanks', ' \t\n '],
  ['wildcards', '%%% *** ___ ???'],
  ['a NUL', '\0'],
])('%s finds nothing', async (_what, query) => {
  expect(await find(query)).toEqual([]);
});

test.each(["byron' | !'x", 'byron:* & !(ada)', `\\'byron\\`, "'); DROP TABLE leads; --byron", '💥 byron ﬁ'])(
  'what means something to the database is words: %s',
  async (query) => {
    const { errors } = await ask({ query });
    expect(errors).toBeUndefined();
  },
);

test.each([
  ['query', { query: 'a'.repeat(10_000) }, '200 characters'],
  ['apps', { query: 'byron', apps: ['crm', 'billing'] }, 'users, crm, documents, security'],
  ['types', { query: 'byron', types: ['Invoice'] }, 'User, Lead, Contact, Deal, Document, Incident'],
  ['first', { query: 'byron', first: -1 }, 'negative'],
])('a wrong `%s` is refused, and it is said what is right', async (field, variables, part) => {
  const { errors } = await ask(variables);
  expect(errors).toEqual([
    expect.objectContaining({
      message: expect.stringContaining(part),
      extensions: expect.objectContaining({ code: 'BAD_USER_INPUT', field }),
    }),
  ]);
});

describe('highlights', () => {
  test('mark what was searched for, and escape everything else', async () => {
    const { hits } = await ask({ query: 'machi', types: ['Deal'] });
    expect(hits[0]?.highlight).toBe('A &lt;b&gt;computing&lt;/b&gt; <mark>machine</mark> &amp; more');
  });

  test('show the part of a long text where it says so', async () => {
    const { hits } = await ask({ query: 'byron', types: ['Document'] });
    expect(hits[0]?.highlight).toContain('The poet <mark>Byron</mark> wrote');
    expect(hits[0]?.highlight.length).toBeLessThan(300);
  });
});

test('a tenant finds its own records only, however alike those of others are', async () => {
  const { hits } = await ask({ query: 'ada byron', types: ['Lead'] }, { tenant: 'globex' });
  expect(hits.map((hit) => hit?.highlight)).toEqual(['<mark>Ada</mark> <mark>Byron</mark>']);
  expect(await find('kite', {}, { tenant: 'globex' })).toEqual([]);
  expect(await find('byron', {}, { tenant: 'initech' })).toEqual([]);
});

test('whoever has the login of an app and searches for everything finds the entries of the tenant only', async () => {
  const seen = await runStatements(
    database.urlFor('crm'),
    `SET panorama.tenant_id = 'globex'`,
    `SET panorama.search = '!''no word'''`,
    'SELECT DISTINCT tenant_id FROM crm.leads_search',
  );
  expect(seen).toEqual([{ tenant_id: 'globex' }]);
});

test('row-level security does not keep a search from the index', async () => {
  await runStatements(
    database.ownerUrl,
    `INSERT INTO crm.deals (tenant_id, id, title, title_key, amount, currency)
     SELECT 'hooli', 'deal_' || n, 'Delivery ' || n, 'delivery', 1, 'EUR' FROM generate_series(1, 3000) AS n`,
    'VACUUM ANALYZE crm.deals_search',
  );
  const plan = await runStatements(
    database.urlFor('crm'),
    `SET panorama.tenant_id = 'hooli'`,
    `SET panorama.search = '''delivery'''`,
    'SET enable_seqscan = off',
    'EXPLAIN (COSTS off) SELECT id FROM crm.deals_search',
  );
  const lines = plan.map((line) => String(line['QUERY PLAN']).trim());
  expect(lines).toContain('->  Bitmap Index Scan on deals_search_words');
});

test.each([
  ['nothing without a permission', { permissions: ['read:activities'] }, []],
  ['contacts without leads', { permissions: ['read:contacts'] }, ['Contact Ada Byron']],
  ['the leads assigned to one', { permissions: ['read:assigned-leads'], userId: 'usr_bo' }, ['Lead Ada Byron']],
  ['not the leads of others', { permissions: ['read:assigned-leads'], userId: 'usr_mia' }, []],
])('finds %s', async (_what, caller, expected) => {
  expect(await find('byron', {}, caller)).toEqual(expected);
});

test('what is changed or removed is found as it is now', async () => {
  const { id, contact } = await createLeadIn(crmApp, { lastName: 'Milbanke', email: 'milbanke@kite.example' });
  expect(await find('milbanke')).toHaveLength(2);
  await sendTo(crmApp, 'updateLead', { id, lastName: 'Noel' }, 'lead { id }');
  expect(await find('noel')).toEqual(['Lead Ada Noel']);
  const other = await createIn(crmApp, 'Contact', { firstName: 'Ada', lastName: 'King', email: 'king@kite.example' });
  await sendTo(crmApp, 'mergeContacts', { sourceId: contact.id, targetId: other }, 'contact { id }');
  expect(await find('milbanke', { types: ['Contact'] })).not.toContain('Contact Ada Milbanke');
});

test('apps that do not answer cost their own hits, and are named', async () => {
  const alone = await startTestApp(coordination, database, [crmApp]);
  try {
    const { hits, errors } = await ask({ query: 'byron', apps: ['crm', 'documents'] }, {}, alone);
    expect(hits.map((hit) => hit?.type ?? null)).toEqual(expect.arrayContaining(['Lead', 'Contact']));
    expect(hits.at(-1)).toBeNull();
    expect(errors).toEqual([
      expect.objectContaining({
        path: ['search', hits.length - 1],
        extensions: { code: 'SUBGRAPH_UNAVAILABLE', app: 'documents' },
      }),
    ]);
  } finally {
    await alone.stop();
  }
});
