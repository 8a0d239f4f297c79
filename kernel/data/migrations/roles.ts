import pg from 'pg';
import { passwordVerifier } from '../app-role.ts';
import { StartRefused } from '../start-refused.ts';

/** Set on the role, not on the connection: they hold behind a pooler too. Prisma reads times as UTC. */
const roleSettings = {
  statement_timeout: '5s',
  lock_timeout: '2s',
  idle_in_transaction_session_timeout: '10s',
  TimeZone: 'UTC',
} as const;

// duplicate_object, unique_violation, and internal_error ("tuple concurrently updated"): another database of the same
// server, whose migrations our advisory lock does not see, is writing the same role.
const raceCodes = new Set(['42710', '23505', 'XX000']);

/**
 * Makes the login role of an app, or gives an existing one its password and settings again.
 *
 * @throws {StartRefused} when an existing role of this name may do more than an app may
 */
export async function ensureRole(client: pg.Client, app: string, role: string, secret: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await writeRole(client, app, role, secret);
    } catch (error) {
      if (attempt === 5 || !(error instanceof pg.DatabaseError) || !raceCodes.has(error.code ?? '')) throw error;
    }
  }
}

/** Lets the role use its schema's tables, those to come included, and nothing else in the database. */
export async function grantSchema(client: pg.Client, app: string, role: string): Promise<void> {
  const schema = pg.escapeIdentifier(app);
  const grantee = pg.escapeIdentifier(role);
  await client.query(`
    REVOKE ALL ON SCHEMA ${schema} FROM PUBLIC, ${grantee};
    GRANT USAGE ON SCHEMA ${schema} TO ${grantee};
    REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM PUBLIC, ${grantee};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${grantee};
    REVOKE ALL ON ${schema}._prisma_migrations FROM ${grantee};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${grantee};
    ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${grantee};
    ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema} GRANT USAGE, SELECT ON SEQUENCES TO ${grantee}`);
}

/** Takes from PUBLIC what it has in the database and in schema `public`, where they are ours to take. */
export async function closeDatabase(client: pg.Client, roles: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ database: string; owns_database: boolean; owns_public: boolean }>(`
    SELECT current_database() AS database,
      (SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database()) AS owns_database,
      coalesce((SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'public'), false) AS owns_public`);
  const [owned] = rows;
  if (owned?.owns_public) await client.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
  if (!owned?.owns_database) return;
  const database = pg.escapeIdentifier(owned.database);
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  if (roles.length === 0) return;
  await client.query(`GRANT CONNECT ON DATABASE ${database} TO ${roles.map(pg.escapeIdentifier).join(', ')}`);
}

async function writeRole(client: pg.Client, app: string, role: string, secret: string): Promise<void> {
  const name = pg.escapeIdentifier(role);
  const password = pg.escapeLiteral(passwordVerifier(role, secret));
  const { rows } = await client.query<{ too_mighty: boolean }>(
    `SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS too_mighty
     FROM pg_roles WHERE rolname = $1`,
    [role],
  );
  if (rows[0]?.too_mighty) {
    throw new StartRefused(
      `The database role ${role} exists with more rights than the role of app ${app} may have. Drop it, or take ` +
        'SUPERUSER, BYPASSRLS, CREATEROLE, CREATEDB and REPLICATION from it.',
      { app, role },
    );
  }
  const rights = 'NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT';
  const settings = Object.entries(roleSettings).map(([key, value]) => `SET ${key} = ${pg.escapeLiteral(value)}`);
  const statements = [
    rows.length > 0
      ? `ALTER ROLE ${name} LOGIN PASSWORD ${password}`
      : `CREATE ROLE ${name} LOGIN ${rights} PASSWORD ${password}`,
    ...[...settings, `SET search_path = ${pg.escapeIdentifier(app)}`].map((setting) => `ALTER ROLE ${name} ${setting}`),
  ];
  await client.query(statements.join('; ')); // one message is one transaction
}
