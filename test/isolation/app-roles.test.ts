import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { pino } from 'pino';
import { appSchema } from '../../cli/app-schema.ts';
import { makeDemoTenants } from '../../cli/demo/tenants.ts';
import { migrate } from '../../kernel/data/migrate.ts';
import { readableTables } from '../../kernel/data/platform-rights.ts';
import { apps as suite } from '../../subgraphs/index.ts';
import { createEmptyDatabase, type TestDatabase, testSecret } from '../support/database.ts';
import { runStatements } from '../support/run-statements.ts';

/*
 * Whoever has the login of an app sends statements straight to Postgres: one who found a hole in the app, or its
 * password. Two tenants have rows in all apps.
 */
const apps = suite.map(({ name }) => name);

/** Those that read the audit records of their tenant. */
const readers = new Set(suite.filter(({ readsAudit }) => readsAudit).map(({ name }) => name));

/** A table of an app that is divided by tenant, with the columns that a row is made of. */
interface Table {
  readonly name: string;
  readonly columns: readonly string[];
}

let database: TestDatabase;
let tables: ReadonlyMap<string, readonly Table[]>;
const sessions = new Map<string, pg.Client>();

beforeAll(async () => {
  // Made as the platform makes it: what is granted on a database does not come along when one is copied.
  database = await createEmptyDatabase();
  await migrate({
    connectionString: database.ownerUrl,
    apps: suite.map(appSchema),
    secret: testSecret(),
    onProgress: () => undefined,
  });
  const tenants = makeDemoTenants(testSecret());
  for (const app of suite) {
    const environment = { databaseUrl: database.urlFor(app.name), poolSize: 1, secret: testSecret() };
    const running = await app.start({ ...environment, logger: pino({ level: 'silent' }) });
    for (const tenant of tenants) await running.insertDemo({ ...tenant, people: tenant.people.slice(0, 12) });
    await running.stop();
    const session = new pg.Client({ connectionString: database.urlFor(app.name) });
    await session.connect();
    sessions.set(app.name, session);
  }
  const rows = await runStatements(
    database.ownerUrl,
    'ANALYZE',
    `SELECT nspname AS app, relname AS name, array_agg(quote_ident(attname) ORDER BY attnum)
        FILTER (WHERE attgenerated = '')::text[] AS columns
     FROM pg_class t JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_attribute ON attrelid = t.oid
     WHERE nspname IN (${apps.map((app) => pg.escapeLiteral(app)).join()}) AND relkind IN ('r', 'p')
       AND attnum > 0 AND NOT attisdropped GROUP BY 1, 2 HAVING bool_or(attname = 'tenant_id')`,
  );
  tables = Map.groupBy(rows as unknown as (Table & { app: string })[], ({ app }) => app);
});
afterAll(async () => {
  for (const session of sessions.values()) await session.end();
  await database?.drop();
});

const tablesOf = (app: string) => tables.get(app) ?? [];

/** What statements come to in one transaction of an app's role, which is rolled back: the last one's rows, or its error. */
async function attempt(app: string, ...statements: readonly string[]): Promise<unknown> {
  const session = sessions.get(app);
  if (!session) throw new Error(`There is no session of ${app}.`);
  await session.query('BEGIN');
  try {
    let rows: unknown[] = [];
    for (const statement of statements) ({ rows } = await session.query(statement));
    return rows;
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error.code;
    throw error;
  } finally {
    await session.query('ROLLBACK');
  }
}

const as = (tenant: string) => `SET LOCAL panorama.tenant_id = '${tenant}'`;
const notAllowed = '42501';

