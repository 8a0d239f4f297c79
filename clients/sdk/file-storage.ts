import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFolder } from './folder-lock.ts';
import { applyChanges, type Changes, createMapPlace, createTurns, type Json, type Storage } from './storage.ts';

/** A journal with so many lines is written anew, unless most of them are still in force. */
const compactAtLines = 4096;

/** How a removed key is written, JSON having no `undefined`. */
interface JournalLine {
  readonly put: Readonly<Record<string, Json>>;
  readonly removed: readonly string[];
}

/**
 * Storage in a folder of this machine, for clients on Node. One process at a time may have it open. Changes are lines
 * at the end of a journal; each is on the disk before it counts as kept, and half a line, as a crash may leave it, counts
 * as none.
 *
 * @throws {FolderHeld} when a running process has it open
 */
export async function openFileStorage(folder: string): Promise<Storage> {
  await mkdir(folder, { recursive: true });
  const lock = await lockFolder(folder);
  const journal = await openJournal(join(folder, 'journal.jsonl'));
  const writer = createWriter(journal.append);

  return {
    ...createMapPlace(journal.values, writer.write),
    watch: () => () => undefined,
    alone: createTurns(),
    async close() {
      await writer.idle();
      await journal.close();
      await lock.release();
    },
  };
}

/**
 * Writes one batch after another; what comes while one is written makes up the next, so that many changes share one wait
 * for the disk. After a batch that could not be written, none is: the journal would have a gap.
 */
function createWriter(append: (batch: readonly Changes[]) => Promise<void>) {
  let last: Promise<void> = Promise.resolve();
  let next: { readonly changes: Changes[]; readonly written: Promise<void> } | undefined;

  function beginBatch() {
    const changes: Changes[] = [];
    const written = last.then(() => {
      next = undefined;
      return append(changes);
    });
    last = written;
    return { changes, written };
  }

  return {
    write(changes: Changes): Promise<void> {
      next ??= beginBatch();
      next.changes.push(changes);
      return next.written;
    },
    idle: () => last.catch(() => undefined),
  };
}

async function openJournal(path: string) {
  const values = new Map<string, Json>();
  const lines = await readLines(path);
  for (const { put, removed } of lines) {
    applyChanges(values, put);
    for (const key of removed) values.delete(key);
  }
  // Written anew at every opening: what a crash left half written is gone, and so is what no longer counts.
  await writeWhole(path, values);
  let file = await open(path, 'a');
  let written = 1;

  return {
    values,
    async append(batch: readonly Changes[]) {
      await file.appendFile(batch.map(toLine).join(''));
      await file.datasync();
      written += batch.length;
      if (written < Math.max(compactAtLines, values.size)) return;
      await writeWhole(path, values);
      await file.close();
      file = await open(path, 'a');
      written = 1;
    },
    close: () => file.close(),
  };
}

async function readLines(path: string): Promise<JournalLine[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  // What follows the last line feed is a line that was never finished.
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as JournalLine);
}

function toLine(changes: Changes): string {
  const removed = Object.keys(changes).filter((key) => changes[key] === undefined);
  return `${JSON.stringify({ put: changes, removed })}\n`;
}

/** Writes beside, then puts in place: there is always one whole journal. */
async function writeWhole(path: string, values: ReadonlyMap<string, Json>): Promise<void> {
  const beside = `${path}.new`;
  const file = await open(beside, 'w');
  try {
    await writeFile(file, toLine(Object.fromEntries(values)));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}
