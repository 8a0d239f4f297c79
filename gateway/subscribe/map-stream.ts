/** A stream that can be left at any time, also while the next value is awaited. */
export interface LeavableStream<Value> extends AsyncIterableIterator<Value, undefined> {
  return(): Promise<IteratorResult<Value, undefined>>;
}

/** What is done with a stream. */
export interface StreamSteps<Source, Value> {
  readonly map: (value: Source) => Promise<Value>;
  /** Gives the error to reject with when the source fails. */
  readonly fail: (cause: unknown) => Error;
  /** Called once, when the stream has ended, failed or been left. */
  readonly end: () => void;
}

/**
 * The values of a stream, each after a step that takes time. A generator would do for that, if leaving it did not wait
 * for the value that is under way; an event may never come.
 *
 * Values are asked for one at a time: the next one when the one before has come.
 */
export function mapStream<Source, Value>(
  source: AsyncIterable<Source>,
  { map, fail, end }: StreamSteps<Source, Value>,
): LeavableStream<Value> {
  const iterator = source[Symbol.asyncIterator]();
  let awaited: PromiseWithResolvers<IteratorResult<Value, undefined>> | undefined;
  let hasEnded = false;

  function finish(): IteratorResult<Value, undefined> {
    const isFirst = !hasEnded;
    hasEnded = true;
    if (isFirst) end();
    return { done: true, value: undefined };
  }

  async function take(): Promise<IteratorResult<Source>> {
    try {
      return await iterator.next();
    } catch (cause) {
      finish();
      throw fail(cause);
    }
  }

  async function step(): Promise<IteratorResult<Value, undefined>> {
    const taken = await take();
    return taken.done ? finish() : { done: false, value: await map(taken.value) };
  }

  return {
    next() {
      if (hasEnded) return Promise.resolve(finish());
      const current = Promise.withResolvers<IteratorResult<Value, undefined>>();
      awaited = current;
      step().then(current.resolve, current.reject);
      return current.promise;
    },
    async return() {
      const isLeft = !hasEnded;
      const result = finish();
      if (isLeft) {
        awaited?.resolve(result);
        // The source may be busy with an event that never comes: nobody waits for its farewell.
        iterator.return?.().catch(() => {});
      }
      return result;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
