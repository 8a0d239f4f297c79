import { pino } from 'pino';
import type { App } from '../../kernel/subgraph/app.ts';
import type { SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import type { DemoTenant } from '../../kernel/subgraph/demo-tenant.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../kernel/tenancy/principal.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

/** Who sends an operation of a test: by default the tenant `acme` by its app `crm-web`. */
export interface TestCaller {
  readonly tenant?: string;
  readonly app?: string;
  /** False sends the operation without a principal. */
  readonly authenticated?: boolean;
}

/** What an app answered; `Data` is what the test asked for, null when all of it failed. */
export interface TestResponse<Data> {
  readonly data: Data;
  readonly errors?: SubgraphResponse['errors'];
}

/** An app on a database of its own, without rows, reached through its connection like any subgraph. */
export interface TestApp {
  readonly database: TestDatabase;
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
  /** Writes the app's demo data of a tenant (`makeDemoTenants` makes some). */
  insertDemo(tenant: DemoTenant): Promise<void>;
  /** How many SQL statements some work takes. */
  countStatements(work: () => Promise<unknown>): Promise<number>;
  stop(): Promise<void>;
}

const signal = new AbortController().signal;

function principalOf({ tenant = 'acme', app = 'crm-web', authenticated = true }: TestCaller) {
  if (!authenticated) return undefined;
  const tenantId = parseTenantId(tenant);
  return createPrincipal({ tenantId, app, credentialId: 'key-of-the-test', userId: undefined, permissions: ['*'] });
}

/** Starts an app on a test database. Stop it in `afterAll`; it drops the database. */
export async function startTestApp(app: App): Promise<TestApp> {
  const database = await createTestDatabase();
  const statements: string[] = [];
  const logs: string[] = [];
  const running = await app.start({
    databaseUrl: database.urlFor(app.name),
    poolSize: 4,
    secret: 'a secret for tests',
    logger: pino({ level: 'info' }, { write: (line: string) => logs.push(line) }),
    onStatement: (sql) => statements.push(sql),
  });

  async function execute<Data>(document: string, variables = {}, caller: TestCaller = {}): Promise<TestResponse<Data>> {
    const context = { correlationId: 'correlation-of-the-test', principal: principalOf(caller), signal };
    const operationKind = document.trimStart().startsWith('mutation') ? 'mutation' : 'query';
    const response = await running.connection({
      document,
      operationName: undefined,
      operationKind,
      variables,
      context,
    });
    return JSON.parse(JSON.stringify(response)) as TestResponse<Data>;
  }

  return {
    database,
    statements,
    logs,
    execute,
    insertDemo: (tenant) => running.insertDemo(tenant),
    async countStatements(work) {
      const before = statements.length;
      await work();
      return statements.length - before;
    },
    async stop() {
      await running.stop();
      await database.drop();
    },
  };
}
