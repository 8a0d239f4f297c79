import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFolder } from './folder-lock.ts';
import { type Journal, openJournal } from './journal.ts';
import { applyChanges, type Changes, createMapPlace, createTurns, type Json, type Storage } from './storage.ts';

/**
 * Storage in a folder of this machine, for clients on Node. One process at a time may have it open. Changes are lines
 * at the end of a journal; each is on the disk before it counts as kept, and half a line, as a crash may leave it, counts
 * as none. What could not be written has not happened: it can be tried again when there is room.
 *
 * @throws {FolderHeld} when a running process has it open
 * @throws {JournalDamaged} when what it holds cannot be read
 */
export async function openFileStorage(folder: string): Promise<Storage> {
  await mkdir(folder, { recursive: true });
  const lock = await lockFolder(folder);
  try {
    const values = new Map<string, Json>();
    const journal = await openJournal(join(folder, 'journal.jsonl'), values);
    const writer = createWriter(journal, values);
    return {
      ...createMapPlace(values, writer.write),
      watch: () => () => undefined,
      alone: createTurns(),
      async close() {
        await writer.idle();
        await journal.close();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface Entry extends PromiseWithResolvers<void> {
  readonly changes: Changes;
  /** What the changed keys held before. */
  readonly before: Changes;
}

/**
 * Writes one batch after another; what comes while one is written makes up the next, so that many changes share one wait
 * for the disk. What builds on a batch that could not be written is taken back with it.
 */
function createWriter(journal: Journal, values: Map<string, Json>) {
  let waiting: Entry[] = [];
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    // All changes of this moment go together.
    await undefined;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await journal.append(batch.map(({ changes }) => changes));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        const lost = [...batch, ...waiting];
        waiting = [];
        for (const { before } of lost.toReversed()) applyChanges(values, before);
        for (const { reject } of lost) reject(error);
      }
      // Only when nothing waits do the values hold what is in the journal, and nothing else.
      if (waiting.length === 0) await journal.compact(values);
    }
    writing = undefined;
  }

  return {
    write(changes: Changes, before: Changes): Promise<void> {
      const entry = { changes, before, ...Promise.withResolvers<void>() };
      waiting.push(entry);
      writing ??= writeAll();
      return entry.promise;
    },
    idle: () => writing ?? Promise.resolve(),
  };
}
