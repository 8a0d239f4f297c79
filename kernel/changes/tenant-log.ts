import { setTimeout as sleep } from 'node:timers/promises';
import type { TenantId } from '../tenancy/ids.ts';
import type { LogBounds, LogPage, LogReader } from './log-reader.ts';
import { Ring, type Tick } from './ring.ts';

export interface TenantLogOptions {
  readonly tenantId: TenantId;
  readonly reader: LogReader;
  readonly bounds: LogBounds;
  /** How many changes one read brings at most. */
  readonly pageSize: number;
  readonly maxRingBytes: () => number;
  readonly heartbeatMs: number;
  readonly onFailure: (error: unknown) => void;
}

/**
 * How far ticks are apart, in milliseconds, where one follows the other: what comes first is told at once, and a busy tenant
 * costs its followers a hundred batches a second and no more.
 */
const collectMs = 10;

/** Changes after a place: the tick, or a page of the log where the ring no longer reaches back; or that they are gone. */
export type Stretch = Tick | 'expired';

/**
 * The log of one tenant that is followed: one reader that fills one ring, and whoever waits for what comes next. Those
 * who wait are woken, and nothing is kept for them.
 */
export class TenantLog {
  readonly tenantId: TenantId;
  readonly epoch: string;
  readonly ring: Ring;
  readonly #options: TenantLogOptions;
  readonly #waiting = new Set<() => void>();
  readonly #pages = new Map<number, Promise<LogPage>>();
  readonly #heart: NodeJS.Timeout;
  #beats = 0;
  #isOver = false;
  #isReading = false;
  #lookAgain = false;
  #tickedAt = Number.NEGATIVE_INFINITY;

  constructor(options: TenantLogOptions) {
    const { tenantId, bounds, maxRingBytes, heartbeatMs } = options;
    this.#options = options;
    this.tenantId = tenantId;
    this.epoch = bounds.epoch;
    this.ring = new Ring(bounds.head, maxRingBytes);
    this.#heart = setInterval(() => this.#beat(), heartbeatMs).unref();
  }

  /** How often its followers were told that they are still there. */
  get beats(): number {
    return this.#beats;
  }

  /** It is read no further: the log has begun a new epoch, or the feed has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Calls a function once, when there is more to see; the returned function takes that back. */
  onNews(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  /** There may be something new in the log. However often it is said meanwhile, one more read sees it all. */
  look(): void {
    this.#lookAgain = true;
    if (this.#isReading || this.#isOver) return;
    this.#isReading = true;
    this.#readOn().catch(this.#options.onFailure);
  }

  /** What comes after a place; undefined at the end. */
  stretchAfter(seq: number): Tick | undefined | Promise<Stretch | undefined> {
    return seq < this.ring.start ? this.#readPage(seq) : this.ring.tickAfter(seq);
  }

  end(): void {
    this.#isOver = true;
    clearInterval(this.#heart);
    this.#wake();
  }

  async #readOn(): Promise<void> {
    const { reader, tenantId, pageSize } = this.#options;
    try {
      while (this.#lookAgain && !this.#isOver) {
        const early = this.#tickedAt + collectMs - performance.now();
        if (early > 0) await sleep(early, undefined, { ref: false });
        this.#lookAgain = false;
        const { changes, floor, erases } = await reader.page(tenantId, this.ring.end, pageSize);
        // Of somebody who was erased nothing stays in memory: whoever is behind reads the log.
        if (floor > this.ring.end || erases) this.ring.restart(Math.max(floor, this.ring.end));
        if (changes.length > 0) this.#tick(changes, changes.length === pageSize);
      }
    } finally {
      this.#isReading = false; // at once: whoever looks from here on is to read by itself
    }
  }

  /** @param isFull Whether there is more, which is read at once. */
  #tick(changes: LogPage['changes'], isFull: boolean): void {
    this.ring.push(changes);
    this.#lookAgain ||= isFull;
    this.#tickedAt = isFull ? Number.NEGATIVE_INFINITY : performance.now();
    this.#wake();
  }

  /** A page of the log, read once for all who are at the same place. */
  async #readPage(seq: number): Promise<Stretch | undefined> {
    const { reader, tenantId, pageSize } = this.#options;
    const reading = this.#pages.get(seq) ?? reader.page(tenantId, seq, pageSize);
    this.#pages.set(seq, reading);
    try {
      const { changes, floor } = await reading;
      if (seq < floor) return 'expired';
      const last = changes.at(-1);
      return last && { from: seq, to: last.seq, changes };
    } finally {
      this.#pages.delete(seq);
    }
  }

  #beat(): void {
    this.#beats += 1;
    this.#wake();
  }

  #wake(): void {
    const woken = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of woken) wake();
  }
}
