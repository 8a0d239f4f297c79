import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ChangeFeed } from '../../../kernel/changes/feed.ts';
import { createTestLog, idsOf, nextBatch, note, someone, type TestLog } from '../../support/change-log.ts';
import { runStatements } from '../../support/run-statements.ts';

let log: TestLog;
let feed: ChangeFeed;
beforeAll(async () => {
  log = await createTestLog();
  feed = log.open({ pollMs: 20 });
  await log.write(note('a'));
});
afterAll(() => log.stop());

const acme = someone();

describe('a cursor of the feed', () => {
  const refused = { code: 'CURSOR_INVALID' };
  const expectRefused = async (cursor: string, principal = acme) => {
    expect(() => feed.follow({ principal, after: cursor })).toThrow(expect.objectContaining(refused));
    await expect(feed.pull({ principal, after: cursor, limit: 1 })).rejects.toMatchObject(refused);
  };

  test('is none for another tenant', async () => {
    await expectRefused(await feed.head(acme), someone({ tenant: 'globex' }));
  });

  test('is none under another secret', async () => {
    await expectRefused(await log.open({ secret: 'another secret of another platform' }).head(acme));
  });

  test('is none with any of its characters changed, nor a text that only decodes to it', async () => {
    const cursor = await feed.head(acme);
    for (let at = 0; at < cursor.length; at++) {
      const other = cursor[at] === 'A' ? 'B' : 'A';
      await expectRefused(`${cursor.slice(0, at)}${other}${cursor.slice(at + 1)}`);
    }
    for (const text of ['', 'now', '0', `${cursor}A`, `${cursor}=`, ` ${cursor}`, cursor.slice(1)])
      await expectRefused(text);
  });

  test('that lies after the newest change is not taken for one of what is to come', async () => {
    const { database } = log;
    const [row] = await runStatements(database.ownerUrl, 'SELECT max(seq)::int AS head FROM platform.change_log');
    const [life] = await runStatements(database.ownerUrl, 'SELECT epoch FROM platform.log_life');
    const seq = (row?.head as number) + 5;
    const ahead = feed.cursorOf({ tenantId: acme.tenantId, epoch: life?.epoch as string, seq });
    const resync = { kind: 'resync', reason: 'CURSOR_AHEAD', from: await feed.head(acme) };
    expect(await feed.pull({ principal: acme, after: ahead, limit: 1 })).toEqual(resync);
    const stream = feed.follow({ principal: acme, after: ahead });
    expect(await stream.next()).toEqual({ done: false, value: resync });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('is worth nothing after a restore or a failover, also to who follows at that moment', async () => {
    const before = await feed.head(acme);
    const stream = feed.follow({ principal: acme, after: null });
    await nextBatch(stream);
    const [old] = await runStatements(log.database.ownerUrl, 'SELECT epoch FROM platform.log_life');
    // As if the database had been taken to another server.
    await runStatements(log.database.ownerUrl, 'UPDATE platform.log_life SET system_identifier = 1');
    const { value } = await stream.next();
    expect(value).toMatchObject({ kind: 'resync', reason: 'EPOCH_CHANGED' });
    const other = log.open();
    for (const one of [feed, other]) {
      expect((await one.follow({ principal: acme, after: before }).next()).value).toMatchObject({
        reason: 'EPOCH_CHANGED',
      });
      expect(await one.pull({ principal: acme, after: before, limit: 1 })).toMatchObject({ reason: 'EPOCH_CHANGED' });
    }
    await log.write(note('in the new life'));
    const batch = await nextBatch(feed.follow({ principal: acme, after: value?.from }));
    expect(idsOf(batch.changes)).toEqual(['in the new life']);
    expect(batch.changes[0]?.epoch).not.toBe(old?.epoch);
  });

  test('stays good over a restart of the server that has lost nothing', async () => {
    const cursor = await feed.head(acme);
    await runStatements(log.database.ownerUrl, 'SELECT platform.renew_log_epoch()', 'CHECKPOINT');
    expect(await feed.head(acme)).toBe(cursor);
  });
});
