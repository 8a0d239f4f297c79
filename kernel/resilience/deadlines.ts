/**
 * Deadlines that are all equally far away, on one timer: whoever began first is late first. A timer for each would cost
 * as much as the rest of waiting.
 */
export interface Deadlines {
  /** Calls a function once the time has passed, unless the returned function was called before. */
  start(onLate: () => void): () => void;
}

interface Waiting {
  readonly dueAt: number;
  /** Let go when the waiting is over: a set keeps what it drops in the tables that it grew out of. */
  onLate: (() => void) | undefined;
}

/** @param delayMs How far away the deadlines are. */
export function createDeadlines(delayMs: number): Deadlines {
  // In the order in which they are due.
  const waiting = new Set<Waiting>();
  let timer: NodeJS.Timeout | undefined;

  /** A timer that is there waits for one that was due earlier, and looks again when that has ended. */
  function wake(): void {
    const [next] = waiting;
    if (next) timer ??= setTimeout(tellLate, Math.max(1, next.dueAt - performance.now())).unref();
  }

  function tellLate(): void {
    timer = undefined;
    const now = performance.now();
    for (const one of waiting) {
      if (one.dueAt > now) break;
      waiting.delete(one);
      one.onLate?.();
    }
    wake();
  }

  return {
    start(onLate) {
      const one: Waiting = { dueAt: performance.now() + delayMs, onLate };
      waiting.add(one);
      if (!timer) wake();
      return () => {
        one.onLate = undefined;
        waiting.delete(one);
      };
    },
  };
}
