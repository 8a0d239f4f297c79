import { expect } from '@jest/globals';
import pg from 'pg';
import type { TestApp } from '../support/app.ts';
import { runStatements } from '../support/run-statements.ts';
import type { Attack, Proof } from './attack.ts';

/** The CRM on a database with the rows of two tenants, acme and globex. */
type DatabaseAttack = Attack<TestApp>;

/** The apps with data, each with a schema and a role of its name. */
export const dataApps = ['users', 'analytics', 'documents', 'crm'] as const;

const asAcme = `SET LOCAL panorama.tenant_id = 'acme'`;

/** Runs statements as the role of an app; gives the rows of the last one. */
const asApp = ({ database }: TestApp, app: string, ...statements: readonly string[]) =>
  runStatements(database.urlFor(app), ...statements);

/** A look through the catalogue of Postgres that must find nothing, as each app's role and in its schema. */
const findsNothing = (id: `PG-${string}`, name: string, sql: string): DatabaseAttack => ({
  id,
  name,
  run: async (crm) => {
    for (const app of dataApps) expect([app, await asApp(crm, app, sql)]).toEqual([app, []]);
  },
});

/** What Postgres says to the last of some statements: its SQLSTATE. */
async function refusalOf(crm: TestApp, ...statements: readonly string[]): Promise<unknown> {
  return await asApp(crm, 'crm', 'BEGIN', asAcme, ...statements).then(
    (rows) => rows,
    (error: unknown) => (error instanceof pg.DatabaseError ? error.code : error),
  );
}

const count = (rows: readonly Record<string, unknown>[]) => Number(rows[0]?.count);

const wallAttacks: readonly DatabaseAttack[] = [
  findsNothing(
    'PG-001',
    'a role that the wall does not hold: a superuser, one that passes row-level security, an owner of tables',
    `SELECT rolname FROM pg_roles WHERE rolname = current_user
       AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
         OR EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid))`,
  ),
  findsNothing(
    'PG-003',
    'a table without a tenant',
    `SELECT relname FROM pg_class c WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
       AND relname <> '_prisma_migrations'
       AND coalesce(obj_description(c.oid, 'pg_class'), '') !~ '^panorama:no-tenant \\S'
       AND NOT (relrowsecurity AND relforcerowsecurity
         AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND attname = 'tenant_id' AND attnotnull))`,
  ),
  findsNothing(
    'PG-005',
    'a policy that lets everyone past it',
    `SELECT polname FROM pg_policy p JOIN pg_class c ON c.oid = polrelid
     WHERE relnamespace = current_schema()::regnamespace AND polpermissive
       AND (coalesce(pg_get_expr(polqual, polrelid), '') NOT LIKE '%current_setting(''panorama.%'
         OR pg_get_expr(polqual, polrelid) || coalesce(pg_get_expr(polwithcheck, polrelid), '') ILIKE '%bypass%')`,
  ),
  {
    id: 'PG-007',
    name: 'a connection that is used again, whose tenant is an empty text by then',
    run: async (crm) => {
      const within = await asApp(crm, 'crm', 'BEGIN', asAcme, 'SELECT count(*) FROM leads');
      expect(count(within)).toBeGreaterThan(0);
      const after = await asApp(crm, 'crm', 'BEGIN', asAcme, 'COMMIT', 'SELECT count(*) FROM leads');
      expect(count(after)).toBe(0);
      const empty = `SET LOCAL panorama.tenant_id = ''`;
      expect(count(await asApp(crm, 'crm', 'BEGIN', empty, 'SELECT count(*) FROM leads'))).toBe(0);
    },
  },
  {
    id: 'PG-013',
    name: 'a row that is moved to another tenant',
    run: async (crm) => {
      for (const table of ['leads', 'contacts', 'companies', 'deals', 'activities']) {
        expect([table, await refusalOf(crm, `UPDATE ${table} SET tenant_id = 'globex'`)]).toEqual([table, '42501']);
      }
    },
  },
  findsNothing(
    'PG-015',
    'a foreign key between tables of tenants that does not hold to the tenant',
    `SELECT conrelid::regclass, conname FROM pg_constraint c
     WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
       AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = conrelid AND attname = 'tenant_id' AND attnum = ANY (conkey))`,
  ),
  findsNothing(
    'PG-017',
    'a view that reads as its owner',
    `SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace
       AND (relkind = 'm' OR (relkind = 'v' AND NOT coalesce(reloptions && '{security_invoker=true,security_invoker=on}', false)))`,
  ),
  findsNothing(
    'PG-019',
    'a partition that can be read by itself',
    `SELECT inhrelid::regclass FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
     WHERE c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'SELECT') AND NOT c.relrowsecurity`,
  ),
  {
    id: 'PG-021',
    name: 'an error that only a hidden row can cause',
    run: async (crm) => {
      const fails = `SELECT id FROM leads WHERE 1 / (CASE WHEN id LIKE 'lea_globex%' THEN 0 ELSE 1 END) = 1`;
      expect(await refusalOf(crm, fails)).toEqual(expect.arrayContaining([{ id: 'lea_acme_0001_1' }]));
      // The same shows that the rows would be found, were they not hidden.
      const own = fails.replace('globex', 'acme');
      expect(await refusalOf(crm, own)).toBe('22012');
    },
  },
  {
    id: 'PG-023',
    name: 'a Postgres whose row-level security has holes that are known',
    run: async (crm) => {
      const [row] = await asApp(crm, 'crm', `SELECT current_setting('server_version_num')::int AS version`);
      const version = Number(row?.version);
      const mended: Readonly<Record<string, number>> = { 15: 150_014, 16: 160_010, 17: 170_006 };
      expect(version).toBeGreaterThanOrEqual(mended[Math.floor(version / 10_000)] ?? 180_000);
    },
  },
  {
    id: 'PG-029',
    name: 'a statement that sleeps',
    run: async (crm) => {
      for (const app of dataApps) {
        expect(await asApp(crm, app, 'SHOW statement_timeout')).toEqual([{ statement_timeout: '5s' }]);
      }
      // What the limit does is seen with a shorter one.
      expect(await refusalOf(crm, `SET LOCAL statement_timeout = '50ms'`, 'SELECT pg_sleep(3600)')).toBe('57014');
      const sleeping = `SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(3600)%' AND state = 'active'`;
      expect(count(await runStatements(crm.database.ownerUrl, sleeping))).toBe(0);
    },
  },
];

