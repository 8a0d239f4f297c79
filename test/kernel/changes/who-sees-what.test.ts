import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ChangeFeed, ChangeFilter } from '../../../kernel/changes/feed.ts';
import { createTestLog, idsOf, note, someone, type TestLog } from '../../support/change-log.ts';

let log: TestLog;
let feed: ChangeFeed;
let start: string;
beforeAll(async () => {
  log = await createTestLog();
  feed = log.open();
  start = await feed.head(someone());
  await log.write(
    note('note', { data: { id: 'note', authorId: 'ada' } }),
    note('other note', { data: { id: 'other note', authorId: 'bob' } }),
    note('given away', { data: { id: 'given away', authorId: 'bob', formerAuthorId: 'ada' } }),
    note('pin', { type: 'NOTE_PINNED', priority: 'HIGH' }),
    note('remark', { type: 'REMARK_MADE', entity: 'Remark', priority: 'LOW', data: { id: 'r', authorId: 'ada' } }),
    note('other remark', {
      type: 'REMARK_MADE',
      entity: 'Remark',
      priority: 'LOW',
      data: { id: 'r', authorId: 'bob' },
    }),
    note('loose remark', { type: 'REMARK_MADE', entity: 'Remark', priority: 'LOW' }),
    note('forgotten', { type: 'NO_LONGER_KNOWN', priority: 'CRITICAL' }),
  );
  await log.write(note('folder', { app: 'documents', type: 'FOLDER_MADE', entity: 'Folder' }));
  await log.write(note('of globex', { tenant: 'globex' }));
});
afterAll(() => log.stop());

async function seenBy(principal = someone(), filter?: ChangeFilter) {
  const event = await feed.pull({ principal, after: start, limit: 100, filter });
  if (event.kind !== 'batch') throw new Error('A batch was expected.');
  return idsOf(event.changes);
}

describe('the feed tells a principal', () => {
  const remarks = ['remark', 'other remark', 'loose remark'];

  test('who may do everything all of its tenant, and nothing of another', async () => {
    const all = ['note', 'other note', 'given away', 'pin', ...remarks, 'forgotten', 'folder'];
    expect(await seenBy()).toEqual(all);
    const ofGlobex = someone({ tenant: 'globex' });
    const event = await feed.pull({ principal: ofGlobex, after: await feed.head(ofGlobex), limit: 9 });
    expect(event).toMatchObject({ changes: [] });
  });

  test.each([
    ['what needs nothing', [], ['folder']],
    ['what it has a permission for', ['read:notes'], ['note', 'other note', 'given away', ...remarks, 'folder']],
    [
      'what takes two, when it has both',
      ['read:notes', 'read:pins'],
      ['note', 'other note', 'given away', 'pin', ...remarks, 'folder'],
    ],
    ['what takes one of some', ['read:board'], ['pin', 'folder']],
    [
      'what every operation of a kind needs',
      ['read:*'],
      ['note', 'other note', 'given away', 'pin', ...remarks, 'folder'],
    ],
    ['what is its own', ['read:own-notes'], ['note', 'given away', 'folder']],
    [
      'only what is its own, where a narrower permission takes away',
      ['read:notes', 'read:own-notes'],
      ['note', 'other note', 'given away', 'remark', 'loose remark', 'folder'],
    ],
    [
      'all of that, where a wider permission gives it back',
      ['read:notes', 'read:own-notes', 'read:all-notes'],
      ['note', 'other note', 'given away', ...remarks, 'folder'],
    ],
  ])('%s', async (_what, permissions, expected) => {
    expect(await seenBy(someone({ permissions, userId: 'ada' }))).toEqual(expected);
  });

  test('nothing as its own, when it is no user', async () => {
    expect(await seenBy(someone({ permissions: ['read:own-notes'] }))).toEqual(['folder']);
  });

  test.each<[string, ChangeFilter, string[]]>([
    ['types', { types: ['NOTE_PINNED', 'FOLDER_MADE'] }, ['pin', 'folder']],
    ['the apps that they are for, or come from', { apps: ['flow-web', 'documents'] }, ['pin', 'folder']],
    ['entities', { entities: ['Remark'] }, remarks],
    ['records', { entities: ['Note'], entityIds: ['pin', 'remark'] }, ['pin']],
    ['a least priority', { minPriority: 'HIGH' }, ['pin', 'forgotten']],
    ['all at once', { types: ['NOTE_WRITTEN'], minPriority: 'HIGH' }, []],
    ['nothing', {}, ['note', 'other note', 'given away', 'pin', ...remarks, 'forgotten', 'folder']],
  ])('what a filter by %s lets through', async (_what, filter, expected) => {
    expect(await seenBy(someone(), filter)).toEqual(expected);
  });

  test('as much as it asks for, and whether that was all', async () => {
    const filter = { entities: ['Remark'] };
    const first = await feed.pull({ principal: someone(), after: start, limit: 2, filter });
    if (first.kind !== 'batch') throw new Error('A batch was expected.');
    expect([idsOf(first.changes), first.upToDate]).toEqual([['remark', 'other remark'], false]);
    const rest = await feed.pull({ principal: someone(), after: first.to, limit: 2, filter });
    expect(rest).toMatchObject({ from: first.to, upToDate: true, changes: [{ entityId: 'loose remark' }] });
  });
});
