import pg from 'pg';
import { ensureRole } from './migrations/roles.ts';

/**
 * A schema that a library makes and keeps for itself beside those of the apps. One role of the same name reaches it, and
 * that role reaches nothing else. What the library writes there is not divided by tenant, so it holds nobody's data: ids and
 * counts only.
 */
export interface EngineSchema {
  readonly name: string;
  /** The version that the library needs; the comment of the schema says which one it has. */
  readonly version: number;
  /** Brings the schema up to the version and lets the role use it. */
  migrate(databaseUrl: string, role: string): Promise<void>;
}

/** Where the schema is, who owns it and who is to use it. */
export interface EngineTarget {
  /** Of the owner. */
  readonly databaseUrl: string;
  readonly role: string;
  readonly secret: string;
}

/** Makes the role of a library's schema, and the schema where it is not there or older than what is needed. */
export async function prepareEngine(client: pg.Client, engine: EngineSchema, target: EngineTarget): Promise<void> {
  const { name, version } = engine;
  const { databaseUrl, role, secret } = target;
  await ensureRole(client, name, role, secret);
  if ((await versionOf(client, name)) >= version) return;
  const schema = pg.escapeIdentifier(name);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}; REVOKE ALL ON SCHEMA ${schema} FROM PUBLIC`);
  await engine.migrate(databaseUrl, role);
  await client.query(`COMMENT ON SCHEMA ${schema} IS '${version}'`);
}

/** The version of the schema; 0 when there is none. */
async function versionOf(client: pg.Client, name: string): Promise<number> {
  const { rows } = await client.query<{ version: string | null }>(
    "SELECT obj_description(oid, 'pg_namespace') AS version FROM pg_namespace WHERE nspname = $1",
    [name],
  );
  return Number(rows[0]?.version ?? 0);
}
