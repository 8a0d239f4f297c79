import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { documents } from '../../../subgraphs/documents/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { anyDocument, mistakes, mutate, upload } from './arrange.ts';

const acme = { tenant: 'acme' };
const globex = { tenant: 'globex' };

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(documents);
  for (const caller of [acme, globex]) {
    await mutate(app, 'createFolder', { id: 'fld-1', ownerId: 'cus_1', name: caller.tenant }, caller);
    await upload(app, { id: 'doc-1', title: caller.tenant, ownerId: 'cus_1', folderId: 'fld-1' }, caller);
  }
  await mutate(app, 'createFolder', { id: 'fld-acme', ownerId: 'cus_1', name: 'only acme' }, acme);
  await upload(app, { id: 'doc-acme', ownerId: 'cus_1', text: 'secret', size: null }, acme);
});
afterAll(() => app.stop());

test('two tenants keep the same ids apart', async () => {
  for (const caller of [acme, globex]) {
    const { data } = await app.execute('{ document(id: "doc-1") { title folder { name } } }', {}, caller);
    expect(data).toEqual({ document: { title: caller.tenant, folder: { name: caller.tenant } } });
  }
});

test("a tenant reads another's documents and folders as if they did not exist", async () => {
  const { data } = await app.execute(
    `query ($keys: [_Any!]!) { document(id: "doc-acme") { text } folder(id: "fld-acme") { id }
      documents { totalCount } folders { totalCount } storageUsage { documentCount }
      _entities(representations: $keys) { __typename ... on Customer { documents { documentCount } } } }`,
    {
      keys: [
        { __typename: 'Document', id: 'doc-acme' },
        { __typename: 'Customer', id: 'cus_1' },
      ],
    },
    globex,
  );
  expect(data).toEqual({
    document: null,
    folder: null,
    documents: { totalCount: 1 },
    folders: { totalCount: 1 },
    storageUsage: { documentCount: 1 },
    _entities: [null, { __typename: 'Customer', documents: { documentCount: 1 } }],
  });
});

test("a tenant cannot change or remove another's documents or use its folders", async () => {
  expect(mistakes(await mutate(app, 'updateDocument', { id: 'doc-acme', title: 'x' }, globex))).toEqual([
    'NOT_FOUND id',
  ]);
  expect(mistakes(await mutate(app, 'processDocument', { id: 'doc-acme' }, globex))).toEqual(['NOT_FOUND id']);
  expect(mistakes(await mutate(app, 'deleteDocument', { id: 'doc-acme' }, globex))).toEqual(['NOT_FOUND id']);
  const into = { ...anyDocument, ownerId: 'cus_1', folderId: 'fld-acme' };
  expect(mistakes(await mutate(app, 'uploadDocument', into, globex))).toEqual(['NOT_FOUND folderId']);
  const inside = { ownerId: 'cus_1', name: 'x', parentId: 'fld-acme' };
  expect(mistakes(await mutate(app, 'createFolder', inside, globex))).toEqual(['NOT_FOUND parentId']);
  const { data } = await app.execute('{ document(id: "doc-acme") { text version } }', {}, acme);
  expect(data).toEqual({ document: { text: 'secret', version: 1 } });
});

test('a caller without a principal gets nothing', async () => {
  const { errors } = await app.execute('{ documents { totalCount } }', {}, { authenticated: false });
  expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
});
