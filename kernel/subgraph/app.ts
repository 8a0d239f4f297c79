import { readdir, readFile } from 'node:fs/promises';
import type { MutationRun } from '../audit/mutation-run.ts';
import { type AuditKinds, recordMutations } from '../audit/record-mutations.ts';
import { absentFeed } from '../changes/absent-feed.ts';
import type { ChangeFeed } from '../changes/feed.ts';
import type { EventHandlers } from '../changes/handlers/event-handler.ts';
import { type EventOptions, type RunningHandlers, startHandlers } from '../changes/handlers/start-handlers.ts';
import { createSealKeys, type SealKeys } from '../changes/sealing/seal-keys.ts';
import { absentBackups, type BackupDesk } from '../data/backup/backup-desk.ts';
import type { EngineSchema } from '../data/engine-schema.ts';
import {
  createTenantDatabase,
  type PrismaClientLike,
  type TenantDatabaseOptions,
  type TenantReads,
  type TenantTransaction,
} from '../data/tenant-database.ts';
import type { AppRules } from '../permissions/app-rules.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type Cursors, createCursors } from '../tenancy/cursor.ts';
import type { Principal } from '../tenancy/principal.ts';
import type { TenantScope } from '../tenancy/request-context.ts';
import { createCallVerifier, type IdempotentRequest, type VerifiedCall } from '../tenancy/subgraph-token.ts';
import { type BackgroundParts, type BackgroundWork, type Outlets, publicOutlets } from './background-work.ts';
import { absentApps, type CallApp } from './call-app.ts';
import { createCallContext, type HeldLoaders, holdLoaders } from './call-context.ts';
import type { SubgraphExecutor, SubscribingExecutor } from './connection.ts';
import type { DemoTenant } from './demo-tenant.ts';
import { createExecutableSubgraph } from './executable.ts';

/** What resolvers of every app are given for one request. */
export interface RequestScope extends TenantScope {
  readonly principal: Principal;
  readonly correlationId: string;
  /** As the client calls its operation, where that is a mutation. */
  readonly operationName: string | undefined;
  /** Set where the sender of a mutation may send it again. */
  readonly idempotency: IdempotentRequest | undefined;
  /** The changes of all tenants; it tells a principal what that may read. */
  readonly feed: ChangeFeed;
}

/** What resolvers, queries and commands of an app with data are given for one request. */
export interface AppContext<Client extends PrismaClientLike, Loaders> extends RequestScope {
  readonly database: TenantReads<Client>;
  /** The mutation that runs, which alone can write (`runCommand`); undefined in queries. */
  readonly mutation?: MutationRun<Client>;
  readonly cursors: Cursors;
  /** Asks another app of the platform. */
  readonly callApp: CallApp;
  /** The ways out of the platform. */
  readonly outlets: Outlets;
  /** Where backups of the tenant are made. */
  readonly backups: BackupDesk;
  readonly logger: Logger;
  /** The platform's secret, from which credentials are made. */
  readonly secret: string;
  /** The keys of the personal data in the change log. */
  readonly sealKeys: SealKeys;
  /** Batch functions of this request; made anew for each, so nothing they hold outlives it. */
  readonly loaders: Loaders;
  /** Makes `loaders` anew: what was read before a write may no longer hold. */
  readonly forgetLoaded: () => void;
}

/** What an app needs from the outside to run. */
export interface AppEnvironment {
  /** Connection string of the app's own role. */
  readonly databaseUrl: string;
  readonly poolSize: number;
  /** How long a transaction may take, in milliseconds; 10,000 by default. */
  readonly transactionTimeoutMillis?: number;
  /** The platform's: signs cursors, and the calls that the app answers. */
  readonly secret: string;
  readonly logger: Logger;
  /** Shared by the apps of a process, and stopped by whoever opened it; without one, what is asked of it is refused. */
  readonly feed?: ChangeFeed;
  /** How the other apps are reached; without it none is. */
  readonly callApp?: CallApp;
  /** Where backups are made; without it, who asks for one is refused. */
  readonly backups?: BackupDesk | undefined;
  /** Where it learns of what it reacts to; without it, it reacts to nothing. */
  readonly events?: EventOptions | undefined;
  /** The ways out of the platform; `publicOutlets` by default. */
  readonly outlets?: Outlets | undefined;
  /** Connection string of the role of `App.engine`; without it the app does nothing by itself. */
  readonly engineUrl?: string | undefined;
  /** Sees the text of every SQL statement. */
  readonly onStatement?: (sql: string) => void;
}

/** An app that answers. */
export interface RunningApp {
  readonly name: string;
  /** The whole subgraph schema. */
  readonly sdl: string;
  /** Answers the calls that the gateway signed. */
  readonly execute: SubgraphExecutor;
  /** Starts the subscriptions that the gateway signed. */
  readonly subscribe: SubscribingExecutor;
  /** How far it has reacted to what happened; undefined where it does not. */
  readonly events: RunningHandlers | undefined;
  /** Rejects when the app cannot reach its data. */
  check(): Promise<void>;
  /** Writes the app's rows of a demo tenant, where they are not there yet. */
  insertDemo(tenant: DemoTenant): Promise<void>;
  stop(): Promise<void>;
}

/** One app: its part of the graph and how to run it, on a Postgres schema and with a role of its name. Every `subgraphs/<app>/index.ts` exports one. */
export interface App {
  readonly name: string;
  /** Whether the app reads the audit records of the tenant. */
  readonly readsAudit?: boolean;
  /** Whether the app reads what clients pushed in vain into any app. */
  readonly keepsSync?: boolean;
  /** The schema of the library by which it does what takes longer than a request. */
  readonly engine?: EngineSchema | undefined;
  /** What it does to its rows when they come out of a backup. */
  readonly afterRestore?: readonly string[] | undefined;
  readSdl(): Promise<string>;
  start(environment: AppEnvironment): Promise<RunningApp>;
}

