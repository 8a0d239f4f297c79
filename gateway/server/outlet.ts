import type { Deadlines } from '../../kernel/resilience/deadlines.ts';

/** A connection as its outlet sees it. */
export interface Sink {
  /** Bytes that were written and wait to be sent. */
  readonly writableLength: number;
  readonly writableHighWaterMark: number;
  once(event: 'drain', listener: () => void): unknown;
}

/** Watches how much of what is written to a connection waits to be sent, so that a slow reader makes no heap of it. */
export interface Outlet {
  /** Whether more can be written. When not, `resume` is called once everything is sent, or `late` when that takes too long. */
  hasRoom(): boolean;
  readonly isWaiting: boolean;
  /** Stops waiting. */
  close(): void;
}

export interface OutletOptions {
  /** Bytes that may wait to be sent. */
  readonly unsentBytes: number;
  /** How long they may wait when there are more. */
  readonly slow: Deadlines;
  readonly resume: () => void;
  readonly late: () => void;
}

export function createOutlet(sink: Sink, { unsentBytes, slow, resume, late }: OutletOptions): Outlet {
  // What is less than this drains without a word.
  const most = Math.max(unsentBytes, sink.writableHighWaterMark);
  let stopWaiting: (() => void) | undefined;

  function wait(): void {
    stopWaiting = slow.start(late);
    sink.once('drain', () => {
      if (!stopWaiting) return;
      close();
      resume();
    });
  }

  function close(): void {
    stopWaiting?.();
    stopWaiting = undefined;
  }

  return {
    hasRoom() {
      if (stopWaiting) return false;
      if (sink.writableLength <= most) return true;
      wait();
      return false;
    },
    get isWaiting() {
      return stopWaiting !== undefined;
    },
    close,
  };
}
