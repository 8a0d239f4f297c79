import cluster from 'node:cluster';
import { parseArgs } from 'node:util';
import { SettingError } from '../../kernel/config/setting-error.ts';
import { type GatewaySettings, readGatewaySettings } from '../../kernel/config/settings.ts';
import { createLogger } from '../../kernel/telemetry/logger.ts';
import { type GatewayStart, openGatewayServer, readGatewayStart } from '../gateway-server.ts';
import { untilAskedToStop } from '../until-asked-to-stop.ts';
import { reportServing, type Serving, superviseWorkers } from '../workers.ts';

const drainMs = 5_000;
/** Draining, and what a process does around it. */
const endWithinMs = 8_000;
const mostWorkers = 256;

interface CommandLine {
  /** A path or a URL. */
  readonly location: string;
  readonly workers: number;
  readonly settings: GatewaySettings;
}

function readCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      supergraph: { type: 'string' },
      port: { type: 'string' },
      host: { type: 'string' },
      config: { type: 'string' },
      workers: { type: 'string' },
    },
  });
  if (!values.supergraph) throw new SettingError('Say what to serve: --supergraph <file or URL>.');
  const settings = readGatewaySettings({
    ...(values.port !== undefined && { PORT: values.port }),
    ...(values.host !== undefined && { HOST: values.host }),
    ...(values.config !== undefined && { PANORAMA_CONFIG: values.config }),
  });
  return { location: values.supergraph, workers: readWorkers(values.workers ?? '1'), settings };
}

function readWorkers(text: string): number {
  const workers = Number(text);
  if (/^\d+$/.test(text) && workers >= 1 && workers <= mostWorkers) return workers;
  throw new SettingError(`--workers cannot be "${text}". Allowed: a whole number from 1 to ${mostWorkers}.`);
}

function describe({ settings: { HOST }, workers }: CommandLine, { port, supergraphId }: Serving): string {
  const url = `http://${HOST.includes(':') ? `[${HOST}]` : HOST}:${port}`;
  return [
    '',
    `Panorama serves ${url}/graphql`,
    '',
    `  Supergraph  ${supergraphId}`,
    `  Health      ${url}/readyz`,
    ...(workers > 1 ? [`  Workers     ${workers}`] : []),
    '',
    'Ctrl-C stops it.',
    '',
  ].join('\n');
}

/** Serves in this process, which may be one of several. */
async function serve(start: GatewayStart, asked: Promise<void>, onServing: (serving: Serving) => void): Promise<void> {
  const stopping = new AbortController();
  asked.then(() => stopping.abort());
  const logger = createLogger(start.settings.LOG_LEVEL);
  const server = await openGatewayServer(
    start,
    cluster.isWorker ? logger.child({ worker: process.pid }) : logger,
    stopping.signal,
  );
  onServing(server);
  await asked;
  await server.stop(drainMs);
}

/** Serves as one of several processes. The channel to the first of them would keep this one alive. */
async function serveAsWorker({ location, settings }: CommandLine, asked: Promise<void>): Promise<void> {
  try {
    await serve(readGatewayStart(location, settings), asked, reportServing);
  } finally {
    cluster.worker?.disconnect();
  }
}

/** `panorama gateway`: a supergraph as one endpoint, without apps of its own, until a signal ends it. */
export async function gateway(args: readonly string[]): Promise<void> {
  const commandLine = readCommandLine(args);
  const { location, workers: count, settings } = commandLine;
  const asked = untilAskedToStop();
  if (cluster.isWorker) return await serveAsWorker(commandLine, asked);

  const start = readGatewayStart(location, settings);
  asked.then(() => process.stderr.write('Stopping ...\n'));
  const onServing = (serving: Serving) => process.stdout.write(describe(commandLine, serving));
  if (count === 1) return await serve(start, asked, onServing);
  await superviseWorkers({ count, asked, onServing, endWithinMs, logger: createLogger(settings.LOG_LEVEL) });
}
