import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { keepDataDirectory, keepOutput, keepSecrets } from './output-of-run.ts';
import { root } from './source-files.ts';

/** `panorama` as a process of its own, once it serves. */
export interface PanoramaProcess {
  /** Where it serves, without a path. */
  readonly url: string;
  readonly pid: number;
  /** All that was written to standard output until it served. */
  readonly stdout: string;
  /** All that was written to standard error so far. */
  stderr(): string;
  /** Sends a signal and waits for the end of the process. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Where and how `panorama` runs; `settings` are its environment. */
export interface PanoramaOptions {
  readonly directory: string;
  readonly settings?: Readonly<Record<string, string>>;
}

/** The end of a process that did not come to serve. */
export class PanoramaEnded extends Error {
  readonly code: number | null;

  constructor(command: string, code: number | null, output: string) {
    super(`panorama ${command} ended with ${code}: ${output}`);
    this.code = code;
  }
}

/** Starts a command that serves and waits until it does. Rejects with `PanoramaEnded` when it ends before. */
export async function startPanorama(
  args: readonly string[],
  { directory, settings = {} }: PanoramaOptions,
): Promise<PanoramaProcess> {
  const child = spawn(process.execPath, [join(root, 'cli/panorama.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: directory,
    env: { PATH: process.env.PATH, LOG_LEVEL: 'error', ...settings },
  });
  keepSecrets({ secret: settings.PANORAMA_SECRET, ownerUrl: settings.DATABASE_URL });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const serving = Promise.withResolvers<void>();
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    if (stdout.includes('Ctrl-C stops it.')) serving.resolve();
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.once('close', () => {
    keepOutput(`panorama ${args[0]}: standard output`, stdout);
    keepOutput(`panorama ${args[0]}: standard error`, stderr);
  });
  child.once('close', (code) => serving.reject(new PanoramaEnded(args[0] ?? '', code, stdout + stderr)));
  await serving.promise;
  return {
    url: /http:\/\/[\d.:]+/.exec(stdout)?.[0] ?? '',
    pid: child.pid ?? 0,
    stdout,
    stderr: () => stderr,
    async end(signal) {
      child.kill(signal);
      const code = await ended;
      keepDataDirectory(directory);
      return code;
    },
  };
}
