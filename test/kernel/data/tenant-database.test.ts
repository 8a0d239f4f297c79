import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PrismaClient } from '../../../generated/prisma/users/client.ts';
import { migrate } from '../../../kernel/data/migrate.ts';
import { createTenantDatabase, type TenantDatabase } from '../../../kernel/data/tenant-database.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { createEmptyDatabase, type TestDatabase, testSecret } from '../../support/database.ts';
import { createMigrationFolder, notesSql } from '../../support/migration-folder.ts';
import { runStatements } from '../../support/run-statements.ts';

// The kernel knows no app, so this test speaks SQL to a table of its own; whichever client was generated sends it.
type Notes = TenantDatabase<PrismaClient>;

const acme = { tenantId: parseTenantId('acme') };
const globex = { tenantId: parseTenantId('globex') };

let database: TestDatabase;
let notes: Notes;
let client: PrismaClient;
const statements: string[] = [];

beforeAll(async () => {
  database = await createEmptyDatabase();
  const app = await createMigrationFolder('notes', { '0001_first': notesSql });
  const options = { connectionString: database.ownerUrl, secret: testSecret(), onProgress: () => undefined };
  await migrate({ ...options, apps: [app] });
  await app.remove();
  notes = createTenantDatabase({
    connectionString: database.urlFor('notes'),
    createClient: (adapter) => {
      client = new PrismaClient({ adapter });
      return client;
    },
    poolSize: 3,
    onStatement: (sql) => statements.push(sql),
  });
});
afterAll(async () => {
  await Promise.all([notes.stop(), notes.stop()]);
  await database.drop();
});
beforeEach(async () => {
  await runStatements(
    database.ownerUrl,
    'TRUNCATE notes.notes',
    `INSERT INTO notes.notes VALUES ('acme', '1', 'ours', NULL), ('globex', '2', 'theirs', NULL)`,
  );
});

function sql(text: string, ...values: unknown[]) {
  return { text, values };
}

function bodies(rows: unknown): readonly string[] {
  return (rows as readonly { readonly body: string }[]).map(({ body }) => body);
}

