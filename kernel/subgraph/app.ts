import { readdir, readFile } from 'node:fs/promises';
import {
  createTenantDatabase,
  type PrismaClientLike,
  type TenantDatabase,
  type TenantDatabaseOptions,
  type TenantTransaction,
} from '../data/tenant-database.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type Cursors, createCursors } from '../tenancy/cursor.ts';
import type { Principal } from '../tenancy/principal.ts';
import type { TenantScope } from '../tenancy/request-context.ts';
import type { Connection, SubgraphOperation } from './connection.ts';
import type { DemoTenant } from './demo-tenant.ts';
import { createExecutableSubgraph } from './executable.ts';

/** What resolvers of every app are given for one request. */
export interface RequestScope extends TenantScope {
  readonly principal: Principal;
  readonly correlationId: string;
}

/** What resolvers, queries and commands of an app with data are given for one request. */
export interface AppContext<Client extends PrismaClientLike, Loaders> extends RequestScope {
  readonly database: TenantDatabase<Client>;
  readonly cursors: Cursors;
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
  /** Signs cursors. */
  readonly secret: string;
  readonly logger: Logger;
  /** Sees the text of every SQL statement. */
  readonly onStatement?: (sql: string) => void;
}

/** An app that answers. */
export interface RunningApp {
  readonly name: string;
  /** The whole subgraph schema. */
  readonly sdl: string;
  readonly connection: Connection;
  /** Rejects when the app cannot reach its data. */
  check(): Promise<void>;
  /** Writes the app's rows of a demo tenant, where they are not there yet. */
  insertDemo(tenant: DemoTenant): Promise<void>;
  stop(): Promise<void>;
}

/** One app: its part of the graph and how to run it. Every `subgraphs/<app>/index.ts` exports one. */
export interface App {
  readonly name: string;
  /** Whether the app keeps data, in a Postgres schema and with a role of its name. */
  readonly hasData: boolean;
  readSdl(): Promise<string>;
  start(environment: AppEnvironment): Promise<RunningApp>;
}

interface AppParts {
  readonly name: string;
  /** The folder of the app. `schema.graphql` lies in it, and more `.graphql` files where one would be too long. */
  readonly directory: URL;
  readonly resolvers: object;
}

interface DataParts<Client extends PrismaClientLike, Loaders> {
  readonly createClient: TenantDatabaseOptions<Client>['createClient'];
  readonly createLoaders: (context: Omit<AppContext<Client, Loaders>, 'loaders'>) => Loaders;
  readonly insertDemo: (tx: TenantTransaction<Client>, tenant: DemoTenant) => Promise<void>;
}

/** The whole schema of an app as SDL: what all apps share, then its own. */
async function readSdl(directory: URL): Promise<string> {
  const shared = await readFile(new URL('shared.graphql', import.meta.url), 'utf8');
  const files = (await readdir(directory)).filter((file) => file.endsWith('.graphql')).sort();
  const own = await Promise.all(files.map((file) => readFile(new URL(file, directory), 'utf8')));
  return [shared, ...own].join('\n');
}

const scopeOf = (principal: Principal, request: SubgraphOperation): RequestScope => ({
  tenantId: principal.tenantId,
  principal,
  correlationId: request.context.correlationId,
});

/** An app that keeps data in its own Postgres schema. */
export function defineApp<Client extends PrismaClientLike, Loaders>(parts: AppParts & DataParts<Client, Loaders>): App {
  const { name, directory, resolvers, createClient, createLoaders, insertDemo } = parts;

  async function start({ databaseUrl, poolSize, secret, logger, onStatement }: AppEnvironment): Promise<RunningApp> {
    const sdl = await readSdl(directory);
    const database = createTenantDatabase({
      connectionString: databaseUrl,
      createClient,
      poolSize,
      ...(onStatement && { onStatement }),
    });
    const createContext = (principal: Principal, request: SubgraphOperation): AppContext<Client, Loaders> => {
      const base = {
        ...scopeOf(principal, request),
        database,
        cursors: createCursors(secret, principal.tenantId),
        forgetLoaded() {
          loaders = createLoaders(base);
        },
      };
      let loaders = createLoaders(base);
      return {
        ...base,
        get loaders() {
          return loaders;
        },
      };
    };
    const connection = createExecutableSubgraph({ name, sdl, resolvers, createContext, logger });
    return {
      name,
      sdl,
      connection,
      // An empty transaction needs all that a query needs.
      check: () => database.lookUp({}, async () => {}),
      insertDemo: (tenant) => database.write({ tenantId: tenant.id }, (tx) => insertDemo(tx, tenant)),
      stop: () => database.stop(),
    };
  }

  return { name, hasData: true, readSdl: () => readSdl(directory), start };
}

/** An app that keeps no data: it computes its fields from those of other apps (`@requires`). */
export function defineStatelessApp({ name, directory, resolvers }: AppParts): App {
  async function start({ logger }: AppEnvironment): Promise<RunningApp> {
    const sdl = await readSdl(directory);
    const connection = createExecutableSubgraph({ name, sdl, resolvers, createContext: scopeOf, logger });
    return { name, sdl, connection, check: async () => {}, insertDemo: async () => {}, stop: async () => {} };
  }

  return { name, hasData: false, readSdl: () => readSdl(directory), start };
}
