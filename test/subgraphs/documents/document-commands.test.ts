import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { documents } from '../../../subgraphs/documents/index.ts';
import { startTestApp, type TestApp, type TestCaller } from '../../support/app.ts';
import { anyDocument, mistakes, mutate, upload } from './arrange.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(documents);
});
afterAll(() => app.stop());

async function countAll(): Promise<unknown> {
  const { data } = await app.execute<{ documents: { totalCount: number } }>('{ documents(first: 0) { totalCount } }');
  return data.documents.totalCount;
}

describe('uploadDocument', () => {
  test('a person uploads a text and its size in UTF-8 bytes and its checksum are worked out', async () => {
    const text = 'Grød og fløde\n  til aften  \n';
    const { document, userErrors } = await mutate(app, 'uploadDocument', {
      title: '  Opskrift ',
      type: 'NOTE',
      ownerId: 'cus_1',
      text,
    });
    expect(userErrors).toEqual([]);
    expect(document).toMatchObject({
      title: 'Opskrift',
      type: 'NOTE',
      mimeType: 'text/plain',
      size: Buffer.byteLength(text),
      checksum: createHash('sha256').update(text).digest('hex'),
      text,
      status: 'UPLOADED',
      owner: { id: 'cus_1' },
      folder: null,
      processing: null,
      processedAt: null,
      version: 1,
    });
  });

  test('an app registers content that is kept elsewhere, larger than 32 bits can count', async () => {
    const checksum = 'AB'.repeat(32);
    const { document } = await mutate(app, 'uploadDocument', {
      id: 'doc-elsewhere',
      title: 'Recording',
      ownerId: 'cus_1',
      size: 5_000_000_000,
      mimeType: 'Video/MP4',
      checksum,
    });
    expect(document).toMatchObject({
      id: 'doc-elsewhere',
      type: 'OTHER',
      mimeType: 'video/mp4',
      size: 5_000_000_000,
      checksum: checksum.toLowerCase(),
      text: null,
    });
  });

  test('a person keeps an empty text and one of exactly 1,000,000 characters', async () => {
    const empty = await mutate(app, 'uploadDocument', { title: 'Empty', ownerId: 'cus_1', text: '' });
    expect(empty.document).toMatchObject({ size: 0, text: '', mimeType: 'text/plain' });
    const long = await mutate(app, 'uploadDocument', { title: 'Long', ownerId: 'cus_1', text: 'ø'.repeat(1_000_000) });
    expect(long.document).toMatchObject({ size: 2_000_000 });
  });

  test.each<[string, Record<string, unknown>, string[]]>([
    ['neither text nor size', { size: undefined }, ['BAD_USER_INPUT text']],
    ['both text and size', { text: 'x' }, ['BAD_USER_INPUT size']],
    ['text and checksum', { text: 'x', size: null, checksum: 'a'.repeat(64) }, ['BAD_USER_INPUT checksum']],
    ['a text that is too long', { text: 'x'.repeat(1_000_001), size: null }, ['BAD_USER_INPUT text']],
    ['a text with NUL', { text: 'a\0b', size: null }, ['BAD_USER_INPUT text']],
    ['a text with half a character', { text: 'a\ud800', size: null }, ['BAD_USER_INPUT text']],
    ['a negative size', { size: -1 }, ['BAD_USER_INPUT size']],
    ['half a byte', { size: 1.5 }, ['BAD_USER_INPUT size']],
    ['a size beyond 1 TiB', { size: 2 ** 40 + 1 }, ['BAD_USER_INPUT size']],
    ['a blank title', { title: ' \n ' }, ['BAD_USER_INPUT title']],
    ['a title of 10,000 characters', { title: 'x'.repeat(10_000) }, ['BAD_USER_INPUT title']],
    ['a title with NUL', { title: 'a\0b' }, ['BAD_USER_INPUT title']],
    ['a checksum that is none', { checksum: 'abc' }, ['BAD_USER_INPUT checksum']],
    ['a media type that is none', { mimeType: 'text' }, ['BAD_USER_INPUT mimeType']],
    ['ids that are none', { id: '', ownerId: 'a b' }, ['BAD_USER_INPUT id', 'BAD_USER_INPUT ownerId']],
    ['a folder that does not exist', { folderId: 'nowhere' }, ['NOT_FOUND folderId']],
    ['an id that is taken', { id: 'doc-taken' }, ['CONFLICT id']],
  ])('a person who sends %s is told so and nothing is written', async (_, input, expected) => {
    await mutate(app, 'uploadDocument', { ...anyDocument, id: 'doc-taken' });
    const before = await countAll();
    const payload = await mutate(app, 'uploadDocument', { ...anyDocument, ...input });
    expect(mistakes(payload)).toEqual(expected);
    expect(payload.document).toBeNull();
    expect(await countAll()).toBe(before);
  });

  test('a person who sends a type that does not exist gets BAD_USER_INPUT', async () => {
    const { errors } = await app.execute(
      'mutation { uploadDocument(input: {title: "x", ownerId: "o", size: 1, type: SONG}) { document { id } } }',
    );
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  test('a document lies only in a folder of its own owner', async () => {
    const { folder } = await mutate(app, 'createFolder', { name: 'Mine', ownerId: 'cus_1' });
    const folderId = folder?.id;
    const mine = await mutate(app, 'uploadDocument', { ...anyDocument, ownerId: 'cus_1', folderId });
    expect(mine.document).toMatchObject({ folder: { id: folderId } });
    const theirs = await mutate(app, 'uploadDocument', { ...anyDocument, ownerId: 'cus_2', folderId });
    expect(mistakes(theirs)).toEqual(['NOT_FOUND folderId']);
  });
});

describe('updateDocument', () => {
  test('a person changes the given fields only', async () => {
    const id = await upload(app, { title: 'Draft', type: 'CONTRACT', text: 'one', size: null });
    const { document } = await mutate(app, 'updateDocument', { id, title: 'Final' });
    expect(document).toMatchObject({ title: 'Final', type: 'CONTRACT', text: 'one', version: 2 });
  });

  test('a new text gets a new size and checksum and waits to be processed again', async () => {
    const id = await upload(app, { text: 'one', size: null });
    await mutate(app, 'processDocument', { id });
    const { document } = await mutate(app, 'updateDocument', { id, text: 'one two' });
    const checksum = createHash('sha256').update('one two').digest('hex');
    expect(document).toMatchObject({ text: 'one two', size: 7, checksum, status: 'UPLOADED', processing: null });
    expect(document).toMatchObject({ processedAt: null, version: 3 });
  });

  test('a person moves a document into a folder of its owner, not into one of someone else, and out again', async () => {
    const id = await upload(app, { ownerId: 'cus_mover' });
    const mine = await mutate(app, 'createFolder', { name: 'Mine', ownerId: 'cus_mover' });
    const theirs = await mutate(app, 'createFolder', { name: 'Theirs', ownerId: 'cus_other' });
    const moved = await mutate(app, 'updateDocument', { id, folderId: mine.folder?.id });
    expect(moved.document).toMatchObject({ folder: { id: mine.folder?.id } });
    const refused = await mutate(app, 'updateDocument', { id, folderId: theirs.folder?.id });
    expect(mistakes(refused)).toEqual(['NOT_FOUND folderId']);
    const renamed = await mutate(app, 'updateDocument', { id, title: 'Still there' });
    expect(renamed.document).toMatchObject({ folder: { id: mine.folder?.id } });
    const out = await mutate(app, 'updateDocument', { id, folderId: null });
    expect(out.document).toMatchObject({ folder: null });
  });

  test('of two people who change the same version the second gets CONFLICT', async () => {
    const id = await upload(app);
    const change = { id, baseVersion: 1 };
    const [first, second] = await Promise.all([
      mutate(app, 'updateDocument', { ...change, title: 'A' }),
      mutate(app, 'updateDocument', { ...change, title: 'B' }),
    ]);
    expect([...mistakes(first), ...mistakes(second)]).toEqual(['CONFLICT baseVersion']);
  });

  test('a person who changes what does not exist gets NOT_FOUND', async () => {
    expect(mistakes(await mutate(app, 'updateDocument', { id: 'none', title: 'x' }))).toEqual(['NOT_FOUND id']);
  });
});

describe('deleteDocument', () => {
  test('a person removes a document and gets it back once more as it was', async () => {
    const id = await upload(app, { title: 'Old' });
    expect(mistakes(await mutate(app, 'deleteDocument', { id, baseVersion: 7 }))).toEqual(['CONFLICT baseVersion']);
    const { document } = await mutate(app, 'deleteDocument', { id, baseVersion: 1 });
    expect(document).toMatchObject({ id, title: 'Old', version: 2 });
    const { data } = await app.execute('query ($id: ID!) { document(id: $id) { id } }', { id });
    expect(data).toEqual({ document: null });
    expect(mistakes(await mutate(app, 'deleteDocument', { id }))).toEqual(['NOT_FOUND id']);
  });
});

test('a caller is told what they may do with a document', async () => {
  const id = await upload(app, { title: 'Whose?', ownerId: 'cus_may' });
  const ask = (caller: TestCaller) =>
    app.execute('query ($id: ID!) { document(id: $id) { viewerCan { update process delete } } }', { id }, caller);
  const all = (may: boolean) => ({ document: { viewerCan: { update: may, process: may, delete: may } } });
  expect((await ask({})).data).toEqual(all(true));
  expect((await ask({ permissions: ['read:documents'] })).data).toEqual(all(false));
});