describe('a tenant', () => {
  test('sees its own rows only', async () => {
    const read = (scope: typeof acme) => notes.read(scope, (tx) => tx.client.$queryRaw`SELECT body FROM notes`);
    expect(bodies(await read(acme))).toEqual(['ours']);
    expect(bodies(await read(globex))).toEqual(['theirs']);
  });

  test('is named in its transaction', async () => {
    expect(await notes.read(acme, async ({ tenantId }) => tenantId)).toBe('acme');
  });

  test('cannot change or delete the rows of another, which look as if they did not exist', async () => {
    const counts = await notes.write(acme, async (tx) => [
      await tx.client.$executeRaw`UPDATE notes SET body = 'taken' WHERE id = '2'`,
      await tx.client.$executeRaw`DELETE FROM notes WHERE id = '2'`,
    ]);
    expect(counts).toEqual([0, 0]);
  });

  test('cannot write rows in the name of another', async () => {
    const insert = notes.write(
      acme,
      (tx) => tx.client.$executeRaw`INSERT INTO notes VALUES ('globex', '3', 'x', NULL)`,
    );
    await expect(insert).rejects.toThrow('row-level security');
    const move = notes.write(acme, (tx) => tx.client.$executeRaw`UPDATE notes SET tenant_id = 'globex' WHERE id = '1'`);
    await expect(move).rejects.toThrow('row-level security');
  });

  test('learns nothing of the rows of another from a unique or a foreign key', async () => {
    const count = await notes.write(
      acme,
      (tx) => tx.client.$executeRaw`INSERT INTO notes VALUES ('acme', '2', 'theirs', NULL)`,
    );
    expect(count).toBe(1);
    const child = notes.write(
      globex,
      (tx) => tx.client.$executeRaw`INSERT INTO notes VALUES ('globex', '3', 'x', '1')`,
    );
    await expect(child).rejects.toThrow('notes_parent');
  });

  test('cannot write in a read', async () => {
    const write = notes.read(acme, (tx) => tx.client.$executeRaw`DELETE FROM notes`);
    await expect(write).rejects.toThrow('read-only transaction');
  });

  test('is not remembered by the connection it used, whether the work succeeds or fails', async () => {
    const single = createTenantDatabase({
      connectionString: database.urlFor('notes'),
      createClient: (adapter) => new PrismaClient({ adapter }),
      poolSize: 1,
    });
    const tenant = () =>
      single.lookUp(
        {},
        (tx) => tx.client.$queryRaw`SELECT current_setting('panorama.tenant_id', true) AS tenant, body FROM notes`,
      );
    await single.read(acme, (tx) => tx.client.$queryRaw`SELECT 1`);
    expect(await tenant()).toEqual([]);
    await expect(single.write(acme, (tx) => tx.client.$executeRaw`SELECT 1/0`)).rejects.toThrow('division by zero');
    expect(await tenant()).toEqual([]);
    const many = [acme, globex, acme, globex].map((scope) =>
      single.read(scope, (tx) => tx.client.$queryRaw`SELECT tenant_id AS body FROM notes`),
    );
    expect((await Promise.all(many)).flatMap(bodies)).toEqual(['acme', 'globex', 'acme', 'globex']);
    await single.stop();
  });

  test('sends nothing more once its transaction has ended: the connection may serve another by then', async () => {
    const single = createTenantDatabase({
      connectionString: database.urlFor('notes'),
      createClient: (adapter) => new PrismaClient({ adapter }),
      poolSize: 1,
    });
    const statement = sql('SELECT body FROM notes');
    const ended = await single.write(acme, async (tx) => tx);
    const failed: (typeof ended)[] = [];
    const failing = single.write(acme, async (tx) => {
      failed.push(tx);
      throw new Error('undone');
    });
    await expect(failing).rejects.toThrow('undone');
    await single.write(globex, async (tx) => {
      for (const before of [ended, ...failed]) await expect(before.rows(statement)).rejects.toThrow('No answer came.');
      expect(bodies(await tx.rows(statement))).toEqual(['theirs']);
    });
    await single.stop();
  });

  test('is committed with its last statement, and takes none after it', async () => {
    const statement = sql('SELECT body FROM notes');
    const written = await notes.write(acme, async (tx) => {
      await tx.rows(sql(`UPDATE notes SET body = 'changed'`));
      await tx.end(sql(`INSERT INTO notes VALUES ('acme', '3', 'last', NULL)`));
      expect(bodies(await notes.read(acme, (other) => other.rows(statement)))).toEqual(['changed', 'last']);
      await expect(tx.rows(statement)).rejects.toThrow('No answer came.');
      await expect(tx.client.$queryRaw`SELECT 1`).rejects.toThrow('has ended');
      return 'done';
    });
    expect(written).toBe('done');
    expect(bodies(await notes.read(globex, (tx) => tx.rows(statement)))).toEqual(['theirs']);
  });

  test('keeps nothing where its last statement fails, or the commit behind that', async () => {
    await runStatements(
      database.ownerUrl,
      `CREATE FUNCTION notes.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'too late'; END $$`,
      `CREATE CONSTRAINT TRIGGER late AFTER INSERT ON notes.notes DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.body = 'late') EXECUTE FUNCTION notes.refuse()`,
    );
    const ending = (last: string, ...values: unknown[]) =>
      notes.write(acme, async (tx) => {
        await tx.rows(sql(`UPDATE notes SET body = 'changed'`));
        await tx.end(sql(last, ...values));
      });
    const endless: { own?: object } = {};
    endless.own = endless;
    await expect(ending('SELECT $1::jsonb', endless)).rejects.toThrow('No answer came.');
    await expect(ending('SELECT 1/0')).rejects.toThrow('division by zero');
    await expect(ending(`INSERT INTO notes VALUES ('acme', '4', 'late', NULL)`)).rejects.toThrow('too late');
    expect(bodies(await notes.read(acme, (tx) => tx.rows(sql('SELECT body FROM notes'))))).toEqual(['ours']);
  });

  test('is written for also behind a pooler that loses prepared statements', async () => {
    const single = createTenantDatabase({
      connectionString: database.urlFor('notes'),
      createClient: (adapter) => new PrismaClient({ adapter }),
      poolSize: 1,
    });
    const statement = sql(`UPDATE notes SET body = body || '!' WHERE tenant_id = $1 RETURNING body`, 'acme');
    const write = () => single.write(acme, (tx) => tx.rows(statement));
    expect(bodies(await write())).toEqual(['ours!']);
    await single.write(acme, (tx) => tx.client.$executeRawUnsafe('DEALLOCATE ALL'));
    expect(bodies(await write())).toEqual(['ours!!']);
    await single.stop();
  });

  test('keeps nothing of a write whose work fails', async () => {
    const work = notes.write(acme, async (tx) => {
      await tx.client.$executeRaw`DELETE FROM notes`;
      throw new Error('changed my mind');
    });
    await expect(work).rejects.toThrow('changed my mind');
    expect(bodies(await notes.read(acme, (tx) => tx.client.$queryRaw`SELECT body FROM notes`))).toEqual(['ours']);
  });
});

