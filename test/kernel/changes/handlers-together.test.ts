import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { PrismaClient } from '../../../generated/prisma/crm/client.ts';
import type { EventHandler } from '../../../kernel/changes/handlers/event-handler.ts';
import type { EventOptions } from '../../../kernel/changes/handlers/start-handlers.ts';
import { insertChanges } from '../../../kernel/changes/insert-changes.ts';
import { newEntityId } from '../../../kernel/data/entity-id.ts';
import { defineApp } from '../../../kernel/subgraph/app.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { companyChange } from '../../../subgraphs/crm/changes.ts';
import { createCrmLoaders } from '../../../subgraphs/crm/loaders.ts';
import { resolvers } from '../../../subgraphs/crm/resolvers.ts';
import { rules } from '../../../subgraphs/crm/rules.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { note } from '../../support/change-log.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';

/** What is done with the event of a user before anything is written, by id: the tests put it here. */
const obstacles = new Map<string, () => Promise<void> | undefined>();

/** Keeps a row for each event that is handled, and says so. */
const keepNote: EventHandler<PrismaClient> = async ({ entityId, tenantId }, { tx, publish }) => {
  const note = { id: newEntityId(), name: entityId, nameKey: '', tenantId };
  const row = await tx.client.company.create({ data: note });
  publish(companyChange('COMPANY_CREATED', row));
  await obstacles.get(entityId)?.();
  return 'changed';
};

const app = defineApp({
  name: 'crm',
  directory: new URL('../../../subgraphs/crm/', import.meta.url),
  resolvers,
  rules,
  createClient: (adapter) => new PrismaClient({ adapter }),
  createLoaders: createCrmLoaders,
  events: { USER_CREATED: keepNote },
});

const tenant = 'acme';
let database: TestDatabase;
let users: pg.Client;
let owner: pg.Pool;
const workers: TestApp[] = [];
let created = 0;

const soon = { pollMs: 20, discoverMs: 50, togetherMs: Number.POSITIVE_INFINITY };
/** Starts another process of the app: without hints of the others, as those are without its own. */
async function startWorker(times: EventOptions['times'] = {}, mostAttempts = 3): Promise<TestApp> {
  const retries = { mostAttempts, backoffMs: () => 0 };
  const worker = await startTestApp(app, database, [], { retries, times: { ...soon, ...times } });
  workers.push(worker);
  return worker;
}

/** Makes users, all in one transaction, and gives their ids; `prepare` is given them before. */
async function createUsers(count: number, prepare: (ids: readonly string[]) => void = () => undefined) {
  const ids = Array.from({ length: count }, (_, index) => `usr_${created + 1 + index}`);
  created += count;
  prepare(ids);
  const change = { app: 'users', type: 'USER_CREATED', entity: 'User' };
  const { text, values } = insertChanges(ids.map((id) => note(id, { ...change, tenant })));
  await users.query(text, values);
  return ids;
}

type Row = Readonly<Record<string, unknown>>;
const read = async (text: string, values: unknown[] = []): Promise<readonly Row[]> =>
  (await owner.query<Row>(text, values)).rows;

/** Those of some users whose events were handled, in that order; each is there as often as it was. */
async function handledOf(ids: readonly string[]): Promise<readonly unknown[]> {
  const logged = `SELECT data->>'name' AS name, entity_id FROM platform.change_log WHERE type = 'COMPANY_CREATED'`;
  const rows = await read(
    `SELECT l.name, c.id FROM (${logged} ORDER BY seq) l FULL JOIN crm.companies c ON c.id = l.entity_id
     WHERE coalesce(l.name, c.name) = ANY ($1)`,
    [ids],
  );
  for (const { name, id } of rows) expect([name, id]).not.toContain(null); // both, or none
  return rows.map(({ name }) => name);
}

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });
  users = new pg.Client({ connectionString: database.urlFor('users') });
  await users.connect();
  await users.query(`SELECT set_config('panorama.tenant_id', $1, false)`, [tenant]);
});

afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.stop();
  obstacles.clear();
});

afterAll(async () => {
  await users.end();
  await owner.end();
  await database.drop();
});

