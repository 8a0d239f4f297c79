import type { Change } from './change.ts';

/** What one read of the log brought: every follower of a tenant that is not behind gets it as one batch. */
export interface Tick {
  /** The number after which it begins. */
  readonly from: number;
  /** The number of its last change. */
  readonly to: number;
  readonly changes: readonly Change[];
}

interface KeptTick extends Tick {
  readonly bytes: number;
}

/** What a change takes in memory beside its data, roughly. */
const bytesPerChange = 400;

function sizeOf(changes: readonly Change[]): number {
  return changes.reduce((sum, { data }) => sum + bytesPerChange + JSON.stringify(data).length, 0);
}

/**
 * The recent changes of a tenant, as many as some bytes hold, without a gap. All followers read it, each at its own place;
 * it knows none of them.
 */
export class Ring {
  readonly #maxBytes: () => number;
  #ticks: KeptTick[] = [];
  #bytes = 0;
  #start: number;
  #end: number;

  /** @param maxBytes How much it may hold now; the newest tick is kept in any case. */
  constructor(start: number, maxBytes: () => number) {
    this.#start = start;
    this.#end = start;
    this.#maxBytes = maxBytes;
  }

  /** The number after which it holds everything. */
  get start(): number {
    return this.#start;
  }

  /** The number of the last change that it was given. */
  get end(): number {
    return this.#end;
  }

  /** Takes the changes that follow the last one, in order; at least one. */
  push(changes: readonly Change[]): void {
    const to = changes.at(-1)?.seq ?? this.#end;
    const tick = { from: this.#end, to, changes, bytes: sizeOf(changes) };
    this.#ticks.push(tick);
    this.#bytes += tick.bytes;
    this.#end = to;
    while (this.#bytes > this.#maxBytes() && this.#ticks.length > 1) this.#dropOldest();
  }

  /** Lets go of everything: what follows begins after another number. */
  restart(start: number): void {
    this.#ticks = [];
    this.#bytes = 0;
    this.#start = start;
    this.#end = start;
  }

  /** The tick in which the next change after a number lies; undefined at the end. Not for a number before the start. */
  tickAfter(seq: number): Tick | undefined {
    if (seq >= this.#end) return undefined;
    let low = 0;
    let high = this.#ticks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ticks[middle]?.to ?? 0) > seq) high = middle;
      else low = middle + 1;
    }
    return this.#ticks[low];
  }

  #dropOldest(): void {
    const oldest = this.#ticks.shift();
    if (!oldest) return;
    this.#bytes -= oldest.bytes;
    this.#start = oldest.to;
  }
}
