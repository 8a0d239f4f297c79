import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { applyChanges, type Changes, type Json } from './storage.ts';

/** A journal with so many lines is written anew, unless most of them are still in force. */
const compactAtLines = 4096;

/** Changes as lines of a file. */
export interface Journal {
  /** Adds lines; they are on the disk when it resolves, and none of them is in the journal when it rejects. */
  append(batch: readonly Changes[]): Promise<void>;
  /** Writes the journal anew when that is worth it, with these values and nothing else. */
  compact(values: ReadonlyMap<string, Json>): Promise<void>;
  close(): Promise<void>;
}

/** How a removed key is written, JSON having no `undefined`. */
interface JournalLine {
  readonly put: Readonly<Record<string, Json>>;
  readonly removed: readonly string[];
}

/** A journal holds lines that cannot be read, and behind them others that can: no crash does this. */
export class JournalDamaged extends Error {
  override readonly name = 'JournalDamaged';

  constructor(path: string, line: number) {
    super(
      `Line ${line} of ${path} is damaged. Restore the file, or move it away to begin anew: records are loaded again, edits that were not sent are in the file only.`,
    );
  }
}

/**
 * Opens a journal, or makes one, and puts what it holds into `values`.
 *
 * @throws {JournalDamaged}
 */
export async function openJournal(path: string, values: Map<string, Json>): Promise<Journal> {
  for (const { put, removed } of await readLines(path)) {
    applyChanges(values, put);
    for (const key of removed) values.delete(key);
  }
  // Written anew at every opening: what a crash left half written is gone, and so is what no longer counts.
  let { file, size } = await writeWhole(path, values);
  let lines = 1;
  let broken: unknown;

  return {
    async append(batch) {
      if (broken !== undefined) throw broken;
      const text = batch.map(toLine).join('');
      try {
        await file.appendFile(text);
        await file.datasync();
      } catch (error) {
        // What was written of it goes, or else nothing can be added: it would follow upon half a line.
        await file.truncate(size).catch((cause: unknown) => {
          broken = cause;
        });
        throw error;
      }
      size += Buffer.byteLength(text);
      lines += batch.length;
    },
    async compact(held) {
      if (lines < Math.max(compactAtLines, held.size)) return;
      lines = 1;
      const before = file;
      // Not for want of room does anything fail that can still be appended; it is tried again much later.
      const anew = await writeWhole(path, held).catch(() => undefined);
      if (anew === undefined) return;
      ({ file, size } = anew);
      await before.close();
    },
    close: () => file.close(),
  };
}

/** @throws {JournalDamaged} */
async function readLines(path: string): Promise<readonly JournalLine[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  // What follows the last line feed is a line that was never finished.
  const lines = text.split('\n').slice(0, -1).map(parseLine);
  const damaged = lines.indexOf(undefined);
  if (damaged === -1) return lines.filter((line) => line !== undefined);
  // A machine that loses its power may leave rubbish at the end: what was being written, and was kept for nobody yet.
  const rest = lines.slice(damaged);
  if (rest.some((line) => line !== undefined)) throw new JournalDamaged(path, damaged + 1);
  return lines.slice(0, damaged).filter((line) => line !== undefined);
}

function parseLine(text: string): JournalLine | undefined {
  try {
    const line: Partial<JournalLine> | null = JSON.parse(text);
    return line?.put && line.removed ? { put: line.put, removed: line.removed } : undefined;
  } catch {
    return undefined;
  }
}

function toLine(changes: Changes): string {
  const removed = Object.keys(changes).filter((key) => changes[key] === undefined);
  return `${JSON.stringify({ put: changes, removed })}\n`;
}

/** Writes beside, then puts in place: there is always one whole journal. Gives it open, to be appended to. */
async function writeWhole(
  path: string,
  values: ReadonlyMap<string, Json>,
): Promise<{ readonly file: FileHandle; readonly size: number }> {
  const text = toLine(Object.fromEntries(values));
  const beside = `${path}.new`;
  await rm(beside, { force: true });
  const file = await open(beside, 'ax');
  try {
    await file.appendFile(text);
    await file.datasync();
    await rename(beside, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await file.close();
    throw error;
  }
  return { file, size: Buffer.byteLength(text) };
}

/** The new name is on the disk as well; not every system lets a folder be opened for it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
