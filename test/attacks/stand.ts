import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { admissionOptions } from '../../cli/admission.ts';
import { makeDemoTenants } from '../../cli/demo/tenants.ts';
import { reachApps } from '../../cli/reach-apps.ts';
import { readSuiteSupergraph } from '../../cli/suite-supergraph.ts';
import { createAuthenticator } from '../../gateway/admission/authenticator.ts';
import { defaultRateLimits } from '../../gateway/admission/rate-limit.ts';
import { createTokenReader } from '../../gateway/admission/read-token.ts';
import { auditAccess } from '../../gateway/connections/audit-access.ts';
import { batchEntities } from '../../gateway/connections/batch-entities.ts';
import { shareReads } from '../../gateway/connections/share-reads.ts';
import { signCalls, signSubscriptions } from '../../gateway/connections/sign-calls.ts';
import { createGateway, type GatewayOptions } from '../../gateway/index.ts';
import { createPlayground } from '../../gateway/server/playground.ts';
import { loadSupergraph, type Supergraph } from '../../gateway/supergraph/supergraph.ts';
import { type AuditLog, createAuditLog } from '../../kernel/audit/audit-log.ts';
import { insertAuditRecords } from '../../kernel/audit/audit-record.ts';
import { openChangeFeed } from '../../kernel/changes/change-feed.ts';
import { suiteLimits } from '../../kernel/config/operation-limits.ts';
import { openTenantWriter } from '../../kernel/data/tenant-writer.ts';
import { useCounterSchema } from '../../kernel/data/use-counter.ts';
import type { RunningApp } from '../../kernel/subgraph/app.ts';
import type { Connection, SubgraphCall, SubscribingConnection } from '../../kernel/subgraph/connection.ts';
import type { Logger } from '../../kernel/telemetry/logger.ts';
import { createCallSigner } from '../../kernel/tenancy/subgraph-token.ts';
import { apps } from '../../subgraphs/index.ts';
import { openKeyAuthenticator } from '../../subgraphs/users/authenticate.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createIssuerKey, forgeJwt, type IssuerKey, type Signer } from '../support/jwt.ts';
import { loggerOfTest } from '../support/output-of-run.ts';
import { type AuditRow, openRowReader } from './read-rows.ts';
import { send } from './send.ts';

/** A server that counts who comes, and answers everybody with the same text. */
export interface Trap {
  readonly url: string;
  readonly visits: () => number;
}

/**
 * The suite as production runs it, in this process: no demo texts, introspection and suggestions off, the limits of the
 * platform, one issuer of tokens with a key set, and two tenants, acme and globex, of whom globex is attacked.
 */
export interface Stand {
  /** Without a path. */
  readonly url: string;
  readonly database: TestDatabase;
  readonly secret: string;
  readonly supergraph: Supergraph;
  readonly apps: readonly RunningApp[];
  /** Every call that reached an app, the newest last. */
  readonly calls: (SubgraphCall & { readonly app: string })[];
  /** How many of them are not answered yet. */
  readonly openCalls: () => number;
  /** Every SQL statement of the apps. */
  readonly statements: string[];
  /** Every line of the log. */
  readonly logs: readonly string[];
  readonly issuer: Trap & { readonly key: IssuerKey; readonly stranger: IssuerKey };
  /** Whoever comes here was sent by an attack. */
  readonly trap: Trap;
  /** A token of the issuer with these claims beside the usual ones, which `undefined` leaves out. */
  token(claims?: Readonly<Record<string, unknown>>, header?: object, sign?: Signer): string;
  /** What the rows of a tenant are, as a digest. */
  rowsOf(tenant: string): Promise<string>;
  /** What is on record of a request. */
  recordsOf(tenant: string, correlationId: string): Promise<readonly AuditRow[]>;
  /** The ways to the apps, each counted. */
  readonly connections: ReadonlyMap<string, Connection>;
  /** Opens another gateway like the first; the stand stops it. */
  openGateway(options?: Partial<GatewayOptions>): Promise<string>;
  /** Opens another gateway like the first, which an attack stops. */
  openStoppable(): Promise<{ readonly url: string; stop(graceMs: number): Promise<void> }>;
  stop(): Promise<void>;
}

