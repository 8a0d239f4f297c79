import { readFile, stat } from 'node:fs/promises';
import { SupergraphError } from './supergraph-error.ts';
import { maxSupergraphBytes, type SupergraphReader } from './watch.ts';

/**
 * Reads a supergraph from a file, again only when the file has changed. It is asked for and not waited for: file events
 * are lost on network drives, in containers, and when the file is replaced by another.
 */
export function readSupergraphFile(path: string): SupergraphReader {
  let seen: string | undefined;
  return async (signal) => {
    try {
      const { mtimeNs, size, ino } = await stat(path, { bigint: true });
      const version = `${mtimeNs} ${size} ${ino}`;
      if (version === seen) return undefined;
      if (size > maxSupergraphBytes) throw new SupergraphError(`${path} has more than ${maxSupergraphBytes} bytes.`);
      const sdl = await readFile(path, { encoding: 'utf8', signal });
      seen = version;
      return sdl;
    } catch (error) {
      if (error instanceof SupergraphError || signal.aborted) throw error;
      throw new SupergraphError(`The supergraph cannot be read: ${(error as Error).message}`, { cause: error });
    }
  };
}
