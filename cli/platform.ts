import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Authenticator } from '../gateway/admission/authenticate.ts';
import { createAuthenticator } from '../gateway/admission/authenticator.ts';
import { defaultRateLimits } from '../gateway/admission/rate-limit.ts';
import { createTokenReader } from '../gateway/admission/read-token.ts';
import { auditAccess } from '../gateway/connections/audit-access.ts';
import { batchEntities } from '../gateway/connections/batch-entities.ts';
import { shareReads } from '../gateway/connections/share-reads.ts';
import { signCalls, signSubscriptions } from '../gateway/connections/sign-calls.ts';
import { createGateway } from '../gateway/index.ts';
import { createPlayground } from '../gateway/server/playground.ts';
import { serveAlways } from '../gateway/supergraph/served-supergraph.ts';
import type { AuditLog } from '../kernel/audit/audit-log.ts';
import { suiteLimits } from '../kernel/config/operation-limits.ts';
import { outletsOf } from '../kernel/config/outlets.ts';
import { keepSecret } from '../kernel/config/secret.ts';
import type { Settings } from '../kernel/config/settings.ts';
import { connectionStringFor } from '../kernel/data/app-role.ts';
import { lockDirectory } from '../kernel/data/directory-lock.ts';
import { migrate } from '../kernel/data/migrate.ts';
import { changeFeedSchema } from '../kernel/data/platform-schema.ts';
import { startEmbeddedPostgres } from '../kernel/data/postgres/embedded-postgres.ts';
import { useCounterSchema } from '../kernel/data/use-counter.ts';
import { PanoramaError } from '../kernel/errors/panorama-error.ts';
import type { RunningApp } from '../kernel/subgraph/app.ts';
import type { Connection, SubscribingConnection } from '../kernel/subgraph/connection.ts';
import { createLogger, type Logger } from '../kernel/telemetry/logger.ts';
import { createCallSigner } from '../kernel/tenancy/subgraph-token.ts';
import { apps } from '../subgraphs/index.ts';
import { type KeyAuthenticator, openKeyAuthenticator } from '../subgraphs/users/authenticate.ts';
import { admissionOptions } from './admission.ts';
import { appSchema } from './app-schema.ts';
import { type DemoTarget, insertDemoData } from './demo/insert.ts';
import { openSyncDemo } from './demo/sync-demo.ts';
import { demoCustomerId, demoKeys } from './demo/tenants.ts';
import { openAudit, openCounter } from './gateway-database.ts';
import { openBackups } from './open-backups.ts';
import { type FeedSource, openFeed } from './open-feed.ts';
import { reachApps } from './reach-apps.ts';
import { Started } from './started.ts';
import { readSuiteSupergraph } from './suite-supergraph.ts';

/** The whole platform in one process. */
export interface Platform {
  readonly url: string;
  /** Lets running requests end, then stops everything, the database last. Calling it again waits for the same end. */
  stop(): Promise<void>;
}

type Progress = (step: string) => void;

/** Connections per app: the work of a request is short, and Postgres has few cores to share. */
const poolSize = 5;
const drainMs = 5_000;

/** The connection string of the database's owner: the operator's, or that of the embedded server, which is started. */
async function openPostgres(settings: Settings, started: Started, onProgress: Progress): Promise<string> {
  await mkdir(settings.PANORAMA_DATA_DIR, { recursive: true });
  if (settings.DATABASE_URL !== undefined) return settings.DATABASE_URL;
  const lock = await started.add(lockDirectory(settings.PANORAMA_DATA_DIR), (held) => held.release());
  const postgres = await started.add(startEmbeddedPostgres({ lock, onProgress }), (server) => server.stop());
  return postgres.connectionString;
}

async function startApps(
  source: FeedSource & { readonly settings: Settings },
  started: Started,
): Promise<RunningApp[]> {
  const { ownerUrl, secret, logger } = source;
  const outlets = outletsOf(source.settings);
  const running: RunningApp[] = [];
  const callApp = reachApps(running, secret);
  const backups = openBackups(source.settings, ownerUrl);
  const { feed, events } = await started.add(openFeed(source), (one) => one.stop());
  for (const app of apps) {
    const databaseUrl = connectionStringFor(ownerUrl, { app: app.name, secret });
    const engineUrl = app.engine && connectionStringFor(ownerUrl, { app: app.engine.name, secret });
    const parts = { databaseUrl, poolSize, secret, logger, feed, callApp, backups, engineUrl, events, outlets };
    running.push(await started.add(app.start(parts), (one) => one.stop()));
  }
  await started.add(Promise.resolve(backups), (one) => one.stop()); // before the apps, which may wait for it
  return running;
}

