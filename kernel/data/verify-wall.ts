import pg from 'pg';
import {
  callableFunctions,
  givenPrivileges,
  ownersFunctions,
  ownPolicies,
  type PlatformUser,
} from './platform-rights.ts';
import { StartRefused } from './start-refused.ts';

interface Breach {
  readonly name: string;
  readonly problem: string;
}

/**
 * A table that is not divided by tenant says so in its comment, with the reason: `panorama:no-tenant <reason>`. It may
 * have keys without `tenant_id`; row-level security it must still have.
 */
const optOut = `coalesce(obj_description(t.oid, 'pg_class') ~ '^panorama:no-tenant \\S', false)`;

const appTables = `
  SELECT t.*, ${optOut} AS shared,
    (SELECT attnum FROM pg_attribute a WHERE a.attrelid = t.oid AND attname = 'tenant_id' AND NOT attisdropped) AS tenant
  FROM pg_class t WHERE t.relnamespace = $1::regnamespace AND relkind IN ('r', 'p') AND relname <> '_prisma_migrations'`;

/** Each rule is a query for what breaks it: a name, and what is wrong with it. `$1` is the schema. */
const tableRules = [
  // Partitions are tables too: read directly, they have no policy but their own.
  `SELECT relname AS name, 'needs ENABLE and FORCE ROW LEVEL SECURITY' AS problem
   FROM (${appTables}) t WHERE NOT (relrowsecurity AND relforcerowsecurity)`,
  `SELECT relname AS name, 'needs a policy' AS problem
   FROM (${appTables}) t WHERE NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid)`,
  // Permissive policies are joined by OR: one that looks at no setting opens the table to every tenant.
  `SELECT t.relname || '.' || polname AS name, 'is a policy that does not compare with a panorama.* setting' AS problem
   FROM (${appTables}) t JOIN pg_policy p ON p.polrelid = t.oid
   WHERE NOT shared AND polpermissive AND (
     pg_get_expr(polqual, polrelid) NOT LIKE '%current_setting(''panorama.%'
     OR pg_get_expr(polwithcheck, polrelid) NOT LIKE '%current_setting(''panorama.%')`,
  `SELECT relname AS name, 'needs tenant_id in its primary key' AS problem
   FROM (${appTables}) t WHERE NOT shared AND NOT EXISTS (
     SELECT FROM pg_index i WHERE i.indrelid = t.oid AND indisprimary AND t.tenant = ANY (i.indkey))`,
  // Unique checks and foreign keys ignore row-level security: without tenant_id they tell of other tenants' rows.
  `SELECT i.indexrelid::regclass::text AS name, 'is a unique index without tenant_id' AS problem
   FROM (${appTables}) t JOIN pg_index i ON i.indrelid = t.oid
   WHERE NOT shared AND indisunique AND NOT indisprimary
     AND NOT coalesce(t.tenant = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]), false)`,
  `SELECT t.relname || '.' || conname AS name, 'is a foreign key that does not take tenant_id to tenant_id' AS problem
   FROM (${appTables}) t JOIN pg_constraint c ON c.conrelid = t.oid AND contype = 'f'
   WHERE NOT shared AND NOT EXISTS (
     SELECT FROM unnest(conkey, confkey) AS pair(ours, theirs)
     JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = pair.theirs
     WHERE pair.ours = t.tenant AND a.attname = 'tenant_id')`,
  `SELECT relname AS name, 'is a view without security_invoker, which reads as its owner' AS problem
   FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'v'
     AND NOT coalesce(reloptions && '{security_invoker=true,security_invoker=on,security_invoker=1}', false)`,
  `SELECT relname AS name, 'is a materialized view, which has no row-level security' AS problem
   FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'm'`,
  `SELECT proname AS name, 'is a SECURITY DEFINER function, which runs as its owner' AS problem
   FROM pg_proc WHERE pronamespace = $1::regnamespace AND prosecdef
     AND NOT ($1::regnamespace::text = 'platform' AND proname IN (${ownersFunctions.map(pg.escapeLiteral).join(', ')}))`,
  // What it calls would be found in the schemas of whoever calls it.
  `SELECT proname AS name, 'runs as its owner without a search_path of its own' AS problem
   FROM pg_proc WHERE pronamespace = $1::regnamespace AND prosecdef
     AND NOT EXISTS (SELECT FROM unnest(proconfig) AS setting WHERE setting LIKE 'search_path=%')`,
] as const;

const subject = `WITH subject AS (SELECT $1::text AS app, oid AS role, rolname AS name FROM pg_roles WHERE rolname = $2)`;

