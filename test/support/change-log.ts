import pg from 'pg';
import { readCatalogue } from '../../kernel/changes/catalogue.ts';
import type { Change } from '../../kernel/changes/change.ts';
import { type ChangeFeedOptions, openChangeFeed } from '../../kernel/changes/change-feed.ts';
import type { ChangeFeed, FeedEvent } from '../../kernel/changes/feed.ts';
import { insertChanges, type UnplacedChange } from '../../kernel/changes/insert-changes.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { createPrincipal, type Principal } from '../../kernel/tenancy/principal.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { loggerOfTest } from './output-of-run.ts';
import { runStatements } from './run-statements.ts';

/** The event types of these tests: `NOTE_WRITTEN` of crm, which `read:notes` or its author may read, and a few more. */
export const catalogueOfTests = readCatalogue(new URL('./change-catalogue/', import.meta.url));

export const secretOfLog = 'a secret of the change log, known to all tests';

/** A change of a note by crm in the tenant `acme`, unless said otherwise. */
export function note(
  id: string,
  fields: Partial<Omit<UnplacedChange, 'tenantId'>> & { tenant?: string } = {},
): UnplacedChange {
  const { tenant = 'acme', ...rest } = fields;
  return {
    tenantId: parseTenantId(tenant),
    app: 'crm',
    type: 'NOTE_WRITTEN',
    entity: 'Note',
    entityId: id,
    version: 1,
    op: 'PUT',
    data: { id },
    actor: 'ada',
    sourceApp: 'crm-web',
    correlationId: undefined,
    causationId: undefined,
    clientId: undefined,
    mutationId: undefined,
    priority: 'NORMAL',
    ...rest,
  };
}

/** Somebody of a tenant; may do everything unless said otherwise. */
export function someone(fields: { tenant?: string; permissions?: readonly string[]; userId?: string } = {}): Principal {
  const { tenant = 'acme', permissions = ['*'], userId } = fields;
  return createPrincipal({ tenantId: parseTenantId(tenant), app: 'crm-web', credentialId: 'key', userId, permissions });
}

/** A change log of its own, which is written to as the apps do, and feeds on it. */
export interface TestLog {
  readonly database: TestDatabase;
  /** Every line that the feeds have logged. */
  readonly logs: readonly string[];
  /** Writes changes of one tenant and one app in a transaction. */
  write(...changes: readonly UnplacedChange[]): Promise<void>;
  /** A connection of an app's role, in the name of a tenant; ended with the log. */
  connect(app: string, tenant: string): Promise<pg.Client>;
  /** Opens a feed, stopped with the log. It looks into the log when it is poked, and seldom otherwise. */
  open(options?: Partial<ChangeFeedOptions>): ChangeFeed;
  stop(): Promise<void>;
}

export async function createTestLog(): Promise<TestLog> {
  const database = await createTestDatabase();
  const logs: string[] = [];
  const clients: pg.Client[] = [];
  const feeds: ChangeFeed[] = [];

  async function connect(app: string, tenant: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: database.urlFor(app) });
    await client.connect();
    clients.push(client);
    // However slow the machine is, nobody gives up here.
    await client.query('SET lock_timeout = 0; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0');
    await client.query(`SELECT set_config('panorama.tenant_id', $1, false)`, [tenant]);
    return client;
  }

  const writers = new Map<string, Promise<pg.Client>>();
  return {
    database,
    logs,
    connect,
    async write(...changes) {
      const { app, tenantId } = changes[0] ?? note('');
      const key = `${app} ${tenantId}`;
      const writing = writers.get(key) ?? connect(app, tenantId);
      writers.set(key, writing);
      const { text, values } = insertChanges(changes);
      await (await writing).query(text, values);
    },
    open(options = {}) {
      const feed = openChangeFeed({
        databaseUrl: database.urlFor('feed'),
        secret: secretOfLog,
        catalogue: catalogueOfTests,
        logger: loggerOfTest('feed', logs),
        heartbeatMs: 600_000,
        pollMs: 600_000,
        ...options,
      });
      feeds.push(feed);
      return feed;
    },
    async stop() {
      for (const feed of feeds) await feed.stop();
      for (const client of clients) await client.end();
      await database.drop();
    },
  };
}

/** The next event of a stream, which has to be a batch. */
export async function nextBatch(stream: AsyncIterator<FeedEvent, undefined>) {
  const { value } = await stream.next();
  if (value?.kind !== 'batch') throw new Error(`A batch was expected, not ${JSON.stringify(value)}.`);
  return value;
}

/** The ids of the records that changed. */
export const idsOf = (changes: readonly Change[]) => changes.map(({ entityId }) => entityId);

/** Reads a stream until it has brought so many changes; gives their ids, and the last cursor. */
export async function readIds(stream: AsyncIterator<FeedEvent, undefined>, count: number) {
  const ids: string[] = [];
  let to = '';
  while (ids.length < count) {
    const batch = await nextBatch(stream);
    ids.push(...idsOf(batch.changes));
    to = batch.to;
  }
  return { ids, to };
}

/** The numbers and ids of what is in the log of a tenant, as its owner sees it. */
export async function readLog(database: TestDatabase, tenant = 'acme') {
  const rows = await runStatements(
    database.ownerUrl,
    `SELECT seq::int, entity_id FROM platform.change_log WHERE tenant_id = '${tenant}' ORDER BY seq`,
  );
  return rows as readonly { readonly seq: number; readonly entity_id: string }[];
}
