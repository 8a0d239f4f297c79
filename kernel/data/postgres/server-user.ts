import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StartRefused } from '../start-refused.ts';
import { runProgram, type ServerUser } from './run-program.ts';

/**
 * Chooses the user for the server: our own (undefined) unless we are root; then `postgres` or `nobody`, where that
 * user can reach every path; else, as for a project in root's own home, a user namespace, where the system has them.
 * A cluster that exists keeps the kind of user that made it.
 *
 * @throws {StartRefused} naming the folder that is closed to the server, and what to do
 */
export async function chooseServerUser(
  cluster: string,
  otherPaths: readonly string[],
): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const account = await findAccount();
  const isOurs = (await ownerOf(cluster)) === 0;
  const closed = account === undefined ? undefined : await findClosedFolder([cluster, ...otherPaths], account);
  if (account !== undefined && closed === undefined && !isOurs) return account;
  if (await hasNamespaces()) return { kind: 'namespace' };
  const obstacle =
    account === undefined
      ? 'this system has no user `postgres` or `nobody`'
      : `the user ${account.name} cannot enter ${closed ?? cluster}`;
  throw new StartRefused(
    `Postgres does not run as root, ${obstacle}, and user namespaces are not allowed here. Start as an ordinary user, ` +
      'move the project and its data directory to folders that everyone may enter (such as /opt), or set DATABASE_URL ' +
      'to a Postgres of your own.',
    { cluster, closed },
  );
}

type Account = Extract<ServerUser, { kind: 'account' }>;

async function findAccount(): Promise<Account | undefined> {
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = accounts.find(([account]) => account === name) ?? [];
    if (uid !== undefined && gid !== undefined) return { kind: 'account', name, uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/** The first folder above one of the paths that does not let the user through. */
async function findClosedFolder(paths: readonly string[], user: Account): Promise<string | undefined> {
  for (const folder of paths.flatMap(foldersAbove)) {
    const { mode, uid, gid } = await stat(folder);
    const needed = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & needed) === 0) return folder;
  }
  return undefined;
}

function foldersAbove(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...foldersAbove(parent), parent];
}

async function ownerOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).uid;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function hasNamespaces(): Promise<boolean> {
  try {
    return (await runProgram('true', [], { kind: 'namespace' })).exitCode === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false; // no `unshare` here
    throw error;
  }
}
