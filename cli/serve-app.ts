import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendLiveness, sendReadiness } from '../gateway/server/health.ts';
import { outletsOf } from '../kernel/config/outlets.ts';
import type { Settings } from '../kernel/config/settings.ts';
import { connectionStringFor } from '../kernel/data/app-role.ts';
import { migrate } from '../kernel/data/migrate.ts';
import { changeFeedSchema } from '../kernel/data/platform-schema.ts';
import type { App, RunningApp } from '../kernel/subgraph/app.ts';
import { startSubgraphServer } from '../kernel/subgraph/http-server.ts';
import { createLogger, type Logger } from '../kernel/telemetry/logger.ts';
import { createCallVerifier } from '../kernel/tenancy/subgraph-token.ts';
import { appSchema } from './app-schema.ts';
import { openBackups } from './open-backups.ts';
import { openFeed } from './open-feed.ts';
import { reachServedApps } from './reach-served-apps.ts';
import { Started } from './started.ts';

/** What one app is served with. */
export interface ServeAppOptions {
  readonly app: App;
  readonly settings: Settings;
  /** Of the database's owner. */
  readonly ownerUrl: string;
  /** The platform's. */
  readonly secret: string;
}

/** An app that is served over HTTP. */
export interface ServedApp {
  readonly port: number;
  /** Lets the running calls end for at most so many milliseconds, then stops the app. */
  stop(graceMs: number): Promise<void>;
}

/** Alone, an app has the database to itself: more of its work may run side by side than in one process with all. */
const poolSize = 10;

/** The connection string of the app's own role, once its schema is up to date. */
async function prepareDatabase({ app, ownerUrl, secret }: ServeAppOptions): Promise<string> {
  await migrate({
    connectionString: ownerUrl,
    apps: [appSchema(app), changeFeedSchema],
    secret,
    onProgress: (step) => process.stderr.write(`${step} ...\n`),
  });
  return connectionStringFor(ownerUrl, { app: app.name, secret });
}

/** `/healthz` and `/readyz`, for those who start and watch processes. */
function answerHealth({ name, check }: RunningApp) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const [path] = (request.url ?? '').split('?', 1);
    if (path === '/healthz') sendLiveness(request, response);
    else if (path === '/readyz') await sendReadiness(request, response, [{ name, critical: true, check }]);
    else return false;
    return true;
  };
}

/** Starts the app on its database, its feed and its ways to other apps. */
async function startApp(options: ServeAppOptions, logger: Logger, started: Started): Promise<RunningApp> {
  const { app, settings, ownerUrl, secret } = options;
  const databaseUrl = await prepareDatabase(options);
  const { feed, events } = await started.add(openFeed({ settings, ownerUrl, secret, logger }), (one) => one.stop());
  const callApp = reachServedApps(settings.apps, secret);
  const outlets = outletsOf(settings);
  const engineUrl = app.engine && connectionStringFor(ownerUrl, { app: app.engine.name, secret });
  const backups = await started.add(Promise.resolve(openBackups(settings, ownerUrl)), (one) => one.stop());
  const parts = { databaseUrl, poolSize, secret, logger, feed, callApp, backups, engineUrl, events, outlets };
  const starting = app.start(parts);
  return await started.add(starting, (one) => one.stop());
}

/** Serves one app over HTTP. Rejects with the system's error when the port is taken. */
export async function serveApp(options: ServeAppOptions): Promise<ServedApp> {
  const { app, settings, secret } = options;
  const logger = createLogger(settings.LOG_LEVEL);
  const started = new Started();
  try {
    const running = await startApp(options, logger, started);
    const server = await startSubgraphServer({
      name: app.name,
      execute: running.execute,
      subscribe: running.subscribe,
      verifyCall: createCallVerifier(secret, app.name),
      answerElsewhere: answerHealth(running),
      port: settings.PORT,
      host: settings.HOST,
      logger,
    });
    const stop = async (graceMs: number) => {
      await server.drain(graceMs);
      await started.stop();
    };
    return { port: server.port, stop };
  } catch (error) {
    await started.stop();
    throw error;
  }
}
