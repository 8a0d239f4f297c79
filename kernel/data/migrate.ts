import pg from 'pg';
import { roleNameFor } from './app-role.ts';
import { prepareEngine } from './engine-schema.ts';
import { applyMigration, findPending } from './migrations/history.ts';
import { type AppSchema, type Migration, readMigrations } from './migrations/read-migrations.ts';
import { closeDatabase, ensureRole, grantSchema } from './migrations/roles.ts';
import { grantPlatform, type PlatformUser, preparePlatform } from './platform-schema.ts';
import { StartRefused } from './start-refused.ts';
import { verifyWall } from './verify-wall.ts';

export type { AppSchema } from './migrations/read-migrations.ts';

export interface MigrateOptions {
  /** Of the owner: a user who may create schemas in the database and roles. Direct, not through a transaction pooler. */
  readonly connectionString: string;
  readonly apps: readonly AppSchema[];
  /** The installation's secret, from which the passwords of the apps' roles are derived. */
  readonly secret: string;
  /** What role names begin with; by default the database's name. */
  readonly rolePrefix?: string | undefined;
  /** How long to wait while another process migrates the same database. */
  readonly lockTimeoutMillis?: number | undefined;
  readonly onProgress: (text: string) => void;
}

/** What a run has done: the migrations of apps applied, as `app/name`. */
export interface MigrateResult {
  readonly applied: readonly string[];
}

interface PendingApp extends PlatformUser {
  readonly migrations: readonly Migration[];
}

type EngineRole = Pick<PlatformUser, 'app' | 'role'>;

/** The advisory lock that `prisma migrate` takes as well, so that the two never run at once. */
const migrationLock = 72707369;

/**
 * Brings the database up to date: what belongs to the platform, then per app one schema, one login role, and the
 * migrations that are not applied yet, in order, each in a transaction. All apps are checked before the first change.
 * Then the wall between tenants is verified. Several processes may start at once; one works, the others wait.
 *
 * @throws {StartRefused} with what is wrong and what to do
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const client = new pg.Client({
    connectionString: options.connectionString,
    connectionTimeoutMillis: 10_000,
    application_name: 'panorama-migrate',
  });
  await connect(client);
  try {
    await assertMayMigrate(client);
    await takeLock(client, options);
    return await migrateLocked(client, options);
  } finally {
    await client.end(); // gives the lock back
  }
}

async function migrateLocked(client: pg.Client, options: MigrateOptions): Promise<MigrateResult> {
  const pending: PendingApp[] = [];
  for (const schema of options.apps) {
    const role = roleNameFor(options.connectionString, { app: schema.name, rolePrefix: options.rolePrefix });
    const migrations = await findPending(client, schema.name, await readMigrations(schema));
    pending.push({
      app: schema.name,
      role,
      audit: schema.audit,
      changes: schema.changes,
      sync: schema.sync,
      migrations,
    });
  }
  const applied: string[] = [];
  const due = pending.reduce((count, { migrations }) => count + migrations.length, 0);
  if (due > 0) options.onProgress(`Migrating the database: ${due} of its migrations are new`);
  await preparePlatform(client);
  for (const { migrations, ...user } of pending) {
    const { app, role } = user;
    await ensureRole(client, app, role, options.secret);
    for (const migration of migrations) {
      await applyMigration(client, app, migration);
      applied.push(`${app}/${migration.name}`);
    }
    await grantSchema(client, app, role);
    await grantPlatform(client, user);
  }
  const engines = await prepareEngines(client, options);
  await closeDatabase(
    client,
    [...pending, ...engines].map(({ role }) => role),
  );
  await verifyWall(client, pending, engines);
  return { applied };
}

/** Sees to the schemas of libraries, and gives their roles. */
async function prepareEngines(client: pg.Client, options: MigrateOptions): Promise<readonly EngineRole[]> {
  const { apps, connectionString: databaseUrl, rolePrefix, secret } = options;
  const engines = apps.flatMap(({ engine }) => engine ?? []);
  const roles: EngineRole[] = [];
  for (const engine of engines) {
    const role = roleNameFor(databaseUrl, { app: engine.name, rolePrefix });
    await prepareEngine(client, engine, { databaseUrl, role, secret });
    roles.push({ app: engine.name, role });
  }
  return roles;
}

async function connect(client: pg.Client): Promise<void> {
  try {
    await client.connect();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartRefused(
      `The database does not answer: ${reason}. Check DATABASE_URL, and that the server is running.`,
      {},
      { cause },
    );
  }
}

async function assertMayMigrate(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ user: string; database: string; may_create: boolean; may_grant: boolean }>(`
    SELECT current_user AS user, current_database() AS database,
      has_database_privilege(current_database(), 'CREATE') AS may_create, rolsuper OR rolcreaterole AS may_grant
    FROM pg_roles WHERE rolname = current_user`);
  const [rights] = rows;
  if (rights?.may_create && rights.may_grant) return;
  const { user, database } = rights ?? { user: 'of DATABASE_URL', database: '' };
  const missing = [
    ...(rights?.may_create ? [] : [`GRANT CREATE ON DATABASE "${database}" TO "${user}"`]),
    ...(rights?.may_grant ? [] : [`ALTER ROLE "${user}" CREATEROLE`]),
  ];
  throw new StartRefused(
    `The database user ${user} cannot set up the apps. As an administrator of the server run: ${missing.join('; ')};`,
    { user, database },
  );
}

async function takeLock(client: pg.Client, options: MigrateOptions): Promise<void> {
  const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [migrationLock]);
  if (rows[0]?.taken) return;
  options.onProgress('Waiting for another process that migrates this database');
  const timeout = options.lockTimeoutMillis ?? 60_000;
  try {
    await client.query(`SET lock_timeout = ${Math.ceil(timeout)}`);
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await client.query('RESET lock_timeout');
  } catch (cause) {
    if (!(cause instanceof pg.DatabaseError) || cause.code !== '55P03') throw cause;
    throw new StartRefused(
      `Another process has been migrating this database for more than ${timeout / 1000} s. Start again when it is done; ` +
        `if it hangs, end its connection (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = ${migrationLock}).`,
      {},
      { cause },
    );
  }
}
