import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { runStatements } from '../../support/run-statements.ts';

let database: TestDatabase;
const sessions = new Map<string, pg.Client>();
beforeAll(async () => {
  database = await createTestDatabase();
  for (const app of ['crm', 'documents', 'feed', 'gateway']) {
    const session = new pg.Client({ connectionString: database.urlFor(app) });
    await session.connect();
    sessions.set(app, session);
  }
  for (const tenant of ['acme', 'globex']) {
    await as('crm', tenant, insert({ tenant_id: tenant, entity_id: `of-${tenant}` }));
    await as('documents', tenant, insert({ tenant_id: tenant, entity_id: `of-${tenant}`, app: 'documents' }));
  }
});
afterAll(async () => {
  for (const session of sessions.values()) await session.end();
  await database.drop();
});

/** Runs statements as the role of an app, in the name of a tenant; gives the rows of the last. */
async function as(app: string, tenant: string, ...statements: readonly string[]) {
  const session = sessions.get(app);
  await session?.query(`SET panorama.operator = ''; SET panorama.tenant_id = '${tenant}'`);
  let rows: readonly unknown[] | undefined;
  for (const statement of statements) rows = (await session?.query(statement))?.rows;
  return rows;
}

const change = { type: 'T', entity: 'E', entity_id: 'e', version: 1, op: 'PUT', data: {}, actor: 'ada' };

/** Appends a change as apps do. */
function insert(fields: Readonly<Record<string, unknown>> = {}): string {
  const { tenant_id = 'acme', app = 'crm', ...rest } = fields;
  const row = { ...change, source_app: 'web', priority: 'NORMAL', ...rest };
  return `SELECT platform.append_changes('${tenant_id}', '${app}', '${JSON.stringify([row])}')`;
}

/** A row for the table itself, with all that the database decides. */
const rowByHand = `(tenant_id, seq, epoch, app, type, entity, entity_id, version, op, data, actor, source_app, priority)
  VALUES ('acme', 1, gen_random_uuid(), 'crm', 'T', 'E', 'e', 1, 'PUT', '{}', 'ada', 'web', 'NORMAL')`;

const countAll = async () => {
  const [row] = await runStatements(database.ownerUrl, 'SELECT count(*)::int AS count FROM platform.change_log');
  return row?.count;
};

describe.each(['crm', 'feed', 'gateway'])('the role of %s', (app) => {
  test.each([
    ['change what was', `UPDATE platform.change_log SET data = '{}'`],
    ['delete it', 'DELETE FROM platform.change_log'],
    ['delete it as the operator', `SET panorama.operator = 'yes'; DELETE FROM platform.change_log`],
    ['empty the log', 'TRUNCATE platform.change_log'],
    ['read a partition by itself', 'SELECT * FROM platform.change_log_1'],
    ['write to a partition by itself', `INSERT INTO platform.change_log_1 ${rowByHand}`],
    ['give a change its number, epoch or time', `INSERT INTO platform.change_log ${rowByHand}`],
    ['do so as the operator', `SET panorama.operator = 'yes'; INSERT INTO platform.change_log ${rowByHand}`],
    ['move the numbers', `SELECT setval('platform.change_numbers', 1)`],
    ['take a number without the lock', `SELECT nextval('platform.change_numbers')`],
    ['choose the epoch', 'UPDATE platform.log_life SET epoch = gen_random_uuid()'],
    ['make the log forget', 'INSERT INTO platform.log_floors VALUES (1, 1)'],
    ['know the age of partitions', 'SELECT * FROM platform.log_marks'],
    ['drop a partition', 'DROP TABLE platform.change_log_1'],
    [
      'put a function of its own in the place of ours',
      'CREATE OR REPLACE FUNCTION platform.lock_changes() RETURNS boolean LANGUAGE sql RETURN true',
    ],
  ])('cannot %s', async (_what, statement) => {
    await expect(as(app, 'acme', statement)).rejects.toThrow(/permission denied|must be owner/);
    expect(await countAll()).toBe(4);
  });
});

