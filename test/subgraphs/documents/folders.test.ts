import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { documents } from '../../../subgraphs/documents/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { mistakes, mutate, upload } from './arrange.ts';

const standardPaths = ['/Contracts', '/Correspondence', '/Invoices', '/Notes', '/Reports'];

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(documents);
});
afterAll(() => app.stop());

const pathsOf = (folders: readonly Record<string, unknown>[] | null | undefined) => folders?.map(({ path }) => path);

describe('createFolder', () => {
  test('a person makes a folder at the top and one in it', async () => {
    const top = await mutate(app, 'createFolder', { ownerId: 'cus_a', name: ' Projects ' });
    expect(top.folder).toMatchObject({ name: 'Projects', path: '/Projects', parent: null, template: null });
    expect(top.folder).toMatchObject({ owner: { id: 'cus_a' } });
    const parentId = top.folder?.id;
    const inner = await mutate(app, 'createFolder', { id: 'fld-bridge', ownerId: 'cus_a', name: 'Bridge', parentId });
    expect(inner.folder).toMatchObject({ id: 'fld-bridge', path: '/Projects/Bridge', parent: { id: parentId } });
    expect(pathsOf(inner.folders)).toEqual(['/Projects/Bridge']);
  });

  test('an owner has a name only once in one place, however it is capitalised', async () => {
    const { folder } = await mutate(app, 'createFolder', { ownerId: 'cus_b', name: 'Taxes' });
    const again = await mutate(app, 'createFolder', { ownerId: 'cus_b', name: 'TAXES' });
    expect(mistakes(again)).toEqual(['CONFLICT name']);
    const inside = await mutate(app, 'createFolder', { ownerId: 'cus_b', name: 'Taxes', parentId: folder?.id });
    expect(inside.userErrors).toEqual([]);
    const other = await mutate(app, 'createFolder', { ownerId: 'cus_c', name: 'Taxes' });
    expect(other.userErrors).toEqual([]);
  });

  test('of two people who make the same folder at once one gets CONFLICT', async () => {
    const input = { ownerId: 'cus_race', name: 'Race' };
    const payloads = await Promise.all([mutate(app, 'createFolder', input), mutate(app, 'createFolder', input)]);
    expect(payloads.flatMap(mistakes)).toEqual(['CONFLICT name']);
  });

  test('a new customer gets the folders of the standard template, and applying it again adds what is missing', async () => {
    await mutate(app, 'createFolder', { ownerId: 'cus_new', name: 'invoices' });
    const first = await mutate(app, 'createFolder', { ownerId: 'cus_new', template: 'standard' });
    expect(first.userErrors).toEqual([]);
    expect(pathsOf(first.folders)?.toSorted()).toEqual([
      '/Contracts',
      '/Correspondence',
      '/Notes',
      '/Reports',
      '/invoices',
    ]);
    const again = await mutate(app, 'createFolder', { ownerId: 'cus_new', template: 'standard' });
    expect(again.folders).toEqual(first.folders);
  });

  test('a person makes a folder with the folders of a template in it', async () => {
    const { folder, folders } = await mutate(app, 'createFolder', {
      ownerId: 'cus_d',
      name: '2026',
      template: 'standard',
    });
    expect(folder).toMatchObject({ path: '/2026', template: null });
    expect(pathsOf(folders)).toEqual(['/2026', ...standardPaths.map((path) => `/2026${path}`)]);
    expect(folders?.at(-1)).toMatchObject({ template: 'standard', parent: { id: folder?.id } });
  });

  test.each<[string, Record<string, unknown>, string[]]>([
    ['neither name nor template', {}, ['BAD_USER_INPUT name']],
    ['a slash in the name', { name: 'a/b' }, ['BAD_USER_INPUT name']],
    ['a name of 10,000 characters', { name: 'x'.repeat(10_000) }, ['BAD_USER_INPUT name']],
    ['NUL in the name', { name: 'a\0' }, ['BAD_USER_INPUT name']],
    ['a template that does not exist', { template: 'gold' }, ['NOT_FOUND template']],
    ['a parent that does not exist', { name: 'x', parentId: 'nowhere' }, ['NOT_FOUND parentId']],
    ['a parent of another owner', { name: 'x', parentId: 'fld-of-other' }, ['NOT_FOUND parentId']],
    ['an id that is taken', { name: 'y', id: 'fld-of-other' }, ['CONFLICT id']],
  ])('a person who sends %s is told so', async (_, input, expected) => {
    await mutate(app, 'createFolder', { id: 'fld-of-other', ownerId: 'cus_other', name: 'Theirs' });
    const payload = await mutate(app, 'createFolder', { ownerId: 'cus_e', ...input });
    expect(mistakes(payload)).toEqual(expected);
    expect(payload).toMatchObject({ folder: null, folders: null });
  });

  test('folders lie in each other until a path has 500 characters, and no further', async () => {
    let parentId: unknown = null;
    for (let depth = 1; depth <= 4; depth++) {
      const { folder } = await mutate(app, 'createFolder', { ownerId: 'cus_deep', name: '😀'.repeat(50), parentId });
      expect(String(folder?.path)).toHaveLength(101 * depth);
      parentId = folder?.id;
    }
    const tooDeep = await mutate(app, 'createFolder', { ownerId: 'cus_deep', name: 'x'.repeat(96), parentId });
    expect(mistakes(tooDeep)).toEqual(['BAD_USER_INPUT name']);
    const longest = await mutate(app, 'createFolder', { ownerId: 'cus_deep', name: 'x'.repeat(95), parentId });
    expect(longest.userErrors).toEqual([]);
    const template = await mutate(app, 'createFolder', {
      ownerId: 'cus_deep',
      parentId: longest.folder?.id,
      template: 'standard',
    });
    expect(mistakes(template)).toEqual(['BAD_USER_INPUT name']);
  });
});

