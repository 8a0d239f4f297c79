import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestLog, idsOf, nextBatch, note, readIds, someone, type TestLog } from '../../support/change-log.ts';
import { runStatements } from '../../support/run-statements.ts';

let log: TestLog;
beforeAll(async () => {
  log = await createTestLog();
});
afterAll(() => log.stop());

const acme = someone();

describe('who follows the changes of a tenant', () => {
  test('holds a cursor before anything has happened, and then gets every change once, in order', async () => {
    const feed = log.open();
    const stream = feed.follow({ principal: acme, after: null });
    const first = await nextBatch(stream);
    expect(first).toMatchObject({ changes: [], upToDate: true, compacted: false, from: first.to });
    await log.write(note('a'), note('b'));
    await log.write(note('c'));
    feed.poke(acme.tenantId);
    const batch = await nextBatch(stream);
    expect(batch).toMatchObject({ from: first.to, upToDate: true });
    expect(idsOf(batch.changes)).toEqual(['a', 'b', 'c']);
    expect(batch.changes[0]).toMatchObject({ app: 'crm', type: 'NOTE_WRITTEN', actor: 'ada', at: expect.any(Date) });
    expect(batch.changes.map((change) => feed.cursorOf(change)).at(-1)).toBe(batch.to);
    await stream.return?.();
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('goes on after a cursor, on whichever instance', async () => {
    const before = await log.open().head(acme);
    await log.write(note('d'));
    const one = log.open();
    const { ids, to } = await readIds(one.follow({ principal: acme, after: before }), 1);
    expect(ids).toEqual(['d']);
    await log.write(note('e'), note('f'));
    const other = log.open();
    expect(await readIds(other.follow({ principal: acme, after: to }), 2)).toMatchObject({ ids: ['e', 'f'] });
    expect(await readIds(other.follow({ principal: acme, after: before }), 3)).toMatchObject({ ids: ['d', 'e', 'f'] });
  });

  test('hears without a hint, because the log is looked into again and again', async () => {
    const feed = log.open({ pollMs: 20 });
    const stream = feed.follow({ principal: acme, after: null });
    await nextBatch(stream);
    await log.write(note('unannounced'));
    expect(await readIds(stream, 1)).toMatchObject({ ids: ['unannounced'] });
  });

  test('is let go at once, while waiting too, and when the feed ends', async () => {
    const feed = log.open();
    const [left, ended] = [null, null].map((after) => feed.follow({ principal: acme, after }));
    for (const stream of [left, ended]) if (stream) await nextBatch(stream);
    const waiting = left?.next();
    await left?.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    const last = ended?.next();
    await feed.stop();
    expect(await last).toEqual({ done: true, value: undefined });
    expect(() => feed.follow({ principal: acme, after: null })).toThrow('has been stopped');
  });

  test('gets batches that are cut at the same places as those of all others, wherever each began', async () => {
    const feed = log.open({ pageSize: 4 });
    const start = await feed.head(acme);
    const early = feed.follow({ principal: acme, after: null });
    await nextBatch(early);
    await log.write(...['1', '2', '3', '4', '5', '6'].map((id) => note(id)));
    const middle = (await feed.pull({ principal: acme, after: start, limit: 2 })) as { to: string };
    feed.poke(acme.tenantId);
    const whole = [await nextBatch(early), await nextBatch(early)];
    const late = feed.follow({ principal: acme, after: middle.to });
    const rest = [await nextBatch(late), await nextBatch(late)];
    expect(whole.map(({ changes }) => idsOf(changes))).toEqual([
      ['1', '2', '3', '4'],
      ['5', '6'],
    ]);
    expect(rest.map(({ changes }) => idsOf(changes))).toEqual([
      ['3', '4'],
      ['5', '6'],
    ]);
    expect(rest.map(({ to }) => to)).toEqual(whole.map(({ to }) => to));
    expect(rest.at(-1)).toMatchObject({ from: rest[0]?.to, upToDate: true });
  });

  test('hears from time to time that there is nothing new, with the cursor up to which that is so', async () => {
    const feed = log.open({ heartbeatMs: 20 });
    const [filtered, all] = [{ types: ['NOTE_PINNED'] }, {}].map((filter) =>
      feed.follow({ principal: acme, after: null, filter }),
    );
    if (!filtered || !all) throw new Error('There are two.');
    const first = await nextBatch(filtered);
    await nextBatch(all);
    await log.write(note('for one of them'));
    feed.poke(acme.tenantId);
    const { to } = await readIds(all, 1);
    let beat = first;
    do {
      const next = await nextBatch(filtered);
      expect(next).toMatchObject({ from: beat.to, changes: [] });
      beat = next;
    } while (beat.to !== to);
  });

  test('that is slow holds nothing but a place: what it missed is read from the log when it asks', async () => {
    const feed = log.open({ ringBytes: 1, pageSize: 10 });
    const slow = feed.follow({ principal: acme, after: null });
    const fast = feed.follow({ principal: acme, after: null });
    const { to } = await nextBatch(slow);
    await nextBatch(fast);
    const ids = Array.from({ length: 400 }, (_, index) => `n${index}`);
    const bulk = 'x'.repeat(500);
    for (let at = 0; at < ids.length; at += 50) {
      await log.write(...ids.slice(at, at + 50).map((id) => note(id, { data: { id, bulk } })));
      feed.poke(acme.tenantId);
      expect(await readIds(fast, 50)).toMatchObject({ ids: ids.slice(at, at + 50) });
    }
    const first = await nextBatch(slow);
    expect(first).toMatchObject({ from: to, upToDate: false });
    const rest = await readIds(slow, ids.length - first.changes.length);
    expect([...idsOf(first.changes), ...rest.ids]).toEqual(ids);
  });

  test('gets of each record the newest change alone, where many have piled up and it asks for that', async () => {
    const feed = log.open({ pageSize: 3 });
    const start = await feed.head(acme);
    await log.write(note('a'), note('b', { version: 1 }), note('a', { version: 2 }), note('c', { op: 'DELETE' }));
    await log.write(note('b', { op: 'ACK', clientId: 'one' }), note('b', { version: 2 }), note('a', { version: 3 }));
    const batch = await nextBatch(feed.follow({ principal: acme, after: start, compact: true }));
    expect(batch.changes.map(({ entityId, op, version }) => `${op} ${entityId} ${version}`)).toEqual([
      'DELETE c 1',
      'ACK b 1',
      'PUT b 2',
      'PUT a 3',
    ]);
    expect(batch).toMatchObject({ compacted: true, upToDate: true });
    expect(await nextBatch(feed.follow({ principal: acme, after: start }))).toMatchObject({ compacted: false });
  });

  test('goes on when the database has been away', async () => {
    const feed = log.open({ pollMs: 20 });
    const stream = feed.follow({ principal: acme, after: null });
    await nextBatch(stream);
    await runStatements(
      log.database.ownerUrl,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'panorama-feed'`,
    );
    await log.write(note('after the break'));
    expect(await readIds(stream, 1)).toMatchObject({ ids: ['after the break'] });
  });
});
