import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { documents } from '../../../subgraphs/documents/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { inShort, publishedBy } from '../../support/published-changes.ts';
import { mutate, upload } from './arrange.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(documents);
});
afterAll(() => app.stop());

test('a document is told as the graph has it, without its text', async () => {
  let id = '';
  const changes = await publishedBy(app, async () => {
    id = await upload(app, { text: 'a letter to nobody', size: undefined });
    await mutate(app, 'processDocument', { id });
  });
  expect(inShort(changes)).toEqual(['DOCUMENT_UPLOADED v1', 'DOCUMENT_PROCESSED v2']);
  const { data } = await app.execute<{ document: Record<string, unknown> }>(
    `query ($id: ID!) { document(id: $id) { id title type mimeType size status checksum owner { id } folder { id }
      processing { wordCount lineCount characterCount durationMs summary } createdAt updatedAt processedAt retentionUntil version } }`,
    { id },
  );
  const { owner, folder, ...rest } = data.document;
  expect(changes[1]?.data).toEqual({ ...rest, ownerId: (owner as { id: string }).id, folderId: folder });
  expect(JSON.stringify(changes)).not.toContain('letter to nobody');
});

test('a template tells the folders that it made, and nothing when all are there', async () => {
  const input = { ownerId: 'cus_folders', template: 'standard' };
  const made = await publishedBy(app, () => mutate(app, 'createFolder', input));
  expect(made.length).toBeGreaterThan(1);
  expect(new Set(inShort(made))).toEqual(new Set(['FOLDER_CREATED v1']));
  const again = await publishedBy(app, async () => {
    expect((await mutate(app, 'createFolder', input)).folders).toHaveLength(made.length);
  });
  expect(again).toEqual([]);
});

test('who follows processing is told what came of it, and of nothing else', async () => {
  const feed = await app.subscribe(
    `subscription { documentProcessed { ... on DocumentChange { changes { type } documents { id status } } } }`,
  );
  await feed.next();
  const text = await upload(app, { text: 'words', size: undefined });
  const film = await upload(app);
  await mutate(app, 'processDocument', { id: text });
  expect(await feed.next()).toEqual({
    documentProcessed: { changes: [{ type: 'DOCUMENT_PROCESSED' }], documents: [{ id: text, status: 'PROCESSED' }] },
  });
  await mutate(app, 'processDocument', { id: film });
  expect(await feed.next()).toMatchObject({ documentProcessed: { documents: [{ id: film, status: 'FAILED' }] } });
  await feed.return();
});