describe('many events of a tenant', () => {
  test('are handled in one transaction, each once and in their order, whichever of two workers does it', async () => {
    await startWorker();
    await startWorker();
    const ids = await createUsers(20);
    await eventually(async () => (await handledOf(ids)).length >= ids.length);
    expect(await handledOf(ids)).toEqual(ids);
    const [transactions] = await read(
      'SELECT count(DISTINCT xmin::text)::int FROM crm.companies WHERE name = ANY ($1)',
      [ids],
    );
    expect(transactions).toEqual({ count: 1 });
  });

  test('are no worse for one that fails among them: it leaves nothing, and comes after the others or never', async () => {
    const worker = await startWorker();
    await startWorker();
    let failures = 0;
    const ids = await createUsers(10, ([, second = '', , , , sixth = '']) => {
      obstacles.set(second, () => {
        failures += 1;
        if (failures <= 2) throw new Error('Not yet.');
      });
      obstacles.set(sixth, () => {
        throw new Error('Never.');
      });
    });
    const [, second, , , , sixth = ''] = ids;
    const dead = () => read('SELECT attempts FROM platform.event_failures WHERE dead_at IS NOT NULL');
    await eventually(async () => (await dead()).length === 1 && (await handledOf(ids)).length >= 9);
    const handled = await handledOf(ids);
    expect(handled.filter((id) => id !== second)).toEqual(ids.filter((id) => id !== second && id !== sixth));
    expect(handled.filter((id) => id === second)).toHaveLength(1);

    const replay = () => worker.running.events?.replay(parseTenantId(tenant), 0);
    expect(await replay()).toMatchObject({ handled: 0, dead: 1 }); // in vain: it stays given up
    expect(await dead()).toEqual([{ attempts: 4 }]);
    obstacles.delete(sixth);
    expect(await replay()).toMatchObject({ handled: 1, dead: 0 });
    expect(await handledOf([sixth])).toEqual([sixth]);
    expect(await dead()).toEqual([]);
  });

  test('are all listed when they were given up, though two workers try them at the same time', async () => {
    await startWorker({ pollMs: 5 });
    await startWorker({ pollMs: 5 });
    const ids = await createUsers(30, (them) => {
      for (const id of them) {
        obstacles.set(id, () => {
          throw new Error('Never.');
        });
      }
    });
    const failures = () =>
      read('SELECT entity_id, attempts, dead_at IS NOT NULL AS dead FROM platform.event_failures ORDER BY seq');
    await eventually(async () => {
      const rows = await failures();
      return rows.length === ids.length && rows.every(({ dead }) => dead);
    });
    expect(await failures()).toEqual(ids.map((id) => ({ entity_id: id, attempts: 3, dead: true })));
    await owner.query('DELETE FROM platform.event_failures');
  });
});

describe('a handler that does not end', () => {
  test('is one that fails: others go on, and it is tried again', async () => {
    await startWorker({ handlerMs: 200 }, 1_000);
    let calls = 0;
    const ids = await createUsers(3, ([, second = '']) => {
      obstacles.set(second, () => {
        calls += 1;
        return calls <= 2 ? new Promise<void>(() => undefined) : undefined;
      });
    });
    await eventually(async () => (await handledOf(ids)).length >= ids.length);
    expect([...(await handledOf(ids))].sort()).toEqual([...ids].sort());
    expect(calls).toBeGreaterThan(2);
  });

  test('is left when its app stops, and nothing of it stays: the next one to work on the log does it', async () => {
    const worker = await startWorker({ stopMs: 0 });
    const hung = Promise.withResolvers<void>();
    const [id = ''] = await createUsers(1, ([one = '']) => {
      obstacles.set(one, () => {
        hung.resolve();
        return new Promise<void>(() => undefined);
      });
    });
    await hung.promise;
    await worker.stop();
    expect(await handledOf([id])).toEqual([]);
    expect(await read('SELECT 1 FROM platform.event_failures')).toEqual([]);
    obstacles.delete(id);
    await startWorker();
    await eventually(async () => (await handledOf([id])).length > 0);
    expect(await handledOf([id])).toEqual([id]);
  });
});
