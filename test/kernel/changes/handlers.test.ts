import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { PrismaClient } from '../../../generated/prisma/crm/client.ts';
import type { EventHandler, EventHandlers } from '../../../kernel/changes/handlers/event-handler.ts';
import { newEntityId } from '../../../kernel/data/entity-id.ts';
import { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import { defineApp } from '../../../kernel/subgraph/app.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { coordination } from '../../../subgraphs/coordination/index.ts';
import { companyChange } from '../../../subgraphs/crm/changes.ts';
import { createCrmLoaders } from '../../../subgraphs/crm/loaders.ts';
import { resolvers } from '../../../subgraphs/crm/resolvers.ts';
import { rules } from '../../../subgraphs/crm/rules.ts';
import { documents } from '../../../subgraphs/documents/index.ts';
import { users } from '../../../subgraphs/users/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { correlationIdOfTests } from '../../support/call-app.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';

type Handler = EventHandler<PrismaClient>;

/** Keeps a row more for each time that it is called, and says so: whatever is handled twice shows. */
const keepNote: Handler = async ({ entityId, type, tenantId }, { tx, publish }) => {
  const note = { id: newEntityId(), name: `${type} ${entityId}`, nameKey: '' };
  publish(companyChange('COMPANY_CREATED', await tx.client.company.create({ data: { ...note, tenantId } })));
  return 'changed';
};

/** What handlers do with events of a user beside, by id: the tests put it here. */
const troubles = new Map<string, () => void>();
const handle: Handler = async (change, context) => {
  const reaction = await keepNote(change, context);
  troubles.get(change.entityId)?.();
  return reaction;
};

const appWith = (events: EventHandlers<PrismaClient>) =>
  defineApp({
    name: 'crm',
    directory: new URL('../../../subgraphs/crm/', import.meta.url),
    resolvers,
    rules,
    createClient: (adapter) => new PrismaClient({ adapter }),
    createLoaders: createCrmLoaders,
    events,
  });

const soon = { retries: { mostAttempts: 3, backoffMs: () => 0 }, times: { pollMs: 20, discoverMs: 50 } };

let database: TestDatabase;
let people: TestApp;
let owner: pg.Pool;
const workers: TestApp[] = [];
let created = 0;

/** Makes a user, and gives the id. */
async function createUser(tenant = 'acme'): Promise<string> {
  created += 1;
  const input = { id: `usr_${created}`, username: `user-${created}`, email: `user-${created}@example.com` };
  const text = 'mutation ($input: CreateUserInput!) { createUser(input: $input) { userErrors { message } } }';
  const { data } = await people.execute(text, { input }, { tenant });
  expect(data).toEqual({ createUser: { userErrors: [] } });
  return input.id;
}

async function renameUser(id: string): Promise<void> {
  const text = 'mutation ($input: UpdateUserInput!) { updateUser(input: $input) { userErrors { message } } }';
  await people.execute(text, { input: { id, username: `${id}-renamed` } });
}

type Row = Readonly<Record<string, unknown>>;
const read = async (text: string): Promise<readonly Row[]> => (await owner.query<Row>(text)).rows;

/** What was done because of a user's events, in order. */
async function notesOf(id: string): Promise<readonly unknown[]> {
  const rows = await read(`SELECT split_part(l.data->>'name', ' ', 1) AS type, c.id AS kept
    FROM (SELECT * FROM platform.change_log WHERE type = 'COMPANY_CREATED' AND data->>'name' LIKE '% ${id}') l
    FULL JOIN (SELECT * FROM crm.companies WHERE name LIKE '% ${id}') c ON c.id = l.entity_id ORDER BY l.seq`);
  for (const { kept, type } of rows) expect([kept, type]).not.toContain(null); // both, or none
  return rows.map(({ type }) => type);
}

const waitForNotes = (id: string, count: number) => eventually(async () => (await notesOf(id)).length >= count);

/** Waits until every worker has passed all that there is. */
async function passAll(tenant = 'acme'): Promise<void> {
  const [head] = await read(`SELECT max(seq)::int AS seq FROM platform.change_log WHERE tenant_id = '${tenant}'`);
  await Promise.all(workers.map(({ running }) => running.events?.reached(parseTenantId(tenant), Number(head?.seq))));
}

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });

  people = await startTestApp(users, database);
  const app = appWith({ USER_CREATED: handle, USER_UPDATED: handle });
  // As two processes would: each with a feed of its own, and no hints between them.
  for (let one = 0; one < 2; one++) workers.push(await startTestApp(app, database, [], soon));
});

afterAll(async () => {
  for (const app of [...workers, people]) await app.stop();
  await owner.end();
  await database.drop();
});