describe('the role of an app', () => {
  test.each([
    ['in the name of another tenant', 'acme', { tenant_id: 'globex' }, 'another tenant'],
    ['in the name of another app', 'acme', { app: 'documents' }, 'permission denied'],
    ['in the name of an app that is none', 'acme', { app: '%' }, 'permission denied'],
    ['without a tenant', '', {}, 'names none'],
  ])('writes no change %s', async (_what, tenant, fields, message) => {
    await expect(as('crm', tenant, insert(fields))).rejects.toThrow(message);
    expect(await countAll()).toBe(4);
  });

  test('chooses neither the number of a change nor its epoch, its time or its tenant', async () => {
    const [before] = await runStatements(
      database.ownerUrl,
      'SELECT max(seq) AS seq, max(epoch::text) AS epoch FROM platform.change_log',
    );
    const chosen = { seq: 1, epoch: '00000000-0000-0000-0000-000000000000', at: '2000-01-01' };
    await as('crm', 'acme', 'BEGIN', insert({ ...chosen, entity_id: 'chosen' }));
    const [row] =
      (await as(
        'crm',
        'acme',
        `SELECT seq > ${before?.seq} AS later, epoch::text, at > now() - interval '1 day' AS young, tenant_id
       FROM platform.change_log WHERE entity_id = 'chosen'`,
      )) ?? [];
    expect(row).toEqual({ later: true, epoch: before?.epoch, young: true, tenant_id: 'acme' });
    await as('crm', 'acme', 'ROLLBACK');
  });

  test('is no operator for having appended a change', async () => {
    expect(
      await as('crm', 'acme', 'BEGIN', insert(), `SELECT current_setting('panorama.operator', true) AS operator`),
    ).toEqual([{ operator: '' }]);
    await as('crm', 'acme', 'ROLLBACK');
  });

  test.each(['acme', 'globex'])('reads what it wrote itself for %s, and nothing else', async (tenant) => {
    const rows = await as('crm', tenant, 'SELECT entity_id, app FROM platform.change_log');
    expect(rows).toEqual([{ entity_id: `of-${tenant}`, app: 'crm' }]);
    expect(await as('crm', '', 'SELECT entity_id FROM platform.change_log')).toEqual([]);
  });

  test('learns nothing of the places of tenants', async () => {
    const asking = `SELECT platform.changed_tenants(ARRAY['acme'], ARRAY[0::bigint])`;
    await expect(as('crm', 'acme', asking)).rejects.toThrow('permission denied');
    await expect(as('gateway', 'acme', asking)).rejects.toThrow('permission denied');
    await expect(as('gateway', 'acme', 'SELECT * FROM platform.change_log')).rejects.toThrow('permission denied');
  });
});

describe('the role of the feed', () => {
  test.each(['acme', 'globex'])('reads what all apps wrote for %s, when the transaction names it', async (tenant) => {
    const rows = await as('feed', tenant, 'SELECT entity_id, app FROM platform.change_log ORDER BY app');
    expect(rows).toEqual(['crm', 'documents'].map((app) => ({ entity_id: `of-${tenant}`, app })));
    expect(await as('feed', '', 'SELECT entity_id FROM platform.change_log')).toEqual([]);
  });

  test('learns of other tenants whether they have something new, and never sees it', async () => {
    const asking = `SELECT platform.changed_tenants(ARRAY['acme', 'globex', 'nobody'], ARRAY[0::bigint, 1000000, 0])`;
    expect(await as('feed', '', asking)).toEqual([{ changed_tenants: 'acme' }]);
    expect(await as('feed', '', asking, 'SELECT entity_id FROM platform.change_log')).toEqual([]);
  });

  test('writes nothing', async () => {
    await expect(as('feed', 'acme', insert({ app: 'feed' }))).rejects.toThrow('permission denied');
  });
});

test('what the log says is not even changed by its owner', async () => {
  const changing = `UPDATE platform.change_log SET data = '{"forged": true}'`;
  await expect(runStatements(database.ownerUrl, changing)).rejects.toThrow('is never changed');
});
