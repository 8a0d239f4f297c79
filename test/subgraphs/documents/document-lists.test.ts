import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { documents } from '../../../subgraphs/documents/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { mutate, upload } from './arrange.ts';

interface Page {
  readonly nodes: { readonly title: string }[];
  readonly edges: { readonly cursor: string }[];
  readonly totalCount: number;
  readonly pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
}

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(documents);
  const folder = { id: 'fld-1', ownerId: 'cus_1', name: 'Folder' };
  await mutate(app, 'createFolder', folder);
  await upload(app, { title: 'Alpha', type: 'CONTRACT', size: 300, folderId: 'fld-1' });
  await upload(app, { title: 'beta', type: 'INVOICE', size: 100 });
  await upload(app, { title: 'Gamma 100%', type: 'REPORT', size: null, text: 'some words' });
  await upload(app, { title: 'delta_1', type: 'NOTE', size: 5_000_000_000, ownerId: 'cus_2' });
  await mutate(app, 'processDocument', { id: await upload(app, { title: 'Épsilon', size: null, text: 'x' }) });
});
afterAll(() => app.stop());

async function list(args: string, caller = {}): Promise<Page> {
  const { data, errors } = await app.execute<{ documents: Page }>(
    `{ documents(${args}) { nodes { title } edges { cursor } totalCount
       pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
    {},
    caller,
  );
  expect(errors).toBeUndefined();
  return data.documents;
}
const titles = async (args: string) => (await list(args)).nodes.map(({ title }) => title);

describe('what is listed', () => {
  test.each([
    ['search: "ALPHA"', ['Alpha']],
    ['search: "épsi"', ['Épsilon']],
    ['search: "E\u0301psi"', ['Épsilon']],
    ['search: "100%"', ['Gamma 100%']],
    ['search: "0_"', []],
    ['search: "delta_"', ['delta_1']],
    ['search: "  "', ['Alpha', 'beta', 'delta_1', 'Gamma 100%', 'Épsilon']],
    ['filter: {ownerId: "cus_2"}', ['delta_1']],
    ['filter: {folderId: "fld-1"}', ['Alpha']],
    ['filter: {types: [NOTE, INVOICE]}', ['beta', 'delta_1']],
    ['filter: {types: []}', []],
    ['filter: {statuses: [PROCESSED]}', ['Épsilon']],
    ['filter: {sizeMin: 100, sizeMax: 300}', ['Alpha', 'beta']],
    ['filter: {sizeMin: 4294967296}', ['delta_1']],
    ['filter: {createdFrom: "2200-01-01T00:00:00Z"}', []],
    ['filter: {createdTo: "2200-01-01T00:00:00Z", types: [REPORT]}', ['Gamma 100%']],
  ])('a person lists documents with %s', async (args, expected) => {
    expect(await titles(`${args}, orderBy: {field: TITLE}`)).toEqual(expected);
  });

  test('a person who asks for no order sees the newest first', async () => {
    expect(await titles('first: 9')).toEqual(['Épsilon', 'delta_1', 'Gamma 100%', 'beta', 'Alpha']);
  });

  test.each([
    ['TITLE', 'DESC', ['Épsilon', 'Gamma 100%', 'delta_1', 'beta', 'Alpha']],
    ['SIZE', 'ASC', ['Épsilon', 'Gamma 100%', 'beta', 'Alpha', 'delta_1']],
    ['UPDATED_AT', 'DESC', ['Épsilon', 'delta_1', 'Gamma 100%', 'beta', 'Alpha']],
  ])('a person sorts by %s %s and reads it page by page, forward and backward', async (field, direction, expected) => {
    const orderBy = `orderBy: {field: ${field}, direction: ${direction}}`;
    const first = await list(`first: 2, ${orderBy}`);
    const second = await list(`first: 2, after: "${first.pageInfo.endCursor}", ${orderBy}`);
    const third = await list(`first: 2, after: "${second.pageInfo.endCursor}", ${orderBy}`);
    const read = [first, second, third].flatMap(({ nodes }) => nodes.map(({ title }) => title));
    expect(read).toEqual(expected);
    expect([first, second, third].map(({ pageInfo }) => pageInfo.hasNextPage)).toEqual([true, true, false]);
    const back = await list(`last: 2, before: "${third.pageInfo.startCursor}", ${orderBy}`);
    expect(back.nodes).toEqual(second.nodes);
    expect(back.pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: true });
    expect(first.totalCount).toBe(5);
  });
});

test('a page stays where it is when documents come before it', async () => {
  const tenant = { tenant: 'steady' };
  for (const title of ['b', 'd', 'f']) await upload(app, { title }, tenant);
  const first = await list('first: 2, orderBy: {field: TITLE}', tenant);
  await upload(app, { title: 'a' }, tenant);
  await upload(app, { title: 'e' }, tenant);
  const next = await list(`first: 2, after: "${first.edges[1]?.cursor}", orderBy: {field: TITLE}`, tenant);
  expect(next.nodes.map(({ title }) => title)).toEqual(['e', 'f']);
});

describe('what is refused', () => {
  const codeOf = async (field: string, caller = {}) => {
    const { errors } = await app.execute(`{ ${field} }`, {}, caller);
    return errors?.[0]?.extensions?.code;
  };

  test.each([
    ['documents(first: 101) { totalCount }', 'OPERATION_LIMIT_EXCEEDED'],
    ['documents(first: -1) { totalCount }', 'BAD_USER_INPUT'],
    ['documents(first: 1, last: 1) { totalCount }', 'BAD_USER_INPUT'],
    ['documents(filter: {sizeMin: 1.5}) { totalCount }', 'BAD_USER_INPUT'],
    ['documents(filter: {sizeMax: 1e300}) { totalCount }', 'BAD_USER_INPUT'],
    ['documents(filter: {types: [SONG]}) { totalCount }', 'BAD_USER_INPUT'],
    ['documents(filter: {createdFrom: "yesterday"}) { totalCount }', 'BAD_USER_INPUT'],
    ['documents(after: "garbage") { totalCount }', 'CURSOR_INVALID'],
  ])('a person who asks for %s gets %s', async (field, code) => {
    expect(await codeOf(field)).toBe(code);
  });

  test('a cursor of another list, another order or another tenant is refused', async () => {
    const { pageInfo } = await list('first: 1, orderBy: {field: TITLE}');
    const after = `after: "${pageInfo.endCursor}"`;
    expect(await codeOf(`documents(${after}, orderBy: {field: SIZE}) { totalCount }`)).toBe('CURSOR_INVALID');
    expect(await codeOf(`folders(${after}) { totalCount }`)).toBe('CURSOR_INVALID');
    const elsewhere = { tenant: 'globex' };
    expect(await codeOf(`documents(${after}, orderBy: {field: TITLE}) { totalCount }`, elsewhere)).toBe(
      'CURSOR_INVALID',
    );
  });

  test.each([
    ['document(id: "a\\u0000b") { id }'],
    ['folder(id: "a\\u0000b") { id }'],
    ['documents(search: "a\\u0000b") { totalCount }'],
    ['documents(filter: {ownerId: "a\\u0000b"}) { totalCount }'],
    ['storageUsage(ownerId: "a\\u0000b") { size }'],
  ])('a NUL character in %s just finds nothing', async (field) => {
    expect(await codeOf(field)).toBeUndefined();
  });
});