describe.each(apps)('the role of %s', (app) => {
  test('has tables with rows of both tenants', async () => {
    if (tablesOf(app).length === 0) return; // it keeps none of its own
    const counts = tablesOf(app).map(({ name }) => `(SELECT count(DISTINCT tenant_id) FROM ${app}.${name})`);
    const [row] = await runStatements(database.ownerUrl, `SELECT ${counts.join(' + ')} AS tenants`);
    expect(Number(row?.tenants)).toBeGreaterThanOrEqual(4);
  });

  test.each([
    ['before any tenant is named', []],
    ['for a tenant without a name', [as('')]],
    ['for a tenant that does not exist', [as('nobody')]],
    ['for all at once', [as("acme'',''globex")]],
    ['for a pattern', [as('%')]],
    ['after another role setting', ['SET LOCAL row_security = on']],
  ])('sees no row %s', async (_when, settings) => {
    for (const { name } of tablesOf(app)) {
      expect([name, await attempt(app, ...settings, `SELECT 1 FROM ${name}`)]).toEqual([name, []]);
    }
  });

  test('sees the rows of the tenant that the transaction names, and no trace of it in the next one', async () => {
    for (const { name } of tablesOf(app)) {
      const others = `SELECT 1 FROM ${name} WHERE tenant_id IS DISTINCT FROM 'acme'`;
      expect([name, await attempt(app, as('acme'), others)]).toEqual([name, []]);
      expect([name, await attempt(app, `SELECT 1 FROM ${name}`)]).toEqual([name, []]);
    }
  });

  test('sees by a statement that one tenant prepared what the other has', async () => {
    for (const { name } of tablesOf(app)) {
      const prepare = `PREPARE seen AS SELECT DISTINCT tenant_id FROM ${name}`;
      const generic = 'SET LOCAL plan_cache_mode = force_generic_plan';
      const rows = await attempt(app, generic, as('acme'), prepare, 'EXECUTE seen', as('globex'), 'EXECUTE seen');
      await attempt(app, 'DEALLOCATE seen');
      expect(rows).not.toContainEqual({ tenant_id: 'acme' });
    }
  });

  test('changes, locks and removes nothing of another tenant, and gives it nothing', async () => {
    for (const { name, columns } of tablesOf(app)) {
      const mine = columns.map((column) => (column === 'tenant_id' ? `'globex'` : column));
      const theirs = `WHERE tenant_id = 'globex'`;
      const outcomes = [
        await attempt(app, as('acme'), `UPDATE ${name} SET tenant_id = tenant_id ${theirs} RETURNING 1`),
        await attempt(app, as('acme'), `DELETE FROM ${name} ${theirs} RETURNING 1`),
        await attempt(app, as('acme'), `SELECT 1 FROM ${name} ${theirs} FOR UPDATE`),
        await attempt(app, as('acme'), `UPDATE ${name} SET tenant_id = 'globex' RETURNING 1`),
        await attempt(app, as('acme'), `INSERT INTO ${name} (${columns}) SELECT ${mine} FROM ${name} RETURNING 1`),
      ];
      // Where the tenant has no row to give, nothing is given.
      const given = [
        [[], []],
        [notAllowed, notAllowed],
      ];
      expect([name, outcomes.slice(0, 3)]).toEqual([name, [[], [], []]]);
      expect(given).toContainEqual(outcomes.slice(3));
    }
  });

  test('cannot find out what another tenant has by what is refused as taken or missing', async () => {
    for (const { name, columns } of tablesOf(app)) {
      const text = `SELECT to_jsonb(t) || '{"tenant_id": "newcomer"}' AS row FROM ${app}.${name} t WHERE tenant_id = 'globex'`;
      const [copied] = await runStatements(database.ownerUrl, `${text} LIMIT 1`);
      if (!copied) continue;
      const json = pg.escapeLiteral(JSON.stringify(copied.row));
      const insert = `INSERT INTO ${name} (${columns}) SELECT ${columns} FROM jsonb_populate_record(NULL::${name}, ${json})`;
      // Where something is missing, it is what nobody has under this tenant.
      expect([[], '23503']).toContainEqual(await attempt(app, as('newcomer'), insert));
    }
  });

  test('cannot make an error or a delay depend on the rows of another tenant', async () => {
    for (const { name } of tablesOf(app)) {
      const where = `1 / (CASE WHEN tenant_id = 'globex' THEN 0 ELSE 1 END) = 1`;
      expect([name, await attempt(app, as('nobody'), `SELECT 1 FROM ${name} WHERE ${where}`)]).toEqual([name, []]);
    }
  });

  test('reads no values of its tables from the statistics of the planner', async () => {
    const own = `schemaname IN (${apps.map((one) => `'${one}'`).join()})`;
    expect(await attempt(app, as('acme'), `SELECT 1 FROM pg_stats WHERE ${own}`)).toEqual([]);
    expect(await attempt(app, as('acme'), 'SELECT 1 FROM pg_statistic')).toBe(notAllowed);
    expect(await attempt(app, as('acme'), 'SELECT 1 FROM pg_statistic_ext_data')).toBe(notAllowed);
  });

  test('has no counter that all tenants share', async () => {
    const sequences = `SELECT relname FROM pg_class WHERE relkind = 'S' AND relnamespace = '${app}'::regnamespace`;
    expect(await attempt(app, sequences)).toEqual([]);
  });

  test('reaches no table of another app', async () => {
    for (const other of apps.filter((name) => name !== app)) {
      for (const { name } of tablesOf(other)) {
        expect(await attempt(app, as('acme'), `SELECT 1 FROM ${other}.${name}`)).toBe(notAllowed);
        const searched = [`SET LOCAL search_path = ${other}, ${app}`, `DELETE FROM ${other}.${name}`];
        expect(await attempt(app, as('acme'), ...searched)).toBe(notAllowed);
      }
    }
    const reachable = `SELECT nspname, relname FROM pg_class t JOIN pg_namespace n ON n.oid = relnamespace
      WHERE nspname NOT IN ('pg_catalog', 'information_schema', '${app}') AND relkind IN ('r', 'p', 'v', 'm', 'f')
        AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(t.oid, 'SELECT, UPDATE, REFERENCES')`;
    const one = suite.find(({ name }) => name === app);
    const rights = {
      audit: one?.readsAudit ? 'reader' : undefined,
      sync: one?.keepsSync ? 'keeper' : undefined,
    } as const;
    const ofPlatform = readableTables({ app, role: '', ...rights });
    const expected = ofPlatform.toSorted().map((relname) => ({ nspname: 'platform', relname }));
    expect(await attempt(app, `${reachable} ORDER BY relname`)).toEqual(expected);
  });

  test.each(['acme', 'globex'])('sees of the audit records at most those of %s', async (tenant) => {
    const write = (one: string) => `INSERT INTO platform.audit_records (tenant_id, id, kind, outcome, target_app)
      VALUES ('${one}', 'seen', 'MUTATION', 'DONE', '${app}')`;
    const writing = [as('acme'), write('acme'), as('globex'), write('globex')];
    const seen = await attempt(app, ...writing, as(tenant), 'SELECT tenant_id FROM platform.audit_records');
    expect(seen).toEqual(readers.has(app) ? [{ tenant_id: tenant }] : notAllowed);
  });

  test('sees of other sessions no statement', async () => {
    const seen = `SELECT query FROM pg_stat_activity
      WHERE usename IS DISTINCT FROM current_user AND query NOT IN ('', '<insufficient privilege>')`;
    expect(await attempt(app, seen)).toEqual([]);
  });

  test('puts nothing into the audit records in the name of another tenant or app, and changes none', async () => {
    const insert = (tenant: string, target: string) =>
      `INSERT INTO platform.audit_records (tenant_id, id, kind, outcome, target_app)
       VALUES ('${tenant}', 'forged', 'MUTATION', 'DONE', '${target}')`;
    expect(await attempt(app, as('acme'), insert('acme', app))).toEqual([]);
    const other = apps.find((name) => name !== app) ?? '';
    for (const statement of [
      insert('globex', app),
      insert('acme', other),
      'UPDATE platform.audit_records SET outcome = outcome',
      'DELETE FROM platform.audit_records',
      'TRUNCATE platform.audit_records',
      'SELECT 1 FROM platform.audit_records',
    ]) {
      const statements = [as('acme'), `SET LOCAL panorama.operator = 'yes'`, statement];
      const seen = readers.has(app) && statement.startsWith('SELECT') ? [] : notAllowed;
      expect([statement, await attempt(app, ...statements)]).toEqual([statement, seen]);
    }
  });
});