const tenantDatabase = (test: string): Proof => ['test/kernel/data/tenant-database.test.ts', test];

const provenAttacks: readonly DatabaseAttack[] = [
  {
    id: 'PG-009',
    name: 'a tenant that stays on a connection for its next user',
    provenBy: [tenantDatabase('is not remembered by the connection it used, whether the work succeeds or fails')],
  },
  {
    id: 'PG-011',
    name: 'a pooler between, with many tenants on few connections',
    provenBy: [
      tenantDatabase('answers behind a pooler that loses prepared statements'),
      tenantDatabase('sees the rows of its tenant, also where many wait for few connections'),
    ],
  },
  {
    id: 'PG-025',
    name: 'raw SQL without a tenant',
    provenBy: [
      tenantDatabase('refuses statements outside its transactions'),
      [
        'test/architecture/arrows.test.ts',
        "only the store of an app uses its Prisma client; others may name the client's type or make one",
      ],
    ],
  },
  {
    id: 'PG-027',
    name: 'a transaction whose tenant is set on another connection',
    provenBy: [
      tenantDatabase('is named in its transaction'),
      tenantDatabase('binds every one of its statements, by Prisma or without it'),
    ],
  },
  {
    id: 'PG-031',
    name: 'a database that takes nobody, or shuts down',
    provenBy: [
      ['test/kernel/data/database-errors.test.ts', 'a database that is gone is told apart from one that refuses'],
      ['test/end-to-end/failed-app.test.ts', 'everything is served again once the database lets it in'],
    ],
  },
  {
    id: 'PG-033',
    name: 'a database that is killed',
    provenBy: [
      ['test/kernel/data/embedded-postgres.test.ts', 'recovers what was committed when the server itself was killed'],
      [
        'test/end-to-end/lifecycle.test.ts',
        'kills the process and starts again without a manual step: no data lost, no second server',
      ],
    ],
  },
];

/** What a client of the database can do who has the password of an app. */
export const databaseAttacks: readonly DatabaseAttack[] = [...wallAttacks, ...provenAttacks];
