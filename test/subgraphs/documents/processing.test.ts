import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { documents } from '../../../subgraphs/documents/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { mistakes, mutate, upload } from './arrange.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(documents);
});
afterAll(() => app.stop());

test.each<[string, string, { wordCount: number; lineCount: number; characterCount: number }]>([
  ['an empty text', '', { wordCount: 0, lineCount: 0, characterCount: 0 }],
  ['blanks', ' \n\t', { wordCount: 0, lineCount: 2, characterCount: 3 }],
  ['one line', 'three small words', { wordCount: 3, lineCount: 1, characterCount: 17 }],
  ['a last line that ends', 'one\ntwo\n', { wordCount: 2, lineCount: 2, characterCount: 8 }],
  ['line breaks of Windows', 'one\r\ntwo', { wordCount: 2, lineCount: 2, characterCount: 8 }],
  ['letters beyond ASCII', 'blåbær på æble', { wordCount: 3, lineCount: 1, characterCount: 14 }],
  ['pictures of two code units', '😀 👍🏽', { wordCount: 2, lineCount: 1, characterCount: 4 }],
])('a person processes %s and gets its counts', async (_, text, counts) => {
  const id = await upload(app, { text, size: null });
  const { document, userErrors } = await mutate(app, 'processDocument', { id });
  expect(userErrors).toEqual([]);
  expect(document).toMatchObject({ status: 'PROCESSED', version: 2, processing: counts });
  expect(document).toMatchObject({ processedAt: expect.any(String), processing: { durationMs: expect.any(Number) } });
});

test('a person processes a document twice and gets the same counts again', async () => {
  const id = await upload(app, { text: 'one two', size: null });
  await mutate(app, 'processDocument', { id });
  const { document } = await mutate(app, 'processDocument', { id });
  expect(document).toMatchObject({ status: 'PROCESSED', version: 3, processing: { wordCount: 2 } });
});

test('a document without text becomes FAILED and says why', async () => {
  const id = await upload(app, { size: 4_096 });
  const { document, userErrors } = await mutate(app, 'processDocument', { id });
  expect(userErrors).toEqual([]);
  expect(document).toMatchObject({
    status: 'FAILED',
    processing: { wordCount: null, lineCount: null, characterCount: null, durationMs: 0 },
  });
  expect(document?.processing).toMatchObject({ summary: expect.stringContaining('no text') });
  await mutate(app, 'updateDocument', { id, text: 'now there is one' });
  const again = await mutate(app, 'processDocument', { id });
  expect(again.document).toMatchObject({ status: 'PROCESSED', processing: { wordCount: 4 } });
});

test('a text of 1,000,000 characters is measured whole', async () => {
  const id = await upload(app, { text: 'word \n'.repeat(166_666), size: null });
  const { document } = await mutate(app, 'processDocument', { id });
  expect(document).toMatchObject({ processing: { wordCount: 166_666, lineCount: 166_666 } });
});

test('a change that comes while the document is processed is not lost', async () => {
  const id = await upload(app, { text: 'one', size: null });
  await Promise.all([mutate(app, 'processDocument', { id }), mutate(app, 'updateDocument', { id, text: 'one two' })]);
  const { data } = await app.execute<{ document: { status: string; processing: { wordCount: number } | null } }>(
    'query ($id: ID!) { document(id: $id) { text version status processing { wordCount } } }',
    { id },
  );
  expect(data.document).toMatchObject({ text: 'one two', version: 3 });
  // Whichever came second: the counts are those of the present text, or there are none.
  expect([2, undefined]).toContain(data.document.processing?.wordCount);
});

test('a person who processes what does not exist gets NOT_FOUND', async () => {
  expect(mistakes(await mutate(app, 'processDocument', { id: 'none' }))).toEqual(['NOT_FOUND id']);
});
