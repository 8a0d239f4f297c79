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
  const tellAll = () => {
    for (const listener of waiting) listener();
    waiting.clear();
  };
  signal.addEventListener('abort', tellAll, { once: true });
  return waiting;
}
