import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

type Line = Readonly<Record<string, unknown>>;

/** A script of ours that runs as a process of its own, in a process group of its own, and prints lines of JSON. */
export interface ScriptProcess {
  readonly pid: number;
  /** The next line it prints. Rejects, with what it wrote to stderr, when it ends without one. */
  nextLine(): Promise<Line>;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** Starts a script of `test/support`. */
export function startScript(name: string, ...args: readonly string[]): ScriptProcess {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  if (child.pid === undefined) throw new Error(`${name} did not start.`);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const stderr = collect(child);
  return {
    pid: child.pid,
    ended: new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal ?? -1))),
    nextLine: async () => {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${name} ended without another line: ${stderr.join('')}`);
      return JSON.parse(value) as Line;
    },
  };
}

function collect(child: ChildProcessByStdio<null, Readable, Readable>): readonly string[] {
  const parts: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => parts.push(text));
  return parts;
}
