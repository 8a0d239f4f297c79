import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeDemoTenants } from '../../../cli/demo/tenants.ts';
import { documents } from '../../../subgraphs/documents/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { mutate } from './arrange.ts';

const tenants = makeDemoTenants('a secret for tests');
let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(documents);
  for (const tenant of tenants) await app.insertDemo(tenant);
});
afterAll(() => app.stop());

interface Entities {
  readonly _entities: {
    readonly documents: {
      readonly documentCount: number;
      readonly storageUsage: number;
      readonly recentDocuments: unknown[];
      readonly folders: { readonly path: string }[];
    };
  }[];
}

async function readPeople(tenant: string) {
  const ids = tenants.find(({ id }) => id === tenant)?.people.map(({ id }) => id) ?? [];
  const { data } = await app.execute<Entities>(
    `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Customer { documents {
      documentCount storageUsage recentDocuments { title size processing { summary } } folders { path }
    } } } }`,
    { representations: ids.map((id) => ({ __typename: 'Customer', id })) },
    { tenant },
  );
  return data._entities.map(({ documents }) => documents);
}

test.each(['acme', 'globex'])(
  'the demo data of %s has 7 documents of the first and none of the second',
  async (tenant) => {
    const [first, second] = await readPeople(tenant);
    expect(first).toMatchObject({ documentCount: 7 });
    expect(first?.recentDocuments).toHaveLength(5);
    expect(first?.folders.map(({ path }) => path)).toEqual([
      '/Contracts',
      '/Correspondence',
      '/Invoices',
      '/Notes',
      '/Reports',
    ]);
    expect(second).toEqual({ documentCount: 0, storageUsage: 0, recentDocuments: [], folders: [] });
  },
);

test('the other people have 0 to 15 documents, of all types and in every state that lasts', async () => {
  const counts = (await readPeople('acme')).slice(2).map(({ documentCount }) => documentCount);
  expect(Math.min(...counts)).toBe(0);
  expect(Math.max(...counts)).toBe(15);
  expect(new Set(counts).size).toBe(16);
  const { data } = await app.execute<Record<string, { totalCount: number }>>(`{
    uploaded: documents(filter: {statuses: [UPLOADED]}) { totalCount }
    processed: documents(filter: {statuses: [PROCESSED]}) { totalCount }
    failed: documents(filter: {statuses: [FAILED]}) { totalCount }
    contracts: documents(filter: {types: [CONTRACT]}) { totalCount }
    others: documents(filter: {types: [OTHER]}) { totalCount }
    future: documents(filter: {createdFrom: "2026-11-01T00:00:00Z"}) { totalCount }
  }`);
  const { future, ...present } = data;
  for (const list of Object.values(present)) expect(list.totalCount).toBeGreaterThan(50);
  expect(future).toEqual({ totalCount: 0 });
});

test('the demo data can be written again and change nothing, not even what was changed since', async () => {
  await mutate(app, 'updateDocument', { id: 'doc_acme_0001_01', title: 'Changed' });
  const read = '{ document(id: "doc_acme_0001_01") { title } documents { totalCount } folders { totalCount } }';
  const before = await app.execute(read);
  const statements = await app.countStatements(async () => {
    for (const tenant of tenants) await app.insertDemo(tenant);
  });
  expect(await app.execute(read)).toEqual(before);
  expect(before.data).toMatchObject({ document: { title: 'Changed' } });
  expect(statements).toBeLessThanOrEqual(10);
});
