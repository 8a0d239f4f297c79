import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Change } from '../../../kernel/changes/change.ts';
import { conditionsOf, type LogSearch, readPast, searchStatement } from '../../../kernel/changes/change-history.ts';
import type { ChangeFeed, HistoryOptions } from '../../../kernel/changes/feed.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { createTestLog, idsOf, note, someone, type TestLog } from '../../support/change-log.ts';
import { runStatements } from '../../support/run-statements.ts';

let log: TestLog;
let feed: ChangeFeed;
beforeAll(async () => {
  log = await createTestLog();
  feed = log.open();
  for (let batch = 0; batch < 3; batch++) {
    const letters = ['a', 'b', 'c'].map((letter) =>
      note(`${letter}${batch}`, { data: { id: letter, authorId: letter } }),
    );
    await log.write(...letters);
    await log.write(note(`of globex ${batch}`, { tenant: 'globex' }));
  }
  await log.write(note('pinned', { type: 'NOTE_PINNED', priority: 'HIGH', correlationId: 'a request' }));
});
afterAll(() => log.stop());

const acme = someone();
const read = (options: Partial<HistoryOptions> = {}) =>
  feed.history({ principal: acme, filter: {}, beyond: undefined, direction: 'older', limit: 100, ...options });

describe('the past', () => {
  const inOrder = ['a0', 'b0', 'c0', 'a1', 'b1', 'c1', 'a2', 'b2', 'c2', 'pinned'];

  test('is read from either end, page by page, and is that of the tenant alone', async () => {
    expect(idsOf((await read()).changes)).toEqual(inOrder.toReversed());
    const first = await read({ direction: 'newer', limit: 4 });
    expect(idsOf(first.changes)).toEqual(inOrder.slice(0, 4));
    expect(first.hasMore).toBe(true);
    const second = await read({ direction: 'newer', limit: 6, beyond: first.reached });
    expect(idsOf(second.changes)).toEqual(inOrder.slice(4));
    expect(second.hasMore).toBe(false);
    const back = await read({ beyond: first.reached });
    expect(idsOf(back.changes)).toEqual(['c0', 'b0', 'a0']);
  });

  test('is searched by all that a feed filters by, and by request', async () => {
    const found = async (filter: HistoryOptions['filter']) => idsOf((await read({ filter })).changes);
    expect(await found({ types: ['NOTE_PINNED'] })).toEqual(['pinned']);
    expect(await found({ minPriority: 'HIGH' })).toEqual(['pinned']);
    expect(await found({ apps: ['flow-web'] })).toEqual(['pinned']);
    expect(await found({ apps: ['crm'] })).toHaveLength(10);
    expect(await found({ apps: ['documents'] })).toEqual([]);
    expect(await found({ entities: ['Note'], entityIds: ['b1', 'a0', 'none'] })).toEqual(['b1', 'a0']);
    expect(await found({ correlationId: 'a request' })).toEqual(['pinned']);
    expect(await found({ entities: [] })).toEqual([]);
  });

  test('has for each what it may read, on full pages', async () => {
    const principal = someone({ permissions: ['read:own-notes'], userId: 'b' });
    const page = await read({ principal, limit: 2 });
    expect(idsOf(page.changes)).toEqual(['b2', 'b1']);
    expect(page.hasMore).toBe(true);
    expect(idsOf((await read({ principal, limit: 2, beyond: page.reached })).changes)).toEqual(['b0']);
  });

  test('is refused from a place that is none, is not there yet, or belonged to another life of the log', async () => {
    const strange = await feed.head(someone({ tenant: 'globex' }));
    await expect(read({ beyond: strange })).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
    const [life] = await runStatements(log.database.ownerUrl, 'SELECT epoch FROM platform.log_life');
    const place = { tenantId: acme.tenantId, seq: 1_000, epoch: String(life?.epoch) };
    await expect(read({ beyond: feed.cursorOf(place) })).rejects.toMatchObject({ code: 'CURSOR_AHEAD' });
    const before = feed.cursorOf({ ...place, seq: 3 });
    await runStatements(log.database.ownerUrl, 'UPDATE platform.log_life SET epoch = gen_random_uuid()');
    await expect(read({ beyond: before })).rejects.toMatchObject({ code: 'EPOCH_CHANGED' });
  });
});

