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
  /** Whether more can be written. When not, its owner is told to `resume` once everything is sent, or that it is `late`. */
  hasRoom(): boolean;
  readonly isWaiting: boolean;
  /** Stops waiting. */
  close(): void;
}

/** Whoever writes to a connection that is watched. */
export interface OutletOwner {
  /** Everything that waited is sent. */
  resume(): void;
  /** It has waited for too long. */
  late(): void;
}

export interface OutletOptions {
  /** Bytes that may wait to be sent. */
  readonly unsentBytes: number;
  /** How long they may wait when there are more. */
  readonly slow: Deadlines;
}

/** There is one for each connection, and it is asked after each message: it is small, and nothing is made for a question. */
class SinkOutlet implements Outlet {
  #stopWaiting: (() => void) | undefined;
  readonly #sink: Sink;
  readonly #most: number;
  readonly #owner: OutletOwner;
  readonly #slow: Deadlines;

  constructor(sink: Sink, owner: OutletOwner, { unsentBytes, slow }: OutletOptions) {
    this.#sink = sink;
    this.#owner = owner;
    this.#slow = slow;
    // What is less than this drains without a word.
    this.#most = Math.max(unsentBytes, sink.writableHighWaterMark);
  }

  hasRoom(): boolean {
    if (this.#stopWaiting) return false;
    if (this.#sink.writableLength <= this.#most) return true;
    this.#wait();
    return false;
  }

  get isWaiting(): boolean {
    return this.#stopWaiting !== undefined;
  }

  close(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
  }

  #wait(): void {
    this.#stopWaiting = this.#slow.start(() => this.#owner.late());
    this.#sink.once('drain', () => {
      if (!this.#stopWaiting) return;
      this.close();
      this.#owner.resume();
    });
  }
}

export function createOutlet(sink: Sink, owner: OutletOwner, options: OutletOptions): Outlet {
  return new SinkOutlet(sink, owner, options);
}