describe('the handlers of an app', () => {
  test('react to an event once, whichever of two workers does it, and say what it followed from', async () => {
    const ids: string[] = [];
    for (let one = 0; one < 12; one++) ids.push(await createUser());
    await Promise.all(ids.map((id) => waitForNotes(id, 1)));
    await passAll();
    for (const id of ids) expect(await notesOf(id)).toEqual(['USER_CREATED']);
    const reactions = await read(`SELECT r.actor, r.source_app, r.correlation_id, e.type, a.credential_id
      FROM platform.change_log r JOIN platform.change_log e ON r.causation_id = e.epoch || ':' || e.seq
      JOIN platform.audit_records a ON a.entity_id = r.entity_id WHERE r.data->>'name' LIKE '% ${ids[0]}'`);
    const crm = { actor: 'app:crm', source_app: 'crm', credential_id: 'app:crm' };
    expect(reactions).toEqual([{ ...crm, correlation_id: correlationIdOfTests, type: 'USER_CREATED' }]);
  });

  test('are given the events of a tenant in its name alone', async () => {
    const [ofAcme, ofGlobex] = [await createUser('acme'), await createUser('globex')];
    await Promise.all([waitForNotes(ofAcme, 1), waitForNotes(ofGlobex, 1)]);
    const rows = await read(`SELECT tenant_id, name FROM crm.companies
      WHERE name LIKE '% ${ofAcme}' OR name LIKE '% ${ofGlobex}' ORDER BY 1`);
    expect(rows).toEqual([
      { tenant_id: 'acme', name: `USER_CREATED ${ofAcme}` },
      { tenant_id: 'globex', name: `USER_CREATED ${ofGlobex}` },
    ]);
  });

  test('leave nothing of what fails, are tried again, and keep the order of a record', async () => {
    const attempts = new Map<string, number>();
    const id = `usr_${created + 1}`;
    troubles.set(id, () => {
      attempts.set(id, (attempts.get(id) ?? 0) + 1);
      if ((attempts.get(id) ?? 0) <= 2) throw new Error('Not yet.');
    });
    await createUser();
    await renameUser(id);
    const other = await createUser();
    await waitForNotes(id, 2);
    expect(await notesOf(id)).toEqual(['USER_CREATED', 'USER_UPDATED']);
    expect(attempts.get(id)).toBeGreaterThanOrEqual(4); // twice in vain, and once for each event
    await waitForNotes(other, 1);
    expect(await read('SELECT 1 FROM platform.event_failures')).toEqual([]);
  });

  test('are spared what they have handled when their past is replayed, and get the rest', async () => {
    const id = await createUser();
    await waitForNotes(id, 1);
    await passAll();
    const [worker] = workers;
    const acme = parseTenantId('acme');
    const again = await worker?.running.events?.replay(acme, 0);
    expect(again).toMatchObject({ handled: 0, failed: 0 });
    expect(again?.passed).toBeGreaterThanOrEqual(1);
    expect(await notesOf(id)).toEqual(['USER_CREATED']);
    // Without that memory it is handled again: the test would see it.
    await read(`DELETE FROM platform.handled_events WHERE tenant_id = 'acme'
      AND seq = (SELECT seq FROM platform.change_log WHERE entity_id = '${id}')`);
    expect(await worker?.running.events?.replay(acme, 0)).toMatchObject({ handled: 1 });
    expect(await notesOf(id)).toEqual(['USER_CREATED', 'USER_CREATED']);
  });

  test('are of types that there are', async () => {
    const app = appWith({ USER_CREATD: handle });
    await expect(startTestApp(app, database, [], soon)).rejects.toThrow('There are no events USER_CREATD');
  });
});

describe('an app that comes to a log', () => {
  test('begins at its beginning, or at the first event that is still kept, and says what it has lost', async () => {
    const [lost, first, second] = [await createUser('late'), await createUser('late'), await createUser('later')];
    await owner.query(`INSERT INTO platform.log_floors
      SELECT 'late', seq FROM platform.change_log WHERE type = 'USER_CREATED' AND entity_id = '${lost}'`);
    const newcomer = await startTestApp(documents, database, [], soon);
    try {
      const foldersOf = (id: string) => read(`SELECT id FROM documents.folders WHERE owner_id = '${id}'`);
      await eventually(async () => (await foldersOf(first)).length === 5 && (await foldersOf(second)).length === 5);
      expect(await foldersOf(lost)).toEqual([]);
      const told = newcomer.logs.map((line) => JSON.parse(line)).filter(({ msg }) => /gone by their age/.test(msg));
      expect(told).toMatchObject([{ app: 'documents', tenantId: 'late' }]);
    } finally {
      await newcomer.stop();
    }
  });

  test('goes on where it was when the log has begun another epoch', async () => {
    const before = await createUser();
    await waitForNotes(before, 1);
    await passAll();
    await owner.query('UPDATE platform.log_life SET epoch = gen_random_uuid()');
    const after = await createUser();
    await waitForNotes(after, 1);
    await passAll();
    expect([await notesOf(before), await notesOf(after)]).toEqual([['USER_CREATED'], ['USER_CREATED']]);
    const epochs = await read(`SELECT DISTINCT p.epoch = l.epoch AS is_current
      FROM platform.event_positions p, platform.log_life l WHERE p.tenant_id = 'acme' AND p.app = 'crm'`);
    expect(epochs).toEqual([{ is_current: true }]);
  });

  test('passes nothing of a new epoch, whatever place a process of before has written back', async () => {
    await passAll();
    await owner.query(`WITH begun AS (UPDATE platform.log_life SET epoch = gen_random_uuid())
      UPDATE platform.event_positions SET seq = 1000000 WHERE tenant_id = 'acme'`);
    const after = await createUser();
    await waitForNotes(after, 1);
    await passAll();
    expect(await notesOf(after)).toEqual(['USER_CREATED']);
  });
});

