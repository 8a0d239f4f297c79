const listenersKey = Symbol('listeners');

/** A signal that remembers who waits for it. A weak map beside it would cost the garbage collector more than all fetches. */
interface ListenedSignal extends AbortSignal {
  [listenersKey]?: Set<() => void>;
}

/**
 * Calls a function when a signal ends, unless the returned function was called before. However many wait for a signal,
 * it gets one listener, because listeners of signals are costly and a request has many fetches.
 */
export function onAbort(signal: ListenedSignal, listener: () => void): () => void {
  const waiting = signal[listenersKey] ?? listenTo(signal);
  waiting.add(listener);
  return () => waiting.delete(listener);
}

function listenTo(signal: ListenedSignal): Set<() => void> {
  const waiting = new Set<() => void>();
  signal[listenersKey] = waiting;
  signal.addEventListener('abort', () => tellAll(waiting), { once: true });
  return waiting;
}

function tellAll(waiting: Set<() => void>): void {
  for (const listener of waiting) listener();
  waiting.clear();
}

/** A signal with what ends it. Who waits by `onAbort` is told without even the one listener. */
export function createEnding(): { readonly signal: AbortSignal; readonly end: (reason: unknown) => void } {
  const controller = new AbortController();
  const signal: ListenedSignal = controller.signal;
  const waiting = new Set<() => void>();
  signal[listenersKey] = waiting;
  const end = (reason: unknown) => {
    if (signal.aborted) return;
    controller.abort(reason);
    tellAll(waiting);
  };
  return { signal, end };
}