interface AppParts<Client extends PrismaClientLike, Loaders> {
  readonly name: string;
  /** The folder of the app. `schema.graphql` lies in it, and more `.graphql` files where one would be too long. */
  readonly directory: URL;
  readonly resolvers: object;
  /** Who may see which records and fields, where that depends on more than permissions. */
  readonly rules?: AppRules;
  readonly createClient: TenantDatabaseOptions<Client>['createClient'];
  readonly createLoaders: (context: Omit<AppContext<Client, Loaders>, 'loaders'>) => Loaders;
  /** An app without demo data has none. */
  readonly insertDemo?: (tx: TenantTransaction<Client>, tenant: DemoTenant) => Promise<void>;
  readonly readsAudit?: boolean;
  readonly keepsSync?: boolean;
  /** What mutations mean for keys, by field. */
  readonly auditKinds?: AuditKinds;
  /** What it does when something has happened, by event type: what `events.ts` exports. */
  readonly events?: EventHandlers<Client>;
  readonly engine?: EngineSchema;
  /** SQL statements of the database's owner, with the tenant as `$1`: what was under way is not any more. */
  readonly afterRestore?: readonly string[];
  /** Begins what the app does beside answering calls. */
  readonly startBackground?: (parts: BackgroundParts<Client>) => BackgroundWork;
}

/** The whole schema of an app as SDL: what all apps share, then its own. */
async function readSdl(directory: URL): Promise<string> {
  const shared = await readFile(new URL('shared.graphql', import.meta.url), 'utf8');
  const files = (await readdir(directory)).filter((file) => file.endsWith('.graphql')).sort();
  const own = await Promise.all(files.map((file) => readFile(new URL(file, directory), 'utf8')));
  return [shared, ...own].join('\n');
}

const scopeOf = (call: VerifiedCall, feed: ChangeFeed): RequestScope => ({
  tenantId: call.principal.tenantId,
  principal: call.principal,
  correlationId: call.correlationId,
  operationName: call.operationName,
  idempotency: call.idempotency,
  feed,
});

type SharedContext<Client extends PrismaClientLike> = Pick<
  AppContext<Client, unknown>,
  'database' | 'feed' | 'callApp' | 'outlets' | 'backups' | 'logger' | 'secret' | 'sealKeys'
>;

/** What resolvers are given for one call, of what is the same for all. */
function createContext<Client extends PrismaClientLike, Loaders>(
  shared: SharedContext<Client>,
  createLoaders: AppParts<Client, Loaders>['createLoaders'],
  call: VerifiedCall,
): AppContext<Client, Loaders> {
  const held: HeldLoaders<Loaders> = holdLoaders(() => createLoaders(base));
  const base = {
    ...shared,
    ...scopeOf(call, shared.feed),
    cursors: createCursors(shared.secret, call.principal.tenantId),
    forgetLoaded: held.forget,
  };
  return createCallContext(base, held);
}

async function startApp<Client extends PrismaClientLike, Loaders>(
  { name, directory, resolvers, rules, insertDemo, ...parts }: AppParts<Client, Loaders>,
  { databaseUrl, poolSize, transactionTimeoutMillis, onStatement, ...environment }: AppEnvironment,
): Promise<RunningApp> {
  const { secret, logger, feed = absentFeed, callApp = absentApps, backups = absentBackups } = environment;
  const { engineUrl, outlets = publicOutlets } = environment;
  const sdl = await readSdl(directory);
  const database = createTenantDatabase({
    connectionString: databaseUrl,
    createClient: parts.createClient,
    poolSize,
    transactionTimeoutMillis,
    onStatement,
  });
  const sealKeys = createSealKeys(secret);
  const shared = { database, feed, callApp, outlets, backups, logger, secret, sealKeys };
  const executable = createExecutableSubgraph({
    name,
    sdl,
    resolvers,
    rules,
    createContext: (call) => createContext(shared, parts.createLoaders, call),
    verifyCall: createCallVerifier(secret, name),
    recordMutations: (schema) => recordMutations(schema, { ...shared, app: name }, parts.auditKinds),
    logger,
  });
  const background = parts.startBackground?.({ database, feed, callApp, logger, sealKeys, secret, outlets, engineUrl });
  const events =
    parts.events &&
    environment.events &&
    startHandlers({ app: name, handlers: parts.events, database, secret, sealKeys, logger }, environment.events);
  return {
    name,
    sdl,
    ...executable,
    events,
    // An empty transaction needs all that a query needs.
    check: () => database.lookUp({}, async () => {}),
    insertDemo: async (tenant) =>
      insertDemo && (await database.write({ tenantId: tenant.id }, (tx) => insertDemo(tx, tenant))),
    async stop() {
      await events?.stop();
      await background?.stop();
      await database.stop();
    },
  };
}

/** An app of these parts. It keeps its data in a Postgres schema of its own. */
export function defineApp<Client extends PrismaClientLike, Loaders>(parts: AppParts<Client, Loaders>): App {
  return {
    name: parts.name,
    readsAudit: parts.readsAudit ?? false,
    keepsSync: parts.keepsSync ?? false,
    engine: parts.engine,
    afterRestore: parts.afterRestore,
    readSdl: () => readSdl(parts.directory),
    start: (environment) => startApp(parts, environment),
  };
}
