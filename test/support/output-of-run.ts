import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';

/** Where the tests of a run leave what our processes and loggers wrote, until the end of the run looks through it. */
export const outputDirectoryVariable = 'TEST_OUTPUT_DIRECTORY';

/** What a platform must not tell: its secret, what is made from that, and how its database is reached. */
export interface PlatformSecrets {
  readonly secret?: string | undefined;
  /** Connection string of the database's owner. */
  readonly ownerUrl?: string | undefined;
  /** What the names of the apps' roles begin with; by default the name of the database. */
  readonly rolePrefix?: string | undefined;
}

/** A line of a file of the folder. */
export type Kept =
  | { readonly kind: 'output'; readonly source: string; readonly text: string }
  | { readonly kind: 'secrets'; readonly of: PlatformSecrets };

/** Begins to keep what the tests of this run leave. */
export function beginOutput(): void {
  process.env[outputDirectoryVariable] = mkdtempSync(join(tmpdir(), 'panorama-output-'));
}

/** Removes what was kept. */
export function discardOutput(): void {
  const directory = process.env[outputDirectoryVariable];
  if (directory) rmSync(directory, { recursive: true, force: true });
}

/** Keeps something in the folder of this run, or in another. */
export function keep(kept: Kept, directory = process.env[outputDirectoryVariable]): void {
  if (directory && existsSync(directory)) {
    appendFileSync(join(directory, `${process.pid}.jsonl`), `${JSON.stringify(kept)}\n`);
  }
}

/** Keeps what something of ours wrote where others than its caller read it. */
export function keepOutput(source: string, text: string): void {
  if (text !== '') keep({ kind: 'output', source, text });
}

/** Notes what no output may hold. */
export function keepSecrets(of: PlatformSecrets): void {
  keep({ kind: 'secrets', of });
}

/** Keeps what the Postgres under a data directory has logged so far, and notes the secret of the platform there. */
export function keepDataDirectory(dataDirectory: string): void {
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  keepOutput('the log of Postgres', read(join(dataDirectory, 'postgres', 'server.log')));
  const secret = read(join(dataDirectory, 'secret'));
  if (secret !== '') keepSecrets({ secret });
}

/** A logger of an app or a gateway in this process: it says all it can, and what it says is kept. */
export function loggerOfTest(source: string, lines: string[] = []): Logger {
  const write = (line: string) => {
    lines.push(line);
    keepOutput(`the log of ${source}`, line);
  };
  return pino({ level: 'trace' }, { write });
}
