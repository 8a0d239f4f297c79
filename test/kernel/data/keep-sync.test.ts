import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { deleteOldSync } from '../../../kernel/data/keep-sync.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
  await client.query(`SET panorama.operator = 'yes'`);
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

async function column(sql: string): Promise<readonly unknown[]> {
  const { rows } = await client.query<{ value: unknown }>(sql);
  return rows.map(({ value }) => value);
}

describe('what is past its time', () => {
  test('of requests with a key goes as a whole, after a day', async () => {
    await client.query(`INSERT INTO platform.idempotency_keys (tenant_id, holder, key, digest, at) VALUES
      ('acme', 'key k', 'old', 'd', now() - interval '25 hours'), ('acme', 'key k', 'young', 'd', now() - interval '23 hours')`);
    // The second field of the old request was done a while after the first.
    await client.query(`INSERT INTO platform.idempotent_results (tenant_id, holder, key, app, field, result, at) VALUES
      ('acme', 'key k', 'old', 'crm', 'a 1', 'x', now() - interval '25 hours'),
      ('acme', 'key k', 'old', 'crm', 'b 1', 'x', now() - interval '20 hours'),
      ('acme', 'key k', 'young', 'crm', 'a 1', 'x', now() - interval '23 hours')`);
    await deleteOldSync(client);
    expect(await column('SELECT key AS value FROM platform.idempotency_keys')).toEqual(['young']);
    expect(await column('SELECT key AS value FROM platform.idempotent_results')).toEqual(['young']);
  });

  test('of a client is all but its last thousand mutations, and what it was told in vain until it knows', async () => {
    await client.query(`INSERT INTO platform.sync_results (tenant_id, client_id, mutation_id, app, digest, status)
      SELECT 'acme', 'c', id, 'crm', 'd', 'APPLIED' FROM generate_series(1, 1203) AS id
      UNION ALL SELECT 'acme', 'little', id, 'crm', 'd', 'APPLIED' FROM generate_series(1, 10) AS id`);
    await client.query(`INSERT INTO platform.sync_rejections (tenant_id, client_id, mutation_id, app, mutation) VALUES
      ('acme', 'c', 3, 'crm', '{}'), ('acme', 'c', 7, 'crm', '{}')`);
    await client.query(`INSERT INTO platform.sync_acknowledgements (tenant_id, client_id, up_to) VALUES
      ('acme', 'c', 2), ('acme', 'c', 5)`);
    await deleteOldSync(client);
    const ids = `SELECT mutation_id AS value FROM platform.sync_results WHERE client_id = 'c' ORDER BY mutation_id`;
    expect((await column(ids)).slice(0, 4)).toEqual([3, 7, 204, 205]);
    expect(await column(`SELECT mutation_id AS value FROM platform.sync_rejections`)).toEqual([7]);
    expect(await column(`SELECT up_to AS value FROM platform.sync_acknowledgements`)).toEqual([5]);
    expect(
      await column(`SELECT count(*)::integer AS value FROM platform.sync_results WHERE client_id = 'little'`),
    ).toEqual([10]);
  });
});
