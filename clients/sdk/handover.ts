/** Between what is told of as it happens and a loop that takes one value after another. */
export interface Handover<Value> {
  readonly iterator: AsyncIterableIterator<Value>;
  give(value: Value): void;
  /** After what still waits, the loop ends; with a failure it throws. */
  end(failure?: Error): void;
  /** How many values wait for the loop. */
  waiting(): number;
}

interface HandoverOptions {
  /** Leaves the loop when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** The loop was left, or has ended. */
  readonly onLeave: () => void;
  /** The loop asks for more than there is. */
  readonly onEmpty: () => void;
}

/** Makes a handover for one loop. */
export function createHandover<Value>({ signal, onLeave, onEmpty }: HandoverOptions): Handover<Value> {
  const values: Value[] = [];
  let asking: PromiseWithResolvers<IteratorResult<Value>> | undefined;
  let ending: { readonly failure?: Error | undefined } | undefined;

  const leave = () => {
    signal?.removeEventListener('abort', abort);
    onLeave();
  };
  const abort = () => void iterator.return?.();
  signal?.addEventListener('abort', abort);

  const finish = (): Promise<IteratorResult<Value>> => {
    const { failure } = ending ?? {};
    // A failure is told once; whoever asks again is told that it is over.
    ending = {};
    return failure ? Promise.reject(failure) : Promise.resolve({ value: undefined, done: true });
  };

  const iterator: AsyncIterableIterator<Value> = {
    [Symbol.asyncIterator]: () => iterator,
    next() {
      const value = values.shift();
      if (value !== undefined) return Promise.resolve({ value, done: false });
      if (ending) return finish();
      asking ??= Promise.withResolvers();
      onEmpty();
      return asking.promise;
    },
    return() {
      values.length = 0;
      if (!ending) {
        ending = {};
        leave();
      }
      asking?.resolve({ value: undefined, done: true });
      asking = undefined;
      return Promise.resolve({ value: undefined, done: true });
    },
  };

  return {
    iterator,
    waiting: () => values.length,
    give(value) {
      if (ending) return;
      if (asking === undefined) return void values.push(value);
      asking.resolve({ value, done: false });
      asking = undefined;
    },
    end(failure) {
      if (ending) return;
      ending = { failure };
      leave();
      if (asking === undefined) return;
      const { resolve, reject } = asking;
      asking = undefined;
      finish().then(resolve, reject);
    },
  };
}

/** A loop that is over. */
export function emptyLoop<Value>(): AsyncIterableIterator<Value> {
  const { iterator, end } = createHandover<Value>({ onLeave: () => undefined, onEmpty: () => undefined });
  end();
  return iterator;
}

/** The same loop over other values. Unlike a generator, it can be left while it waits. */
export function mapEach<From, To>(
  source: AsyncIterableIterator<From>,
  change: (value: From) => To,
): AsyncIterableIterator<To> {
  const over = { value: undefined, done: true } as const;
  const iterator: AsyncIterableIterator<To> = {
    [Symbol.asyncIterator]: () => iterator,
    async next() {
      const { value, done } = await source.next();
      return done ? over : { value: change(value), done: false };
    },
    async return() {
      await source.return?.();
      return over;
    },
  };
  return iterator;
}