describe('a read', () => {
  const bodyOf = async (scope: typeof acme) =>
    bodies(await notes.read(scope, (tx) => tx.rows(sql('SELECT body FROM notes'))));

  test('sees the rows of its tenant, also where many wait for few connections', async () => {
    const scopes = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? acme : globex));
    const seen = await Promise.all(scopes.map(bodyOf));
    expect(seen).toEqual(scopes.map((scope) => (scope === acme ? ['ours'] : ['theirs'])));
  });

  test('binds every one of its statements, by Prisma or without it', async () => {
    const seen = await notes.read(acme, async (tx) => [
      await tx.rows(sql('SELECT body FROM notes WHERE id = ANY($1)', ['1', '2'])),
      await tx.client.$queryRaw`SELECT body FROM notes`,
    ]);
    expect(seen.map(bodies)).toEqual([['ours'], ['ours']]);
  });

  test('keeps the connection and nothing of the tenant when a statement fails', async () => {
    const single = createTenantDatabase({
      connectionString: database.urlFor('notes'),
      createClient: (adapter) => new PrismaClient({ adapter }),
      poolSize: 1,
    });
    const backend = () => single.lookUp({}, (tx) => tx.client.$queryRaw`SELECT pg_backend_pid() AS body, * FROM notes`);
    const pid = () => single.read(acme, (tx) => tx.rows(sql('SELECT pg_backend_pid() AS pid')));
    const before = await pid();
    for (const text of ['SELECT 1/0', 'SELEC', 'DELETE FROM notes', 'SELECT body FROM notes WHERE id = $1']) {
      await expect(
        single.read(acme, (tx) => tx.rows(sql(text, ...(text.includes('$1') ? ['\0'] : [])))),
      ).rejects.toThrow();
    }
    expect(await pid()).toEqual(before);
    expect(await backend()).toEqual([]);
    await single.stop();
  });

  test('gives numbers and dates as Prisma does, within a write too', async () => {
    const statement = sql(
      `SELECT 9007199254740993 AS big, DATE '2026-11-21' AS day, TIMESTAMPTZ '2026-11-21T01:00+01' AS at`,
    );
    const row = { big: 9007199254740993n, day: new Date('2026-11-21'), at: new Date('2026-11-21') };
    expect(await notes.read(acme, (tx) => tx.rows(statement))).toEqual([row]);
    expect(await notes.write(acme, (tx) => tx.rows(statement))).toEqual([row]);
    expect(await notes.read(acme, (tx) => tx.client.$queryRawUnsafe(statement.text))).toEqual([row]);
  });

  test('answers behind a pooler that loses prepared statements', async () => {
    const read = () => notes.read(acme, (tx) => tx.rows(sql('SELECT body, 1 AS pooled FROM notes')));
    expect(bodies(await read())).toEqual(['ours']);
    // Like a server connection that another client has used: what this one prepared is gone.
    await notes.write(acme, (tx) => tx.client.$executeRawUnsafe('DEALLOCATE ALL'));
    const forget = () => notes.read(acme, (tx) => tx.client.$executeRawUnsafe('DEALLOCATE ALL'));
    await Promise.all([forget(), forget(), forget()]);
    const seen = await Promise.all([read(), read(), read()]);
    expect(seen.map(bodies)).toEqual([['ours'], ['ours'], ['ours']]);
  });

  test('fails when the server ends its connection, and the next one gets another', async () => {
    const single = createTenantDatabase({
      connectionString: database.urlFor('notes'),
      createClient: (adapter) => new PrismaClient({ adapter }),
      poolSize: 1,
    });
    const read = (text: string) => single.read(acme, (tx) => tx.rows(sql(text)));
    const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND query = 'SELECT pg_sleep(60)' AND state = 'active'`;
    for (let times = 0; times < 5; times += 1) {
      // The next one asks in the moment of the failure: the server has said farewell and not yet hung up.
      const next = read('SELECT pg_sleep(60)').catch(() => read('SELECT body FROM notes'));
      for (let found = 0; found === 0; ) found = (await runStatements(database.ownerUrl, end)).length;
      expect(bodies(await next)).toEqual(['ours']);
    }
    await single.stop();
  });
});

describe('a look-up', () => {
  const all = (settings: Readonly<Record<string, string>>) =>
    notes.lookUp(settings, (tx) => tx.client.$queryRaw`SELECT body FROM notes`);

  test('sees nothing without a setting that a policy knows', async () => {
    expect(await all({})).toEqual([]);
    expect(await all({ other_id: '2' })).toEqual([]);
  });

  test('sees the rows that a policy shows by its setting, whatever the tenant', async () => {
    expect(bodies(await all({ note_id: '2' }))).toEqual(['theirs']);
  });

  test('takes a value as a value, whatever it contains', async () => {
    expect(await all({ note_id: `2', true), set_config('panorama.tenant_id', 'acme` })).toEqual([]);
    expect(await all({ note_id: `\\'; DROP TABLE notes; --` })).toEqual([]);
  });

  test('cannot name a tenant, and refuses names that are no settings', async () => {
    await expect(all({ tenant_id: 'acme' })).rejects.toThrow('A look-up has no tenant');
    await expect(all({ "x', '', true); --": '' })).rejects.toThrow('cannot name a setting');
  });
});

