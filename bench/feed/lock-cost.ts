import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { insertChanges } from '../../kernel/changes/insert-changes.ts';
import { connectionStringFor } from '../../kernel/data/app-role.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { type Ground, openGround } from '../../test/chaos/ground.ts';
import { runStatements } from '../../test/support/run-statements.ts';

const writers = 16;
const tenants = 100;
const rounds = 20;
const roundMs = 700;

/** The function of the migration, and one that does the same work without a lock. */
const lockFunction = (taking: string) => `
  CREATE OR REPLACE FUNCTION platform.lock_changes() RETURNS boolean
  LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $$
  BEGIN
    IF coalesce(current_setting('panorama.tenant_id', true), '') = '' THEN
      RAISE EXCEPTION 'Changes belong to a tenant, and the transaction names none.';
    END IF;
    PERFORM ${taking};
    RETURN true;
  END $$`;
const withLock = lockFunction(`pg_advisory_xact_lock(hashtextextended(current_setting('panorama.tenant_id'), 77))`);
const withoutLock = lockFunction(`hashtextextended(current_setting('panorama.tenant_id'), 77)`);

/** One transaction as an app writes it: a row and its change, for a tenant by chance. */
async function write(client: pg.Client): Promise<void> {
  const tenantId = parseTenantId(`tenant-${Math.floor(Math.random() * tenants)}`);
  const id = randomUUID();
  const name = `Company ${id}`;
  await client.query({ name: 'begin', text: 'BEGIN' });
  await client.query({
    name: 'tenant',
    text: `SELECT set_config('panorama.tenant_id', $1, true)`,
    values: [tenantId],
  });
  await client.query({
    name: 'company',
    text: 'INSERT INTO crm.companies (tenant_id, id, name, name_key) VALUES ($1, $2, $3, lower($3))',
    values: [tenantId, id, name],
  });
  const change = insertChanges([
    {
      ...{ tenantId, app: 'crm', actor: 'bench', sourceApp: 'bench', correlationId: id, priority: 'NORMAL' },
      ...{ type: 'COMPANY_CREATED', entity: 'Company', entityId: id, version: 1, op: 'PUT', data: { id, name } },
    },
  ]);
  await client.query({ name: 'change', text: change.text, values: [...change.values] });
  await client.query({ name: 'commit', text: 'COMMIT' });
}

/** Transactions in a second, of all writers together. */
async function measure(clients: readonly pg.Client[]): Promise<number> {
  const began = performance.now();
  let done = 0;
  await Promise.all(
    clients.map(async (client) => {
      for (; performance.now() - began < roundMs; done += 1) await write(client);
    }),
  );
  return (done * 1000) / (performance.now() - began);
}

async function connectWriters({ ownerUrl, secret }: Ground): Promise<pg.Client[]> {
  const connectionString = connectionStringFor(ownerUrl, { app: 'crm', secret });
  const clients = Array.from({ length: writers }, () => new pg.Client({ connectionString }));
  await Promise.all(clients.map((client) => client.connect()));
  return clients;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** What the lock of tenants costs where writes are spread over many: transactions a second with it and without. */
export async function measureLockCost(): Promise<{ readonly withLock: number; readonly withoutLock: number }> {
  const ground = await openGround();
  // As a platform runs: a commit waits for the disk, and its lock with it.
  await runStatements(ground.ownerUrl, 'ALTER SYSTEM SET fsync = on', 'SELECT pg_reload_conf()');
  const clients = await connectWriters(ground);
  try {
    const ways = [
      { text: withLock, figures: [] as number[] },
      { text: withoutLock, figures: [] as number[] },
    ] as const;
    await measure(clients);
    for (let round = 0; round < rounds; round += 1) {
      // In turn, and each first as often as the other: the tables grow all the while.
      for (const { text, figures } of round % 2 === 0 ? ways : ways.toReversed()) {
        await runStatements(ground.ownerUrl, text);
        await sleep(100);
        figures.push(await measure(clients));
      }
    }
    return { withLock: median(ways[0].figures), withoutLock: median(ways[1].figures) };
  } finally {
    await Promise.all(clients.map((client) => client.end()));
    await ground.stop();
  }
}
