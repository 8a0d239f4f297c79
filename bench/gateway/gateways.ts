import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bodyOf, visitOf } from './operation.ts';

/** A gateway that the bench can start. */
export interface GatewayKind {
  /** How the command line calls it. */
  readonly name: string;
  readonly title: string;
  /** How it is set up, as the report says it. */
  readonly settings: string;
  /** What must be installed for it. Undefined: it is always there. */
  readonly needs?: string;
  /** The arguments of Node that serve a supergraph file on a port of this machine. */
  readonly command: (supergraphFile: string, port: number) => readonly string[];
}

/** A gateway that serves. */
export interface RunningGateway {
  readonly name: string;
  readonly title: string;
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const hiveCommand = path('../node_modules/@graphql-hive/gateway/dist/bin.js');
const routerRuntime = path('../node_modules/@graphql-hive/router-runtime');

function serveWithHive(supergraphFile: string, port: number, ...options: string[]): string[] {
  return [hiveCommand, 'supergraph', supergraphFile, '--host', '127.0.0.1', '--port', String(port), ...options];
}

/** Ours first, then the peers. */
export const gatewayKinds: readonly GatewayKind[] = [
  {
    name: 'ours',
    title: 'Panorama',
    settings: '`panorama gateway` with its defaults',
    command: (file, port) => [path('../../cli/panorama.ts'), 'gateway', '--supergraph', file, '--port', String(port)],
  },
  {
    name: 'ours-alone',
    title: 'Panorama, nothing shared',
    settings: 'the header that differs is forwarded, which makes every request a scope of its own',
    command: (file, port) => [
      path('../../cli/panorama.ts'),
      'gateway',
      ...['--supergraph', file, '--port', String(port), '--config', path('alone.yaml')],
    ],
  },
  {
    name: 'stock',
    title: '@apollo/gateway',
    settings: 'its defaults, on @apollo/server; it shares nothing',
    command: (file, port) => [path('stock.ts'), file, String(port)],
  },
  {
    name: 'hive',
    title: 'Hive Gateway',
    settings: 'its defaults: equal subgraph reads in flight share one call',
    needs: hiveCommand,
    command: (file, port) => serveWithHive(file, port),
  },
  {
    name: 'hive-rust',
    title: 'Hive Gateway, router-runtime',
    settings: 'its defaults: equal subgraph reads in flight share one call',
    needs: routerRuntime,
    command: (file, port) => serveWithHive(file, port, '--hive-router-runtime'),
  },
  {
    name: 'hive-rust-sharing',
    title: 'Hive Gateway, router-runtime, executions shared',
    settings: 'as the public benchmark sets it: equal queries in flight share one execution too',
    needs: routerRuntime,
    command: (file, port) =>
      serveWithHive(file, port, '--hive-router-runtime', '--config-path', path('hive-sharing.config.ts')),
  },
];

/** Whether what a gateway needs is installed. */
export function isInstalled({ needs }: GatewayKind): boolean {
  return needs === undefined || existsSync(needs);
}

/** A port that was free a moment ago: not every gateway can say which one it took. */
async function findFreePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  return address.port;
}

/** What a process wrote lately, for the message of a failed start. */
function keepOutput(child: ChildProcess): () => string {
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk).slice(-4_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return () => output;
}

/** Starts a gateway and waits until it answers the workload. Nothing of the environment that could make it report home is passed on. */
export async function startGateway(kind: GatewayKind, supergraphFile: string): Promise<RunningGateway> {
  const port = await findFreePort();
  const child = spawn(process.execPath, kind.command(supergraphFile, port), {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Hive Gateway looks for a configuration where it is started.
    cwd: dirname(supergraphFile),
    env: { PATH: process.env.PATH, NODE_ENV: 'production', APOLLO_TELEMETRY_DISABLED: 'true' },
  });
  const output = keepOutput(child);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = `http://127.0.0.1:${port}/graphql`;
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  for (let waitedMs = 0; !(await isServing(url)); waitedMs += 100) {
    if (child.exitCode !== null || waitedMs > 60_000) {
      await stop();
      throw new Error(`${kind.title} does not serve:\n${output()}`);
    }
    await sleep(100);
  }
  return { name: kind.name, title: kind.title, url, pid: child.pid ?? 0, stop };
}

async function isServing(url: string): Promise<boolean> {
  try {
    return (await postShop(url)).ok;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Asks a gateway the query of the workload once. */
export function postShop(url: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', 'accept-encoding': 'identity' },
    body: bodyOf(visitOf(0)),
  });
}
