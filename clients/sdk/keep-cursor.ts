import { hasLostPlace, OperationFailed } from './failure.ts';
import type { FeedAnswer } from './feed.ts';
import { readValue, type Storage } from './storage.ts';

/**
 * A feed that starts at the cursor kept under a key, if there is one, and keeps how far its consumer has come: an answer
 * counts as taken in when the next one is asked for. So one that a crash interrupts comes again, and none is passed over.
 */
export function keepCursor<Data>(
  storage: Storage,
  key: string,
  after: string | undefined,
  open: (after: string | undefined) => AsyncIterableIterator<FeedAnswer<Data>>,
): AsyncIterableIterator<FeedAnswer<Data>> {
  let feed: AsyncIterableIterator<FeedAnswer<Data>> | undefined;
  let handed: string | undefined;
  let left = false;
  const iterator: AsyncIterableIterator<FeedAnswer<Data>> = {
    [Symbol.asyncIterator]: () => iterator,
    async next() {
      if (handed !== undefined) {
        const cursor = handed;
        handed = undefined;
        await storage.update([], () => ({ [key]: cursor }));
      }
      const kept = feed ? undefined : await readValue(storage, key);
      if (left) return { value: undefined, done: true };
      feed ??= open(typeof kept === 'string' ? kept : after);
      const answer = await feed.next().catch(async (error: unknown) => {
        // What is kept leads nowhere any more: the next feed of this name starts now.
        if (error instanceof OperationFailed && hasLostPlace(error))
          await storage.update([], () => ({ [key]: undefined }));
        throw error;
      });
      if (!answer.done) handed = answer.value.cursor;
      return answer;
    },
    async return() {
      left = true;
      await feed?.return?.();
      return { value: undefined, done: true };
    },
  };
  return iterator;
}
