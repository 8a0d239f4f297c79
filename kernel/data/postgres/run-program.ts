import { spawn } from 'node:child_process';

/** Whom Postgres runs as when we are root, which it refuses to be. */
export type ServerUser =
  /** A system user who owns the database files. */
  | { readonly kind: 'account'; readonly name: string; readonly uid: number; readonly gid: number }
  /** Ourselves, under another user id inside a user namespace; the database files stay ours. */
  | { readonly kind: 'namespace' };

/** How a program ended, and what it printed on both streams. */
export interface ProgramResult {
  readonly exitCode: number;
  readonly output: string;
}

/** Within, the caller appears as an ordinary user, while its rights to files stay its own. */
const intoNamespace = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--'] as const;

/**
 * Runs one of the Postgres programs to its end as the server's user, in a process group of its own: a Ctrl-C in our
 * terminal reaches neither it nor a server that it starts. Its environment is fixed, so that the caller's `PG*`
 * variables and locale change nothing.
 *
 * @throws when the program cannot be started at all
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  user: ServerUser | undefined,
): Promise<ProgramResult> {
  const identity = user?.kind === 'account' ? { uid: user.uid, gid: user.gid } : {};
  const [command = file, ...rest] = user?.kind === 'namespace' ? [...intoNamespace, file, ...args] : [file, ...args];
  const child = spawn(command, rest, {
    ...identity,
    cwd: '/',
    detached: true,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode: exitCode ?? -1, output }));
  });
}
