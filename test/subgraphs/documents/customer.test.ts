import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { documents } from '../../../subgraphs/documents/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { mutate, upload } from './arrange.ts';

const entities = `query ($customers: [_Any!]!) { _entities(representations: $customers) { ... on Customer { id documents {
  documentCount storageUsage recentDocuments { title owner { id } folder { path documentCount } } folders { path }
} } } }`;

interface Entities {
  readonly _entities: { readonly id: string; readonly documents: Record<string, unknown> | null }[];
}

const representations = (ids: readonly string[]) => ({ customers: ids.map((id) => ({ __typename: 'Customer', id })) });

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(documents);
});
afterAll(() => app.stop());

describe('Customer.documents', () => {
  test('a customer has a count, a size, the five newest documents and folders', async () => {
    const { folder } = await mutate(app, 'createFolder', { ownerId: 'cus_full', name: 'Folder' });
    for (let index = 1; index <= 6; index++) {
      await upload(app, { title: `Document ${index}`, ownerId: 'cus_full', size: 1_000_000_000, folderId: folder?.id });
    }
    const { data } = await app.execute<Entities>(entities, representations(['cus_full']));
    const inFolder = { owner: { id: 'cus_full' }, folder: { path: '/Folder', documentCount: 6 } };
    expect(data._entities[0]?.documents).toEqual({
      documentCount: 6,
      storageUsage: 6_000_000_000,
      recentDocuments: [6, 5, 4, 3, 2].map((index) => ({ title: `Document ${index}`, ...inFolder })),
      folders: [{ path: '/Folder' }],
    });
  });

  test('a customer without documents has none, which is not null', async () => {
    const { data } = await app.execute<Entities>(entities, representations(['cus_empty']));
    const documents = { documentCount: 0, storageUsage: 0, recentDocuments: [], folders: [] };
    expect(data._entities).toEqual([{ id: 'cus_empty', documents }]);
  });

  test('each customer gets as many recent documents as were asked for, each number under its own alias', async () => {
    for (const title of ['1', '2', '3']) await upload(app, { title, ownerId: 'cus_alias' });
    const { data } = await app.execute<Entities>(
      `query ($customers: [_Any!]!) { _entities(representations: $customers) { ... on Customer { documents {
        one: recentDocuments(first: 1) { title } two: recentDocuments(first: 2) { title } none: recentDocuments(first: 0) { title }
        usual: recentDocuments(first: null) { title }
      } } } }`,
      representations(['cus_alias']),
    );
    const usual = [{ title: '3' }, { title: '2' }, { title: '1' }];
    expect(data._entities[0]?.documents).toEqual({ one: usual.slice(0, 1), two: usual.slice(0, 2), none: [], usual });
  });

  test.each([
    [21, 'OPERATION_LIMIT_EXCEEDED'],
    [-1, 'BAD_USER_INPUT'],
  ])('a person who asks for %i recent documents gets %s and the rest of the answer', async (first, code) => {
    const { data, errors } = await app.execute<Entities>(
      `query ($customers: [_Any!]!) { _entities(representations: $customers) { ... on Customer { documents {
        documentCount recentDocuments(first: ${first}) { title } } } } }`,
      representations(['cus_limit']),
    );
    expect(data._entities[0]?.documents).toEqual({ documentCount: 0, recentDocuments: null });
    expect(errors?.[0]?.extensions).toMatchObject({ code, field: 'first' });
  });
});

test('fifty customers cost as many statements as one', async () => {
  const ids = Array.from({ length: 50 }, (_, index) => `cus_many_${index}`);
  for (const ownerId of ids) {
    const { folder } = await mutate(app, 'createFolder', { ownerId, name: 'Folder' });
    await upload(app, { ownerId, folderId: folder?.id });
    await upload(app, { ownerId, folderId: folder?.id });
  }
  const one = await app.countStatements(() => app.execute(entities, representations(ids.slice(0, 1))));
  const fifty = await app.countStatements(async () => {
    const { data, errors } = await app.execute<Entities>(entities, representations(ids));
    expect(errors).toBeUndefined();
    expect(data._entities).toHaveLength(50);
    for (const { documents } of data._entities) expect(documents).toMatchObject({ documentCount: 2 });
  });
  expect(fifty).toBe(one);
  expect(one).toBeLessThanOrEqual(7);
});

test('a list of fifty documents with all that belongs to them costs as many statements as a list of one', async () => {
  const list = (first: number) =>
    app.countStatements(() =>
      app.execute(`{ documents(first: ${first}) { nodes { title text owner { documents { documentCount } }
        folder { name parent { name } documentCount } processing { summary } } } }`),
    );
  expect(await list(50)).toBe(await list(1));
});

test('Document, Folder and Customer can be entered by key, and what does not exist is null', async () => {
  const { folder } = await mutate(app, 'createFolder', { ownerId: 'cus_key', name: 'Folder' });
  const id = await upload(app, { title: 'By key', ownerId: 'cus_key' });
  const { data } = await app.execute(
    `query ($keys: [_Any!]!) { _entities(representations: $keys) { __typename ... on Document { title } ... on Folder { path } } }`,
    {
      keys: [
        { __typename: 'Document', id },
        { __typename: 'Folder', id: folder?.id },
        { __typename: 'Document', id: 'none' },
        { __typename: 'Folder', id: 'none' },
      ],
    },
  );
  expect(data).toEqual({
    _entities: [{ __typename: 'Document', title: 'By key' }, { __typename: 'Folder', path: '/Folder' }, null, null],
  });
});

test('storage usage is summed for the tenant and for one owner, by type, largest first', async () => {
  const caller = { tenant: 'storage' };
  await upload(app, { type: 'NOTE', size: 10, ownerId: 'a' }, caller);
  await upload(app, { type: 'REPORT', size: 5_000_000_000, ownerId: 'a' }, caller);
  await upload(app, { type: 'REPORT', size: 5_000_000_000, ownerId: 'b' }, caller);
  const { data } = await app.execute(
    `{ tenant: storageUsage { ...usage } b: storageUsage(ownerId: "b") { ...usage } none: storageUsage(ownerId: "c") { ...usage } }
     fragment usage on StorageUsage { documentCount size byType { type documentCount size } }`,
    {},
    caller,
  );
  const reports = (documentCount: number) => ({ type: 'REPORT', documentCount, size: documentCount * 5_000_000_000 });
  const byType = [reports(2), { type: 'NOTE', documentCount: 1, size: 10 }];
  expect(data).toEqual({
    tenant: { documentCount: 3, size: 10_000_000_010, byType },
    b: { documentCount: 1, size: 5_000_000_000, byType: [reports(1)] },
    none: { documentCount: 0, size: 0, byType: [] },
  });
});