export const issuerName = 'https://issuer.example';
export const friend = 'https://app.example.com';
const audience = 'panorama-attacks';
const peoplePerTenant = 6;
const silentAfterMs = 1_000;

/** What has been started, to be stopped in reverse order. */
type Stops = (() => Promise<unknown>)[];

async function openTrap(stops: Stops, answer: () => string): Promise<Trap> {
  let visits = 0;
  const server = createServer((_request, response) => {
    visits += 1;
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, visits: () => visits };
}

async function openIssuer(stops: Stops): Promise<Stand['issuer']> {
  const key = createIssuerKey('RS256');
  const trap = await openTrap(stops, () => JSON.stringify({ keys: [key.jwk] }));
  return { ...trap, key, stranger: createIssuerKey('RS256') };
}

const claims = { tenant: 'tenantId', app: 'app', user: 'sub', permissions: 'scope', roles: 'roles' };

function tokensOf({ key }: Stand['issuer']): Stand['token'] {
  return (own = {}, header = {}, sign = key.sign) => {
    const exp = Math.floor(Date.now() / 1000) + 600;
    const usual = { iss: issuerName, aud: audience, exp, tenantId: 'acme', app: 'crm-web', scope: ['*'] };
    return forgeJwt({ alg: 'RS256', typ: 'JWT', kid: key.kid, ...header }, { ...usual, ...own }, sign);
  };
}

interface Parts {
  readonly secret: string;
  readonly logs: string[];
  readonly statements: string[];
  readonly calls: Stand['calls'];
}

async function startApps(database: TestDatabase, parts: Parts, stops: Stops): Promise<RunningApp[]> {
  const { secret, logs, statements } = parts;
  const running: RunningApp[] = [];
  const logger = loggerOfTest('the stand', logs);
  const feed = openChangeFeed({ databaseUrl: database.urlFor('feed'), secret, logger });
  stops.push(() => feed.stop());
  const callApp = reachApps(running, secret);
  for (const app of apps) {
    const started = await app.start({
      databaseUrl: database.urlFor(app.name),
      poolSize: 4,
      secret,
      logger,
      feed,
      callApp,
      onStatement: (sql) => statements.push(sql),
    });
    stops.push(() => started.stop());
    running.push(started);
  }
  const tenants = makeDemoTenants(secret);
  for (const app of running) {
    for (const tenant of tenants) {
      await app.insertDemo({ ...tenant, people: tenant.people.slice(0, peoplePerTenant) });
    }
  }
  return running;
}

/** Records what belongs to no transaction of an app, as the platform does. */
function openAudit(database: TestDatabase, logger: Logger, stops: Stops): AuditLog {
  const writer = openTenantWriter({ databaseUrl: database.urlFor(useCounterSchema.name) });
  stops.push(() => writer.stop());
  const log = createAuditLog({
    write: (tenantId, records) => writer.write(tenantId, insertAuditRecords(records)),
    logger,
  });
  stops.push(() => log.idle());
  return log;
}

type NoteCall = (change: 1 | -1) => void;

/** Connects an app as the platform does, and notes every call that comes to it. */
function connectApp({ name, execute }: RunningApp, parts: Parts, audit: AuditLog, note: NoteCall): Connection {
  const { secret, calls } = parts;
  const noted = async (call: SubgraphCall) => {
    calls.push({ ...call, app: name });
    note(1);
    try {
      return await execute(call);
    } finally {
      note(-1);
    }
  };
  return auditAccess(audit, name, shareReads(batchEntities(signCalls(noted, createCallSigner(secret, name)))));
}

/** A way to the subscriptions of an app, signed. */
function connectToEvents({ name, subscribe }: RunningApp, { secret, calls }: Parts): SubscribingConnection {
  const noted: typeof subscribe = (call) => {
    calls.push({ ...call, app: name });
    return subscribe(call);
  };
  return signSubscriptions(noted, createCallSigner(secret, name));
}

/** Starts a stand. Stop it in `afterAll`, also when the start failed half-way: it cleans up after itself then. */
export async function openStand(): Promise<Stand> {
  const stops: Stops = [];
  const stop = async () => {
    for (let next = stops.pop(); next; next = stops.pop()) await next();
  };
  try {
    return { ...(await open(stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function open(stops: Stops): Promise<Omit<Stand, 'stop'>> {
  const parts: Parts = { secret: 'a secret of the stand, in no answer', logs: [], statements: [], calls: [] };
  const { secret, logs } = parts;
  const logger = loggerOfTest('the stand', logs);
  const database = await createTestDatabase();
  stops.push(() => database.drop());
  const running = await startApps(database, parts, stops);
  const rows = await openRowReader(database.ownerUrl);
  stops.push(() => rows.close());
  const keys = openKeyAuthenticator({ databaseUrl: database.urlFor('users'), secret, demo: true });
  stops.push(() => keys.stop());
  const audit = openAudit(database, logger, stops);
  const issuer = await openIssuer(stops);
  const trap = await openTrap(stops, () => JSON.stringify({ keys: [issuer.stranger.jwk] }));

  const supergraph = loadSupergraph(await readSuiteSupergraph(apps));
  let open = 0;
  const note: NoteCall = (change) => {
    open += change;
  };
  const connections = new Map(running.map((app) => [app.name, connectApp(app, parts, audit, note)]));
  const subscribingConnections = new Map(running.map((app) => [app.name, connectToEvents(app, parts)]));
  const jwt = {
    key: { jwksUrl: `${issuer.url}/jwks` },
    issuer: issuerName,
    audience,
    algorithms: ['RS256'],
    clockSkewSeconds: 30,
    claims,
  } as const;
  const readToken = createTokenReader({ secret, jwt, logger });
  const playground = await createPlayground({
    directory: fileURLToPath(new URL('../../generated/playground', import.meta.url)),
    config: { endpoint: '/graphql', identities: [], customerId: 'cus_acme_0001' },
  });

  async function openStoppable(options: Partial<GatewayOptions> = {}) {
    const gateway = await createGateway({
      current: () => ({ supergraph, connections, subscribingConnections }),
      access: {
        kind: 'authenticated',
        authenticator: createAuthenticator({ readKey: keys.authenticate, readToken, principalFor: keys.principalFor }),
        introspection: false,
      },
      ...admissionOptions(
        { cors: { origins: [friend] } },
        { limits: suiteLimits, rateLimits: defaultRateLimits, directory: '.' },
      ),
      audit,
      suggestions: false,
      health: running.map(({ name, check }) => ({ name, critical: name === 'users', check })),
      playground,
      logger,
      ...options,
    });
    const server = await gateway.open({ port: 0, host: '127.0.0.1' });
    return { url: `http://127.0.0.1:${server.port}`, stop: server.drain };
  }

  async function openGateway(options: Partial<GatewayOptions> = {}): Promise<string> {
    const { url, stop } = await openStoppable(options);
    stops.push(() => stop(silentAfterMs));
    return url;
  }

  const token = tokensOf(issuer);
  const url = await openGateway();
  // From here on the keys of the issuer are there.
  const headers = { authorization: `Bearer ${token()}` };
  while ((await send(url, { headers, body: { query: '{ __typename }' } })).status !== 200);

  return {
    ...parts,
    url,
    database,
    supergraph,
    apps: running,
    openCalls: () => open,
    issuer,
    trap,
    token,
    rowsOf: rows.digestOf,
    recordsOf: rows.recordsOf,
    connections,
    openGateway,
    openStoppable,
  };
}
