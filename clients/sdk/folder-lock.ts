import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Another process has the folder open. */
export class FolderHeld extends Error {
  override readonly name = 'FolderHeld';

  constructor(folder: string, pid: number) {
    super(`Process ${pid} has ${folder} open. Close that client first, or give this one another folder.`);
  }
}

const namePattern = /^lock\.(\d+)$/;

/**
 * Takes a folder for this process. Tickets are numbered, and the highest number holds the folder; the next number can
 * be made by one process only, and only lower ones are removed. So two processes that both find the ticket of a dead one
 * cannot both take its place.
 *
 * @throws {FolderHeld} when the process of the highest ticket runs
 */
export async function lockFolder(folder: string): Promise<{ release(): Promise<void> }> {
  const ticket = join(folder, `ticket.${randomUUID()}`);
  const pathOf = (number: number) => join(folder, `lock.${number}`);
  await writeFile(ticket, await describe(process.pid));
  try {
    for (;;) {
      const highest = Math.max(0, ...(await numbersIn(folder)));
      if (highest > 0) await refuseIfHeld(folder, pathOf(highest));
      const mine = highest + 1;
      if (!(await linkIfFree(ticket, pathOf(mine)))) continue;
      const numbers = await numbersIn(folder);
      if (numbers.some((number) => number > mine)) {
        await rm(pathOf(mine), { force: true });
        continue;
      }
      await Promise.all(numbers.filter((one) => one < mine).map((one) => rm(pathOf(one), { force: true })));
      return { release: () => writeFile(pathOf(mine), '') };
    }
  } finally {
    await rm(ticket, { force: true });
  }
}

async function numbersIn(folder: string): Promise<number[]> {
  return (await readdir(folder)).flatMap((name) => namePattern.exec(name)?.[1] ?? []).map(Number);
}

async function refuseIfHeld(folder: string, path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(ifGone);
  if (text === '') return;
  const pid = Number(text.split(' ', 1)[0]);
  if (isRunning(pid) && text === (await describe(pid))) throw new FolderHeld(folder, pid);
}

async function linkIfFree(ticket: string, path: string): Promise<boolean> {
  try {
    await link(ticket, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** A process, told from a later one with the same number by when it started, where the system says so. */
async function describe(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(ifGone);
  // The name, in parentheses, may hold anything; the start is the 20th field after it.
  const started = status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  return `${pid} ${started}`;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function ifGone(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '';
  throw error;
}