test('however long a log is, nobody who asks for what is new in it looks at what is old', async () => {
  const length = 5_000;
  const [last] = await runStatements(
    log.database.ownerUrl,
    `INSERT INTO platform.change_log (tenant_id, seq, epoch, app, type, entity, entity_id, version, op, data, actor, source_app, priority)
     SELECT 'long', nextval('platform.change_numbers'), (SELECT epoch FROM platform.log_life), 'crm', 'NOTE_WRITTEN', 'Note', n, 1,
       'PUT', '{}', 'ada', 'crm-web', 'NORMAL' FROM generate_series(1, ${length}) AS n`,
    'ANALYZE platform.change_log',
    `SELECT max(seq)::int AS seq FROM platform.change_log WHERE tenant_id = 'long'`,
  );
  const head = Number(last?.seq);
  const reader = await log.connect('feed', 'long');
  await reader.query('SET plan_cache_mode = force_generic_plan'); // as every statement is planned that was sent a few times
  const rowsOf = async (text: string, values: unknown[] = []) =>
    (await reader.query({ name: text.slice(0, 60), text, values })).rows;
  /** How many rows, and entries of indexes, were gone through in the log. */
  const looked = `SELECT sum(pg_stat_get_xact_tuples_returned(oid))::int AS count FROM pg_class WHERE relname LIKE 'change_log%'`;
  const search = {
    beyond: head - 3,
    direction: 'newer',
    scan: 2_000,
    limit: 10,
    conditions: conditionsOf(new Map(), {}),
  } as const;
  const { text, values } = searchStatement(parseTenantId('long'), search, 'c.seq');

  await reader.query('BEGIN');
  expect(await rowsOf(text, values)).toHaveLength(3);
  const changed = 'SELECT platform.changed_tenants($1::text[], $2::bigint[]) AS tenant';
  expect(
    await rowsOf(changed, [
      ['long', 'acme'],
      [head, 0],
    ]),
  ).toEqual([{ tenant: 'acme' }]);
  const [{ count }] = await rowsOf(looked);
  await reader.query('ROLLBACK');
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThan(length / 10);
});

test('whoever goes on from page to page sees every change that may be read once, however few there are', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 120_000 }),
      fc.integer({ min: 1, max: 60_000 }),
      fc.integer({ min: 1, max: 50 }),
      async (length, every, limit) => {
        const changes = Array.from({ length }, (_, index) => ({ seq: index + 1 }) as Change);
        const look = async ({ beyond = 0, scan, limit: most }: LogSearch) => {
          const seen = changes.slice(beyond, beyond + scan);
          return { changes: seen.slice(0, most), reached: seen.at(-1)?.seq, isEnd: seen.length < scan };
        };
        const mayRead = ({ seq }: Change) => seq % every === 0;
        const found: number[] = [];
        const start = { direction: 'newer', limit, conditions: {} as LogSearch['conditions'] } as const;
        let beyond: number | undefined;
        for (let hasMore = true; hasMore && found.length < 200; ) {
          const page = await readPast(look, { ...start, beyond }, mayRead);
          expect(page.changes.length).toBeLessThanOrEqual(limit);
          found.push(...page.changes.map(({ seq }) => seq));
          hasMore = page.hasMore;
          beyond = page.reached;
        }
        const wanted = changes.filter(mayRead).map(({ seq }) => seq);
        expect(found).toEqual(wanted.slice(0, found.length));
        if (found.length < 200) expect(found).toHaveLength(wanted.length);
      },
    ),
    { numRuns: 20 },
  );
});
