import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { keepChangeLog } from '../../../kernel/data/log-keeper.ts';
import {
  createTestLog,
  idsOf,
  nextBatch,
  note,
  readIds,
  readLog,
  someone,
  type TestLog,
} from '../../support/change-log.ts';
import { runStatements } from '../../support/run-statements.ts';

let log: TestLog;
beforeAll(async () => {
  log = await createTestLog();
});
afterAll(() => log.stop());

const acme = someone();
const quiet = someone({ tenant: 'quiet' });

const keep = () => keepChangeLog({ ownerUrl: log.database.ownerUrl, retentionDays: 30 });
/** As if so many days had gone by since the keeper looked last. */
const age = (days: number) =>
  runStatements(log.database.ownerUrl, `UPDATE platform.log_marks SET at = at - interval '${days} days'`);

/** The partitions with bounds. */
async function partitions() {
  const rows = await runStatements(
    log.database.ownerUrl,
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'platform.change_log'::regclass ORDER BY inhrelid`,
  );
  return rows.map(({ name }) => name).filter((name) => name !== 'platform.change_log_rest');
}

describe('the change log is kept', () => {
  test('by partitions that are made ahead, a new one a day, and dropped as a whole when their time is over', async () => {
    const feed = log.open({ ringBytes: 1 });
    const start = await feed.head(acme);
    await log.write(note('old'));
    const between = await feed.head(acme);
    await log.write(note('of the quiet', { tenant: 'quiet' }));
    const seen = await feed.head(quiet);
    const slow = feed.follow({ principal: acme, after: start });
    await keep();
    expect(await partitions()).toHaveLength(3);
    await age(2);
    await keep();
    expect((await readLog(log.database)).map(({ seq }) => seq)).toEqual([1]);
    await log.write(note('new'));
    expect((await readLog(log.database)).map(({ seq }) => seq)).toEqual([1, 10_000_001]);
    await keep();
    expect(await partitions()).toHaveLength(4);
    await age(31);
    await keep();
    expect(await partitions()).toEqual(expect.not.arrayContaining(['platform.change_log_1']));
    expect((await readLog(log.database)).map(({ entity_id }) => entity_id)).toEqual(['new']);

    // Who was before what is gone has to load the state; who had seen it all has missed nothing.
    expect((await slow.next()).value).toMatchObject({ kind: 'resync', reason: 'CURSOR_EXPIRED' });
    expect(await slow.next()).toEqual({ done: true, value: undefined });
    expect(await feed.pull({ principal: acme, after: start, limit: 10 })).toMatchObject({ reason: 'CURSOR_EXPIRED' });
    expect(await readIds(log.open().follow({ principal: acme, after: between }), 1)).toMatchObject({ ids: ['new'] });
    expect(await feed.pull({ principal: quiet, after: seen, limit: 10 })).toMatchObject({
      changes: [],
      upToDate: true,
    });
  });

  test('where no partition has a place, too', async () => {
    const { ownerUrl } = log.database;
    await runStatements(ownerUrl, `SELECT setval('platform.change_numbers', 95000000)`);
    await log.write(note('stray'));
    expect(await runStatements(ownerUrl, 'SELECT entity_id FROM platform.change_log_rest')).toEqual([
      { entity_id: 'stray' },
    ]);
    const feed = log.open();
    const cursor = await feed.head(acme);
    await keep();
    await age(2);
    await keep();
    await log.write(note('home'));
    const batch = await nextBatch(feed.follow({ principal: acme, after: cursor }));
    expect(idsOf(batch.changes)).toEqual(['home']);
    await age(31);
    await keep();
    expect(await runStatements(ownerUrl, 'SELECT entity_id FROM platform.change_log_rest')).toEqual([]);
    expect(await readIds(log.open().follow({ principal: acme, after: cursor }), 1)).toMatchObject({ ids: ['home'] });
  });

  test('by one process at a time', async () => {
    await Promise.all([keep(), keep(), keep()]);
  });
});