describe('the tenant database', () => {
  test('refuses statements outside its transactions', async () => {
    await expect(client.$queryRaw`SELECT 1`).rejects.toThrow('outside a transaction of the tenant database');
    await expect(client.$transaction((tx) => tx.$queryRaw`SELECT 1`)).rejects.toThrow('outside a transaction');
  });

  test('shows every statement of the work to its observer, and nothing else', async () => {
    statements.length = 0;
    await notes.read(acme, async (tx) => {
      await tx.client.$queryRaw`SELECT 1 AS first`;
      await tx.client.$queryRaw`SELECT 2 AS second`;
    });
    expect(statements).toEqual(['SELECT 1 AS first', 'SELECT 2 AS second']);
  });

  test('runs a write again after a deadlock', async () => {
    await runStatements(database.ownerUrl, `INSERT INTO notes.notes VALUES ('acme', '9', 'another', NULL)`);
    const both = meetingOf(2);
    let runs = 0;
    const touch = (first: string, second: string) =>
      notes.write(acme, async (tx) => {
        runs++;
        await tx.client.$executeRaw`UPDATE notes SET body = body || '.' WHERE id = ${first}`;
        await both();
        await tx.client.$executeRaw`UPDATE notes SET body = body || '.' WHERE id = ${second}`;
      });
    await Promise.all([touch('1', '9'), touch('9', '1')]);
    expect(runs).toBe(3);
    const rows = await notes.read(acme, (tx) => tx.client.$queryRaw`SELECT body FROM notes ORDER BY id`);
    expect(bodies(rows)).toEqual(['ours..', 'another..']);
  });

  test('gives up on a write that conflicts every time, and does not repeat one that is merely refused', async () => {
    let runs = 0;
    const attempt = (code: string) =>
      notes.write(acme, (tx) => {
        runs++;
        return tx.client.$executeRawUnsafe(`DO $$ BEGIN RAISE 'again' USING ERRCODE = '${code}'; END $$`);
      });
    await expect(attempt('40001')).rejects.toThrow('again');
    expect(runs).toBe(4);
    await expect(attempt('23505')).rejects.toThrow('again');
    expect(runs).toBe(5);
  });

  test('gives an error instead of waiting for ever when every connection is taken', async () => {
    const single = createTenantDatabase({
      connectionString: database.urlFor('notes'),
      createClient: (adapter) => new PrismaClient({ adapter }),
      poolSize: 1,
      connectionTimeoutMillis: 100,
    });
    const inner = single.write(acme, () => single.read(acme, (tx) => tx.client.$queryRaw`SELECT 1`));
    await expect(inner).rejects.toThrow(/timeout|Unable to start a transaction/i);
    await single.stop();
  });

  test('needs a connection string that names the schema', () => {
    const createClient = () => client;
    expect(() => createTenantDatabase({ connectionString: database.ownerUrl, createClient, poolSize: 1 })).toThrow(
      '?schema=',
    );
  });
});

/** A place where `count` callers wait for each other; later ones pass. */
function meetingOf(count: number): () => Promise<void> {
  let missing = count;
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return () => {
    missing--;
    if (missing === 0) open();
    return opened;
  };
}
