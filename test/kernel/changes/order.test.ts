import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import { insertChanges } from '../../../kernel/changes/insert-changes.ts';
import { createTestLog, idsOf, note, readIds, readLog, someone, type TestLog } from '../../support/change-log.ts';
import { eventually } from '../../support/eventually.ts';
import { seededRandom } from '../../support/federation/seeded-random.ts';
import { runStatements } from '../../support/run-statements.ts';

const acme = someone();

function insert(client: pg.Client, ...changes: readonly ReturnType<typeof note>[]) {
  const { text, values } = insertChanges(changes);
  return client.query(text, values);
}

/** How many sessions of a log's database wait for a lock. */
async function waiting({ database }: TestLog): Promise<number> {
  const [row] = await runStatements(
    database.ownerUrl,
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return row?.count as number;
}

describe('a reader of the log', () => {
  let log: TestLog;
  beforeAll(async () => {
    log = await createTestLog();
  });
  afterAll(() => log.stop());

  test('never goes past a change that is not committed yet: the next of its tenant waits, those of others do not', async () => {
    const feed = log.open();
    const start = await feed.head(acme);
    const [slow, fast] = [await log.connect('crm', 'acme'), await log.connect('documents', 'acme')];
    await slow.query('BEGIN');
    await insert(slow, note('first'));
    const second = insert(fast, note('second', { app: 'documents', type: 'FOLDER_MADE', entity: 'Folder' }));
    await eventually(async () => (await waiting(log)) === 1);
    await log.write(note('elsewhere', { tenant: 'globex' }));
    expect(await feed.pull({ principal: acme, after: start, limit: 10 })).toMatchObject({
      changes: [],
      upToDate: true,
    });
    await slow.query('COMMIT');
    await second;
    const stream = feed.follow({ principal: acme, after: start });
    expect(await readIds(stream, 2)).toMatchObject({ ids: ['first', 'second'] });
  });

  test('sees all that was committed and nothing else, in order, however many write, wait and take it back', async () => {
    const feed = log.open({ pageSize: 7, ringBytes: 1 });
    const start = await feed.head(acme);
    const seen: string[] = [];
    const stream = feed.follow({ principal: acme, after: start });
    const reading = (async () => {
      for await (const event of stream) if (event.kind === 'batch') seen.push(...idsOf(event.changes));
    })();
    const random = seededRandom(5);
    const before = (await readLog(log.database)).length;
    const write = async (writer: number) => {
      const client = await log.connect('crm', 'acme');
      for (let round = 0; round < 25; round++) {
        await client.query('BEGIN');
        await client.query(`SELECT pg_sleep(${(random.next() / 500).toFixed(4)})`);
        const ids = Array.from(
          { length: 1 + Math.floor(random.next() * 3) },
          (_, index) => `${writer}-${round}-${index}`,
        );
        await insert(client, ...ids.map((id) => note(id)));
        await client.query(`SELECT pg_sleep(${(random.next() / 500).toFixed(4)})`);
        await client.query(random.next() < 0.2 ? 'ROLLBACK' : 'COMMIT');
        feed.poke(acme.tenantId);
      }
    };
    await Promise.all([0, 1, 2, 3, 4, 5].map(write));
    const committed = (await readLog(log.database)).slice(before).map(({ entity_id }) => entity_id);
    await eventually(() => seen.length >= committed.length);
    await stream.return?.();
    await reading;
    expect(seen).toEqual(committed);
  });
});

describe('without the lock of the tenant', () => {
  let log: TestLog;
  beforeAll(async () => {
    log = await createTestLog();
    await runStatements(
      log.database.ownerUrl,
      `CREATE OR REPLACE FUNCTION platform.lock_changes() RETURNS boolean LANGUAGE sql AS 'SELECT true'`,
    );
  });
  afterAll(() => log.stop());

  test('a reader goes past a change that is not committed yet, and never sees it', async () => {
    const feed = log.open();
    const start = await feed.head(acme);
    const [slow, fast] = [await log.connect('crm', 'acme'), await log.connect('crm', 'acme')];
    await slow.query('BEGIN');
    await insert(slow, note('lost'));
    await insert(fast, note('second'));
    const stream = feed.follow({ principal: acme, after: start });
    const { ids, to } = await readIds(stream, 1);
    expect(ids).toEqual(['second']);
    await slow.query('COMMIT');
    expect(await feed.pull({ principal: acme, after: to, limit: 10 })).toMatchObject({ changes: [], upToDate: true });
    expect((await readLog(log.database)).map(({ entity_id }) => entity_id)).toEqual(['lost', 'second']);
  });
});
