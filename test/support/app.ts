import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reachApps } from '../../cli/reach-apps.ts';
import { openChangeFeed } from '../../kernel/changes/change-feed.ts';
import type { EventOptions } from '../../kernel/changes/handlers/start-handlers.ts';
import { openBackupDesk } from '../../kernel/data/backup/backup-desk.ts';
import type { App, RunningApp } from '../../kernel/subgraph/app.ts';
import type { Outlets } from '../../kernel/subgraph/background-work.ts';
import type { CallApp } from '../../kernel/subgraph/call-app.ts';
import type { SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import type { DemoTenant } from '../../kernel/subgraph/demo-tenant.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../kernel/tenancy/principal.ts';
import { callerOf, secretOfTests } from './call-app.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { loggerOfTest } from './output-of-run.ts';

/** Who sends an operation of a test: by default the tenant `acme` by its app `crm-web`. */
export interface TestCaller {
  readonly tenant?: string;
  readonly app?: string;
  /** All of them unless said otherwise. */
  readonly permissions?: readonly string[];
  readonly userId?: string;
  readonly credentialId?: string;
  /** False sends the operation without a principal. */
  readonly authenticated?: boolean;
}

/** What an app answered; `Data` is what the test asked for, null when all of it failed. */
export interface TestResponse<Data> {
  readonly data: Data;
  readonly errors?: SubgraphResponse['errors'];
}

/** What a subscription tells, event by event. */
export interface TestStream<Data> {
  /** The data of the next event; an error instead of it fails the test. */
  next(): Promise<Data>;
  return(): Promise<void>;
}

/** An app on a database of its own, without rows, reached by signed calls like any subgraph. */
export interface TestApp {
  readonly running: RunningApp;
  readonly database: TestDatabase;
  /** Where the app has backups made; it goes with the app. */
  readonly backupDirectory: string;
  /** The text of every SQL statement since the start. */
  readonly statements: readonly string[];
  /** Every line of the app's log, as JSON. */
  readonly logs: readonly string[];
  /** Sends one operation. Values pass through JSON on the way back, as on the wire. */
  execute<Data = Record<string, unknown>>(
    operation: string,
    variables?: Readonly<Record<string, unknown>>,
    caller?: TestCaller,
  ): Promise<TestResponse<Data>>;
  /** Starts a subscription that must be accepted. It is left with `return`, or ends with the app. */
  subscribe<Data = Record<string, unknown>>(
    operation: string,
    variables?: Readonly<Record<string, unknown>>,
    caller?: TestCaller,
  ): Promise<TestStream<Data>>;
  /** Writes the app's demo data of a tenant (`makeDemoTenants` makes some). */
  insertDemo(tenant: DemoTenant): Promise<void>;
  /** How many SQL statements some work takes. */
  countStatements(work: () => Promise<unknown>): Promise<number>;
  stop(): Promise<void>;
}

function principalOf(caller: TestCaller) {
  const { tenant = 'acme', app = 'crm-web', permissions = ['*'], userId, credentialId = 'key-of-the-test' } = caller;
  if (caller.authenticated === false) return undefined;
  return createPrincipal({ tenantId: parseTenantId(tenant), app, credentialId, userId, permissions });
}

/**
 * Starts an app on a test database of its own, or on one that it shares with others, some of which it may call. Stop it in
 * `afterAll`; it drops the database if it is its own. It reacts to events only where it is said how, and runs workflows only
 * where it is said what calls of other apps go through.
 */
export async function startTestApp(
  app: App,
  shared?: TestDatabase,
  others: readonly TestApp[] = [],
  reacts?: Omit<EventOptions, 'source'>,
  works?: (callApp: CallApp) => CallApp,
  outlets?: Outlets,
): Promise<TestApp> {
  const database = shared ?? (await createTestDatabase());
  const statements: string[] = [];
  const logs: string[] = [];
  const logger = loggerOfTest(app.name, logs);
  const feed = openChangeFeed({ databaseUrl: database.urlFor('feed'), secret: secretOfTests, logger });
  const callOthers = reachApps(
    others.map(({ running }) => running),
    secretOfTests,
  );
  const backupDirectory = join(tmpdir(), `panorama-backups-${randomUUID()}`);
  const schemas = await readdir(new URL('../../prisma/', import.meta.url));
  const { ownerUrl } = database;
  const backups = openBackupDesk({ ownerUrl, schemas, directory: backupDirectory, keepDays: 30 });
  const running = await app.start({
    databaseUrl: database.urlFor(app.name),
    poolSize: 4,
    secret: secretOfTests,
    logger,
    feed,
    callApp: works ? works(callOthers) : callOthers,
    backups,
    ...(works && app.engine && { engineUrl: database.urlFor(app.engine.name) }),
    outlets,
    events: reacts && { source: feed.events, ...reacts },
    onStatement: (sql) => statements.push(sql),
  });

  const call = callerOf(app.name, running.execute);

  async function execute<Data>(document: string, variables = {}, caller: TestCaller = {}): Promise<TestResponse<Data>> {
    const response = await call(document, { variables, principal: principalOf(caller) });
    return JSON.parse(JSON.stringify(response)) as TestResponse<Data>;
  }

  const start = callerOf(app.name, running.subscribe);

  async function subscribe<Data>(document: string, variables = {}, caller: TestCaller = {}): Promise<TestStream<Data>> {
    const stream = await start(document, { variables, principal: principalOf(caller) });
    if (!(Symbol.asyncIterator in stream)) throw new Error(`Refused: ${JSON.stringify(stream.errors)}`);
    const events = stream[Symbol.asyncIterator]();
    return {
      async next() {
        const { value, done } = await events.next();
        const answer = value as SubgraphResponse | undefined;
        if (done || !answer || answer.errors) throw new Error(`No event: ${JSON.stringify(answer)}`);
        return JSON.parse(JSON.stringify(answer.data)) as Data;
      },
      async return() {
        await events.return?.();
      },
    };
  }

  return {
    running,
    database,
    backupDirectory,
    statements,
    logs,
    execute,
    subscribe,
    insertDemo: (tenant) => running.insertDemo(tenant),
    async countStatements(work) {
      const before = statements.length;
      await work();
      return statements.length - before;
    },
    async stop() {
      await running.stop();
      await feed.stop();
      await backups.stop();
      await rm(backupDirectory, { recursive: true, force: true });
      if (!shared) await database.drop();
    },
  };
}