describe.each(apps)('the role of %s cannot', (app) => {
  const roleOf = (name: string) => decodeURIComponent(new URL(database.urlFor(name)).username);
  const role = () => roleOf(app);
  const superuser = () => new URL(database.ownerUrl).username;
  const roleOfOther = () => roleOf(apps.find((name) => name !== app) ?? '');
  const table = () => tablesOf(app)[0]?.name ?? 'platform.audit_records';
  const policy = () => (tablesOf(app).length > 0 ? 'tenant' : 'operator');
  const shadow = () => table().replace('platform.', '');

  test.each([
    ['switch row-level security off', () => `ALTER TABLE ${table()} DISABLE ROW LEVEL SECURITY`],
    ['take the force from it', () => `ALTER TABLE ${table()} NO FORCE ROW LEVEL SECURITY`],
    ['drop a policy', () => `DROP POLICY ${policy()} ON ${table()}`],
    ['add a policy', () => `CREATE POLICY mine ON ${table()} USING (true)`],
    ['read past the policies', () => `SET LOCAL row_security = off; SELECT 1 FROM ${table()}`],
    ['empty a table past the policies', () => `TRUNCATE ${table()} CASCADE`],
    [
      'add a trigger',
      () => `CREATE TRIGGER spy AFTER INSERT ON ${table()} EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
    ],
    ['add a rule', () => `CREATE RULE spy AS ON INSERT TO ${table()} DO ALSO NOTHING`],
    ['add an index', () => `CREATE INDEX spy ON ${table()} (tenant_id)`],
    ['drop a table', () => `DROP TABLE ${table()}`],
    ['create a table', () => `CREATE TABLE ${app}.spy ()`],
    ['create a table in public', () => 'CREATE TABLE public.spy ()'],
    ['shadow a table by a temporary one', () => `CREATE TEMPORARY TABLE ${shadow()} ()`],
    ['shadow a table by a temporary view', () => `CREATE TEMPORARY VIEW ${shadow()} AS SELECT 1`],
    [
      'create a function',
      () => `CREATE FUNCTION ${app}.current_setting(text, boolean) RETURNS text LANGUAGE sql RETURN 'globex'`,
    ],
    ['create a temporary function', () => `CREATE FUNCTION pg_temp.spy() RETURNS text LANGUAGE sql RETURN 'globex'`],
    ['create a schema', () => 'CREATE SCHEMA spy'],
    ['create an extension', () => 'CREATE EXTENSION dblink'],
    ['create a role', () => 'CREATE ROLE spy'],
    ['give itself more rights', () => `ALTER ROLE ${role()} BYPASSRLS`],
    ['give its rights away', () => `GRANT ${role()} TO ${roleOfOther()}`],
    ['become the owner of the database', () => 'SET ROLE pg_database_owner'],
    ['become who may read all data', () => 'SET ROLE pg_read_all_data'],
    ['become the superuser', () => `SET ROLE ${superuser()}`],
    ['log in again as the superuser', () => `SET SESSION AUTHORIZATION ${superuser()}`],
    ['become another app', () => `SET ROLE ${roleOfOther()}`],
    ['switch triggers and foreign keys off', () => 'SET LOCAL session_replication_role = replica'],
    ['change the settings of the server', () => `SELECT pg_reload_conf()`],
    ['read a file', () => `SELECT pg_read_file('postgresql.conf')`],
    ['list a folder', () => `SELECT pg_ls_dir('.')`],
    ['copy a file into a table', () => `COPY ${table()} FROM '/etc/hostname'`],
    ['copy a table into a file', () => `COPY ${table()} TO '/tmp/spy'`],
    ['run a program', () => `COPY ${table()} FROM PROGRAM 'true'`],
    ['take a file in as a large object', () => `SELECT lo_import('/etc/hostname')`],
    ['read the large objects of others', () => 'SELECT 1 FROM pg_largeobject'],
    ['read passwords', () => 'SELECT 1 FROM pg_authid'],
    ['read where subscriptions connect to', () => 'SELECT subconninfo FROM pg_subscription'],
    ['load a library', () => `LOAD 'auto_explain'`],
    ['read the history of the migrations', () => `SELECT 1 FROM ${app}._prisma_migrations`],
  ])('%s', async (_what, statement) => {
    expect(await attempt(app, as('acme'), ...statement().split('; '))).toBe(notAllowed);
  });

  test('copy rows in past the policies', async () => {
    expect([notAllowed, '0A000']).toContain(await attempt(app, as('acme'), `COPY ${table()} FROM STDIN`));
  });

  test('end the sessions of others', async () => {
    const [owner] = await runStatements(database.ownerUrl, 'SELECT pg_backend_pid() AS pid');
    const others = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> current_user AND pid <> ${owner?.pid} LIMIT 1`;
    expect([notAllowed, []]).toContainEqual(await attempt(app, others));
  });
});