describe('what an app has come to', () => {
  const as = async (app: string, tenant: string, statement: string) => {
    const client = new pg.Client({ connectionString: database.urlFor(app) });
    await client.connect();
    try {
      await client.query(`SET panorama.tenant_id = '${tenant}'`);
      return (await client.query(statement)).rowCount;
    } finally {
      await client.end();
    }
  };
  const positions = `UPDATE platform.event_positions SET seq = 0 WHERE app = 'crm'`;
  const failures = `UPDATE platform.event_failures SET dead_at = NULL WHERE app = 'crm'`;

  test('is its own, in its tenant, and not for others to see or change', async () => {
    await createUser();
    await passAll();
    for (const table of ['event_positions', 'handled_events', 'event_failures']) {
      for (const app of ['documents', 'users']) {
        expect([app, await as(app, 'acme', `SELECT 1 FROM platform.${table} WHERE app = 'crm'`)]).toEqual([app, 0]);
      }
      expect(await as('crm', 'nobody', `SELECT 1 FROM platform.${table}`)).toBe(0);
    }
    expect(await as('documents', 'acme', positions)).toBe(0);
    expect(await as('coordination', 'acme', positions)).toBe(0);
    expect(await as('documents', 'acme', failures)).toBe(0);
    for (const statement of [
      'DELETE FROM platform.event_positions',
      'DELETE FROM platform.handled_events',
      `UPDATE platform.event_failures SET app = 'crm'`,
      'SELECT platform.logged_tenants()',
    ]) {
      await expect(as('documents', 'acme', statement)).rejects.toThrow('permission denied');
    }
    await expect(as('feed', 'acme', 'SELECT 1 FROM platform.event_failures')).rejects.toThrow('permission denied');
  });
});

describe('an event that is given up', () => {
  const list = `query ($app: String, $first: Int) { deadLetters(app: $app, first: $first) {
    totalCount nodes { id app type entity entityId attempts errorCode errorMessage correlationId } } }`;
  const redrive = `mutation ($input: RedriveDeadLettersInput!) {
    redriveDeadLetters(input: $input) { count userErrors { code field } } }`;
  let desk: TestApp;

  beforeAll(async () => {
    desk = await startTestApp(coordination, database);
  });

  afterAll(() => desk.stop());

  test('is listed for its tenant, holds up nothing, and is handled when it is redriven', async () => {
    const id = `usr_${created + 1}`;
    troubles.set(id, () => {
      throw new PanoramaError('CONFLICT', 'It cannot be.');
    });
    await createUser();
    const isListed = async () => (await desk.execute<{ deadLetters: Row }>(list)).data.deadLetters.totalCount === 1;
    await eventually(isListed);
    expect((await desk.execute(list, { app: 'crm', first: 1 })).data).toEqual({
      deadLetters: {
        totalCount: 1,
        nodes: [
          {
            id: expect.stringMatching(/^crm-\d+$/),
            ...{ app: 'crm', type: 'USER_CREATED', entity: 'User', entityId: id, attempts: 3 },
            ...{ errorCode: 'CONFLICT', errorMessage: 'It cannot be.', correlationId: correlationIdOfTests },
          },
        ],
      },
    });
    for (const [variables, caller] of [
      [{ app: 'documents' }, {}],
      [{}, { tenant: 'globex' }],
    ] as const) {
      expect((await desk.execute(list, variables, caller)).data).toMatchObject({ deadLetters: { totalCount: 0 } });
    }
    expect(await notesOf(id)).toEqual([]);
    troubles.delete(id);
    await renameUser(id);
    await waitForNotes(id, 1); // what comes later goes on
    const { data } = await desk.execute(redrive, { input: { app: 'crm', all: true } });
    expect(data).toEqual({ redriveDeadLetters: { count: 1, userErrors: [] } });
    await waitForNotes(id, 2);
    expect(await notesOf(id)).toEqual(['USER_UPDATED', 'USER_CREATED']);
    expect(await isListed()).toBe(false);
  });

  test.each([
    [{ app: 'crm' }, 'ids', 'BAD_USER_INPUT'],
    [{ app: 'crm', ids: ['crm-1'], all: true }, 'ids', 'BAD_USER_INPUT'],
    [{ app: 'crm', ids: ['crm-1'] }, 'ids', 'NOT_FOUND'],
  ])('is redriven by name or with all others: not %j', async (input, field, code) => {
    const { data } = await desk.execute(redrive, { input });
    expect(data).toEqual({ redriveDeadLetters: { count: null, userErrors: [{ code, field }] } });
  });
});
