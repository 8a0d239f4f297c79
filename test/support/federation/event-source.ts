/** A source of events that a test fills, as a subgraph's resolver returns it. */
export interface EventSource<Event> extends AsyncIterableIterator<Event, undefined> {
  push(event: Event): void;
  /** Breaks off, once what was pushed has been taken. */
  fail(error: Error): void;
  end(): void;
  /** Resolves when nobody wants events any more. */
  readonly left: Promise<void>;
  /** How many events nobody has taken yet. */
  readonly waiting: number;
}

export function createEventSource<Event>(): EventSource<Event> {
  const results: (() => Promise<IteratorResult<Event, undefined>>)[] = [];
  const takers: PromiseWithResolvers<IteratorResult<Event, undefined>>[] = [];
  const { promise: left, resolve: leave } = Promise.withResolvers<void>();
  const ended: IteratorResult<Event, undefined> = { done: true, value: undefined };

  function add(result: () => Promise<IteratorResult<Event, undefined>>): void {
    const taker = takers.shift();
    if (taker) taker.resolve(result());
    else results.push(result);
  }

  return {
    push: (value) => add(async () => ({ done: false, value })),
    fail: (error) => add(() => Promise.reject(error)),
    end: () => add(async () => ended),
    left,
    get waiting() {
      return results.length;
    },
    next() {
      const result = results.shift();
      if (result) return result();
      const taker = Promise.withResolvers<IteratorResult<Event, undefined>>();
      takers.push(taker);
      return taker.promise;
    },
    async return() {
      leave();
      for (const taker of takers.splice(0)) taker.resolve(ended);
      return ended;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
