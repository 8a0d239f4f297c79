import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { pino } from 'pino';
import { appSchema } from '../../cli/app-schema.ts';
import { connectionStringFor } from '../../kernel/data/app-role.ts';
import { lockDirectory } from '../../kernel/data/directory-lock.ts';
import { migrate } from '../../kernel/data/migrate.ts';
import { changeFeedSchema } from '../../kernel/data/platform-schema.ts';
import { startEmbeddedPostgres } from '../../kernel/data/postgres/embedded-postgres.ts';
import { useCounterSchema } from '../../kernel/data/use-counter.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { apps } from '../../subgraphs/index.ts';
import { openKeyDesk } from '../../subgraphs/users/key-desk.ts';
import { runStatements } from '../support/run-statements.ts';
import { createTestDirectory } from '../support/test-server.ts';
import { toldTypes } from './judge-reactions.ts';
import type { LoggedChange, StoredRecord } from './verdict.ts';

/** The Postgres of a run, which may be harmed: nobody else uses it. */
export interface Ground {
  readonly directory: string;
  readonly secret: string;
  /** Connection string of the owner. */
  readonly ownerUrl: string;
  /** Makes a tenant and a key that may do anything in it. */
  addTenant(tenant: string): Promise<string>;
  /**
   * Kills a process of the server that works for somebody, whereupon the server ends all others and recovers. Resolves
   * with whether there was one: a server that recovers lets nobody in.
   */
  killBackend(): Promise<boolean>;
  /** What the log holds of some tenants. */
  readLog(tenants: readonly string[]): Promise<readonly LoggedChange[]>;
  /** The leads of some tenants, and what was told of these and of others. */
  readRecords(tenants: readonly string[]): Promise<readonly StoredRecord[]>;
  /** How much of what happened in some tenants coordination is to tell of and has not come to yet. */
  countUnhandled(tenants: readonly string[]): Promise<number>;
  /** Takes the lock of tenants away, and makes time between a number and its commit. */
  removeLock(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server in a folder of its own, with the schemas of all apps. */
export async function openGround(): Promise<Ground> {
  const directory = await createTestDirectory();
  const lock = await lockDirectory(directory);
  const server = await startEmbeddedPostgres({ lock, onProgress: () => undefined });
  const ownerUrl = server.connectionString;
  const secret = randomBytes(32).toString('hex');
  // What is killed are processes, never the machine: what was written is there without having reached the disk.
  await runStatements(ownerUrl, 'ALTER SYSTEM SET fsync = off', 'SELECT pg_reload_conf()');
  await migrate({
    connectionString: ownerUrl,
    apps: [...apps.map(appSchema), useCounterSchema, changeFeedSchema],
    secret,
    onProgress: () => undefined,
  });
  return {
    directory,
    secret,
    ownerUrl,
    addTenant: (tenant) => addTenant(ownerUrl, secret, tenant),
    killBackend: () => killBackend(ownerUrl),
    readLog: (tenants) => readLog(ownerUrl, tenants),
    readRecords: (tenants) => readRecords(ownerUrl, tenants),
    countUnhandled: (tenants) => countUnhandled(ownerUrl, tenants),
    removeLock: () => removeLock(ownerUrl),
    async stop() {
      await server.stop();
      await lock.release();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function addTenant(ownerUrl: string, secret: string, tenant: string): Promise<string> {
  const desk = openKeyDesk({
    databaseUrl: connectionStringFor(ownerUrl, { app: 'users', secret }),
    secret,
    tenantId: parseTenantId(tenant),
    logger: pino({ level: 'silent' }),
  });
  try {
    await desk.createTenant(tenant);
    const made = await desk.createKey({ name: 'Chaos', allowedApps: ['crm-web'], permissions: ['*'] });
    if (!made.ok) throw new Error(`No key: ${JSON.stringify(made.userErrors)}`);
    return made.value.key;
  } finally {
    await desk.stop();
  }
}

async function killBackend(ownerUrl: string): Promise<boolean> {
  const [found] = await runStatements(
    ownerUrl,
    `SELECT pid FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND usename <> current_user
     ORDER BY random() LIMIT 1`,
  ).catch(() => []);
  if (!found) return false;
  try {
    return process.kill(Number(found.pid), 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

const listOf = (texts: readonly string[]) => texts.map((text) => `'${text}'`).join(', ');

async function readLog(ownerUrl: string, tenants: readonly string[]): Promise<LoggedChange[]> {
  const rows = await runStatements(
    ownerUrl,
    `SELECT tenant_id, seq, type, entity, entity_id, version, op, client_id, mutation_id,
       split_part(causation_id, ':', 2) AS caused_by
     FROM platform.change_log WHERE tenant_id IN (${listOf(tenants)}) ORDER BY change_log.seq`,
  );
  return rows.map((row) => ({
    tenantId: String(row.tenant_id),
    seq: Number(row.seq),
    type: String(row.type),
    entity: String(row.entity),
    entityId: String(row.entity_id),
    version: Number(row.version),
    op: row.op as LoggedChange['op'],
    clientId: row.client_id === null ? undefined : String(row.client_id),
    mutationId: row.mutation_id === null ? undefined : Number(row.mutation_id),
    causedBy: row.caused_by === null ? undefined : Number(row.caused_by),
  }));
}

async function readRecords(ownerUrl: string, tenants: readonly string[]): Promise<StoredRecord[]> {
  const rows = await runStatements(
    ownerUrl,
    `SELECT 'Lead' AS entity, tenant_id, id, version FROM crm.leads WHERE tenant_id IN (${listOf(tenants)})
     UNION ALL SELECT 'Notification', tenant_id, id, 1 FROM coordination.notifications
     WHERE tenant_id IN (${listOf(tenants)})`,
  );
  return rows.map(({ tenant_id, entity, id, version }) => ({
    tenantId: String(tenant_id),
    entity: String(entity),
    entityId: String(id),
    version: Number(version),
  }));
}

async function countUnhandled(ownerUrl: string, tenants: readonly string[]): Promise<number> {
  const [row] = await runStatements(
    ownerUrl,
    `SELECT count(*) FROM platform.change_log c WHERE type IN (${listOf(toldTypes)}) AND tenant_id IN (${listOf(tenants)})
     AND NOT EXISTS (SELECT FROM platform.handled_events h
       WHERE (h.tenant_id, h.app, h.epoch, h.seq) = (c.tenant_id, 'coordination', c.epoch, c.seq))`,
  );
  return Number(row?.count);
}

/**
 * The control: numbers are given out as before, and nothing holds the next writer of the tenant back. The pause only makes
 * the gap between a number and its commit, which there always is, wide enough to be met in a short run.
 */
async function removeLock(ownerUrl: string): Promise<void> {
  await runStatements(
    ownerUrl,
    `CREATE OR REPLACE FUNCTION platform.lock_changes() RETURNS boolean
     LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS 'BEGIN RETURN true; END'`,
    `CREATE FUNCTION platform.pause_writer() RETURNS trigger LANGUAGE plpgsql AS
     'BEGIN PERFORM pg_sleep(random() * 0.05); RETURN NULL; END'`,
    `CREATE TRIGGER pause AFTER INSERT ON platform.change_log FOR EACH STATEMENT
     EXECUTE FUNCTION platform.pause_writer()`,
  );
}
