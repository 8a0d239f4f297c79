import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';

/** Whether the program `nats-server` is on this machine. */
export const hasNatsServer = spawnSync('nats-server', ['--version']).status === 0;

/** A NATS server of a test's own. */
export interface NatsServer {
  readonly url: string;
  stop(): Promise<void>;
}

async function readUrl(directory: string): Promise<string> {
  const [file] = await readdir(directory);
  const { nats } = JSON.parse(await readFile(join(directory, file ?? ''), 'utf8')) as { nats: [string] };
  return nats[0];
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Starts a server on a free port. */
export async function startNatsServer(): Promise<NatsServer> {
  const directory = await mkdtemp(join(tmpdir(), 'panorama-nats-'));
  const child = spawn('nats-server', ['-a', '127.0.0.1', '-p', '-1', '--ports_file_dir', directory], {
    stdio: 'ignore',
  });
  await eventually(async () => (await readUrl(directory).catch(() => undefined)) !== undefined);
  return {
    url: await readUrl(directory),
    async stop() {
      await end(child);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