/** Makes the demo data unless they are there. */
async function keepDemo(databaseUrl: string, target: DemoTarget, onProgress: Progress): Promise<void> {
  const authenticator = openKeyAuthenticator({ databaseUrl, secret: target.secret, demo: true });
  const admits = (key: string) => authenticator.authenticate(key, undefined).then(Boolean, ifUnknown);
  const isThere = (await Promise.all(demoKeys.map(({ key }) => admits(key)))).every(Boolean);
  await authenticator.stop();
  if (isThere) return;
  onProgress('Making the demo data');
  await insertDemoData(target);
}

function ifUnknown(error: unknown): false {
  if (error instanceof PanoramaError && error.code === 'UNAUTHENTICATED') return false;
  throw error;
}

/** Takes API keys and tokens; the users app knows what both are worth. */
function acceptCredentials(keys: KeyAuthenticator, { auth }: Settings, secret: string, logger: Logger): Authenticator {
  return createAuthenticator({
    readKey: keys.authenticate,
    readToken: createTokenReader({ secret, jwt: auth?.jwt, logger }),
    principalFor: keys.principalFor,
  });
}

function openPlayground(demo: boolean) {
  return createPlayground({
    directory: fileURLToPath(new URL('../generated/playground', import.meta.url)),
    config: {
      endpoint: '/graphql',
      identities: demo
        ? demoKeys.map(({ label, key, allowedApps, description }) => ({
            label,
            key,
            app: allowedApps[0] ?? '',
            description,
          }))
        : [],
      customerId: demoCustomerId,
    },
  });
}

/** Every call that is sent is signed; what is shared between requests is shared above. */
function connectApp({ name, execute }: RunningApp, secret: string, audit: AuditLog): Connection {
  const connection = shareReads(batchEntities(signCalls(execute, createCallSigner(secret, name))));
  return auditAccess(audit, name, connection);
}

function connectToEvents({ name, subscribe }: RunningApp, secret: string, audit: AuditLog): SubscribingConnection {
  return auditAccess(audit, name, signSubscriptions(subscribe, createCallSigner(secret, name)));
}

/** Whether several gateways on the same database hold to one limit. */
function sharesCounters({ admission }: Settings): boolean {
  return admission.rateLimit?.store === 'postgres';
}

async function openDoors(settings: Settings, ownerUrl: string, secret: string, started: Started, onProgress: Progress) {
  const demo = settings.PANORAMA_DEMO;
  const logger = createLogger(settings.LOG_LEVEL);
  const running = await startApps({ settings, ownerUrl, secret, logger }, started);
  const usersUrl = connectionStringFor(ownerUrl, { app: 'users', secret });
  if (demo) await keepDemo(usersUrl, { ownerUrl, secret }, onProgress);
  const keys = openKeyAuthenticator({ databaseUrl: usersUrl, secret, demo });
  await started.add(Promise.resolve(keys), (one) => one.stop());
  const database = { ownerUrl, secret, logger, started };
  const audit = await openAudit(database);
  const counter = sharesCounters(settings) ? await openCounter(database) : undefined;
  const gateway = await createGateway({
    current: serveAlways(
      await readSuiteSupergraph(apps),
      new Map(running.map((app) => [app.name, connectApp(app, secret, audit)])),
      new Map(running.map((app) => [app.name, connectToEvents(app, secret, audit)])),
    ),
    access: {
      kind: 'authenticated',
      authenticator: acceptCredentials(keys, settings, secret, logger),
      introspection: settings.PANORAMA_INTROSPECTION,
    },
    ...admissionOptions(settings.admission, {
      limits: suiteLimits,
      rateLimits: defaultRateLimits,
      directory: dirname(settings.PANORAMA_CONFIG),
      ...(counter && { store: counter }),
    }),
    audit,
    suggestions: demo,
    health: running.map(({ name, check }) => ({ name, critical: name === 'users', check })),
    playground: await openPlayground(demo),
    pages: demo ? [await openSyncDemo()] : [],
    logger,
  });
  const listening = gateway.open({ port: settings.PORT, host: settings.HOST });
  return await started.add(listening, (server) => server.drain(drainMs));
}

/** Starts Postgres, the apps and the gateway, and makes the demo data where they are wanted. */
export async function startPlatform(settings: Settings, onProgress: Progress): Promise<Platform> {
  const started = new Started();
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= started.stop());
  try {
    const ownerUrl = await openPostgres(settings, started, onProgress);
    const secret = settings.PANORAMA_SECRET ?? (await keepSecret(settings.PANORAMA_DATA_DIR));
    await migrate({
      connectionString: ownerUrl,
      apps: [...apps.map(appSchema), useCounterSchema, changeFeedSchema],
      secret,
      onProgress,
    });
    const server = await openDoors(settings, ownerUrl, secret, started, onProgress);
    return { url: `http://${settings.HOST}:${server.port}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