describe('folders', () => {
  test('a person lists the folders of an owner by path, and those of one place', async () => {
    const { folder } = await mutate(app, 'createFolder', { ownerId: 'cus_list', name: 'B', template: 'standard' });
    await mutate(app, 'createFolder', { ownerId: 'cus_list', name: 'A' });
    const list = async (args: string) => {
      const { data } = await app.execute<{ folders: { nodes: { path: string }[]; totalCount: number } }>(
        `{ folders(${args}) { nodes { path } totalCount } }`,
      );
      expect(data.folders.totalCount).toBe(data.folders.nodes.length);
      return data.folders.nodes.map(({ path }) => path);
    };
    expect(await list('filter: {ownerId: "cus_list", isTopLevel: true}')).toEqual(['/A', '/B']);
    expect(await list(`filter: {parentId: "${folder?.id}"}`)).toEqual(standardPaths.map((path) => `/B${path}`));
    expect(await list(`filter: {parentId: "${folder?.id}", isTopLevel: true}`)).toEqual([]);
    expect(await list('search: "NOTE", filter: {ownerId: "cus_list"}')).toEqual(['/B/Notes']);
    expect(await list('filter: {ownerId: "cus_list"}, orderBy: {field: PATH, direction: DESC}')).toHaveLength(7);
  });

  test('a folder counts the documents that lie in itself', async () => {
    const { folder } = await mutate(app, 'createFolder', { ownerId: 'cus_count', name: 'Full' });
    await upload(app, { ownerId: 'cus_count', folderId: folder?.id });
    await upload(app, { ownerId: 'cus_count', folderId: folder?.id });
    await upload(app, { ownerId: 'cus_count' });
    const { data } = await app.execute('query ($id: ID!) { folder(id: $id) { documentCount } }', { id: folder?.id });
    expect(data).toEqual({ folder: { documentCount: 2 } });
  });

  test('a person sees the templates', async () => {
    const { data } = await app.execute('{ folderTemplates { name folders } }');
    const folders = standardPaths.map((path) => path.slice(1));
    expect(data).toEqual({ folderTemplates: [{ name: 'standard', folders }] });
  });
});
