import { orAborted } from './sync-context.ts';

/** Whether the user lets the network be used. */
export interface Gate {
  /** Aborted when the gate is closed, or is so already; another one when it is open again. */
  readonly closing: AbortSignal;
  /** Resolves when it is open, or the signal is aborted. */
  opened(signal: AbortSignal): Promise<void>;
  set(isOpen: boolean): void;
}

/** Makes an open gate. */
export function createGate(): Gate {
  let closing = new AbortController();
  let opened = Promise.withResolvers<void>();
  opened.resolve();
  return {
    get closing() {
      return closing.signal;
    },
    opened: (signal) => orAborted(opened.promise, signal),
    set(isOpen) {
      if (isOpen !== closing.signal.aborted) return;
      if (isOpen) {
        closing = new AbortController();
        opened.resolve();
      } else {
        opened = Promise.withResolvers();
        closing.abort();
      }
    },
  };
}