/** The same for the role of an app: `$1` is the app and its schema, `$2` the role. */
const roleRules = [
  `${subject} SELECT name, 'may do more than log in' AS problem FROM subject JOIN pg_roles r ON r.oid = role
   WHERE rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication`,
  `${subject} SELECT name, 'is a member of ' || roleid::regrole AS problem
   FROM subject JOIN pg_auth_members ON member = role`,
  `${subject} SELECT name, 'owns ' || c.oid::regclass AS problem FROM subject JOIN pg_class c ON relowner = role`,
  // Every schema of an app has a history table.
  `${subject} SELECT name, 'may use the schema ' || nspname AS problem FROM subject, pg_namespace n
   WHERE nspname NOT IN (app, 'platform') AND has_schema_privilege(role, n.oid, 'USAGE')
     AND EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND relname = '_prisma_migrations')`,
  `${subject} SELECT name, 'may create objects in the schema ' || nspname AS problem FROM subject, pg_namespace n
   WHERE nspname IN ('public', 'platform', app) AND has_schema_privilege(role, n.oid, 'CREATE')`,
] as const;

const platformTables = `pg_class t WHERE t.relnamespace = 'platform'::regnamespace AND relkind IN ('r', 'p')`;

/**
 * The same for what the role of an app may do in the schema of the platform: `$1` is the role, `$2` what it was given of
 * that kind.
 */
const platformRules: readonly (readonly [given: (user: PlatformUser) => readonly string[], rule: string])[] = [
  [
    givenPrivileges,
    `SELECT $1::text AS name, 'may ' || privilege || ' in platform.' || relname AS problem
     FROM unnest(ARRAY['SELECT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege, ${platformTables}
       AND NOT relname || ' ' || privilege = ANY ($2::text[])
       AND (has_table_privilege($1::text, t.oid, privilege) OR (privilege IN ('SELECT', 'UPDATE', 'REFERENCES')
         AND has_any_column_privilege($1::text, t.oid, privilege)))`,
  ],
  [
    // What others may do, it may not: each has policies of its own.
    ownPolicies,
    `SELECT $1::text AS name, 'is let into platform.' || relname || ' by the policy ' || polname AS problem
     FROM pg_policy p JOIN pg_class t ON t.oid = p.polrelid
     WHERE t.relnamespace = 'platform'::regnamespace AND polpermissive
       AND ('0'::oid = ANY (polroles) OR (SELECT oid FROM pg_roles WHERE rolname = $1::text) = ANY (polroles))
       AND NOT relname || '.' || polname = ANY ($2::text[])`,
  ],
  [
    callableFunctions,
    `SELECT $1::text AS name, 'may call platform.' || proname AS problem FROM pg_proc
     WHERE pronamespace = 'platform'::regnamespace AND has_function_privilege($1::text, oid, 'EXECUTE')
       AND NOT proname = ANY ($2::text[])`,
  ],
];

/**
 * Makes sure that the wall between tenants, and the one between apps, stands in the database itself, whatever the
 * migrations say: keys with `tenant_id`, forced row-level security, and roles that reach their own schema only, and of the
 * platform's what they were given. The roles of libraries reach nothing but the schema of their library.
 *
 * @throws {StartRefused} listing every breach
 */
export async function verifyWall(
  client: pg.Client,
  apps: readonly PlatformUser[],
  engines: readonly Pick<PlatformUser, 'app' | 'role'>[] = [],
): Promise<void> {
  const breaches: string[] = [];
  for (const rule of tableRules) breaches.push(...(await findBreaches(client, 'platform.', rule, ['platform'])));
  for (const user of apps) {
    const { app, role } = user;
    for (const rule of tableRules) breaches.push(...(await findBreaches(client, `${app}.`, rule, [app])));
    for (const rule of roleRules) breaches.push(...(await findBreaches(client, 'role ', rule, [app, role])));
    for (const [given, rule] of platformRules) {
      breaches.push(...(await findBreaches(client, 'role ', rule, [role, given(user)])));
    }
  }
  for (const { app, role } of engines) {
    for (const rule of roleRules) breaches.push(...(await findBreaches(client, 'role ', rule, [app, role])));
  }
  if (breaches.length === 0) return;
  throw new StartRefused(
    `The database does not keep tenants or apps apart:\n${breaches.map((breach) => `  ${breach}`).join('\n')}\n` +
      'Correct this in a new migration, or by hand where a role is concerned.',
    { breaches },
  );
}

async function findBreaches(
  client: pg.Client,
  prefix: string,
  rule: string,
  values: readonly (string | readonly string[])[],
): Promise<readonly string[]> {
  const { rows } = await client.query<Breach>(rule, [...values]);
  return rows.map(({ name, problem }) => `${prefix}${name} ${problem}`);
}
