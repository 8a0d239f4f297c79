import { setTimeout as sleep } from 'node:timers/promises';
import type { Change } from './change.ts';
import { compactChanges } from './compact.ts';
import type { ChangeBatch, FeedEvent, ResyncReason } from './feed.ts';
import type { Tick } from './ring.ts';
import type { Stretch, TenantLog } from './tenant-log.ts';

/** Where a follower begins: at a place of a log, or nowhere, because its cursor is worth nothing any more. */
export type Beginning =
  | { readonly log: TenantLog; readonly seq: number; readonly isNew: boolean }
  | { readonly resync: ResyncReason };

export interface FollowerOptions {
  /** Finds the beginning; called once, by the first `next`. */
  readonly begin: () => Promise<Beginning>;
  /** Whether a change is for this follower. */
  readonly matches: (change: Change) => boolean;
  readonly compact: boolean;
  /** How long to wait after the log could not be read, in milliseconds. */
  readonly retryMs: number;
  readonly onFailure: (error: unknown) => void;
  readonly cursorAt: (log: TenantLog, seq: number) => string;
  /** The last event of a follower that has to load the state again. */
  readonly resync: (reason: ResyncReason, seq?: number) => Promise<FeedEvent>;
  /** Called once, when it has ended or was left. */
  readonly onEnd: () => void;
}

/** How many changes are looked through for one compacted batch. */
const mostCompacted = 5_000;

/**
 * One who follows the changes of a tenant: a place in its log, and nothing that grows. What comes while nobody asks for the
 * next event stays in the ring and in the log.
 */
export class Follower implements AsyncIterableIterator<FeedEvent, undefined> {
  readonly #options: FollowerOptions;
  #log: TenantLog | undefined;
  /** Up to where it has seen the log; what it was told may end before. */
  #seq = 0;
  #told = '';
  #beats = 0;
  #isOver = false;
  #wake: (() => void) | undefined;
  /** The event before, where several are asked for at once. */
  #asked: Promise<unknown> = Promise.resolve();

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<FeedEvent, undefined>> {
    const next = this.#asked.then(() => this.#next());
    this.#asked = next.catch(() => undefined);
    return next;
  }

  return(): Promise<IteratorResult<FeedEvent, undefined>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  async #next(): Promise<IteratorResult<FeedEvent, undefined>> {
    const value = this.#isOver ? undefined : await this.#find();
    return value === undefined || this.#isOver ? { done: true, value: undefined } : this.#give(value);
  }

  #give(value: FeedEvent): IteratorResult<FeedEvent, undefined> {
    if (value.kind === 'resync') this.#end();
    return { done: false, value };
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wake?.();
    this.#options.onEnd();
  }

  async #find(): Promise<FeedEvent | undefined> {
    return this.#log ? await this.#follow(this.#log) : await this.#begin();
  }

  async #begin(): Promise<FeedEvent | undefined> {
    const beginning = await this.#options.begin().catch((error: unknown) => {
      this.#end();
      throw error;
    });
    if ('resync' in beginning) return await this.#options.resync(beginning.resync);
    const { log, seq, isNew } = beginning;
    this.#log = log;
    this.#seq = seq;
    this.#beats = log.beats;
    this.#told = this.#options.cursorAt(log, seq);
    return isNew ? this.#batch(log, []) : await this.#follow(log);
  }

  /** Looks on until there is something to tell. */
  async #follow(log: TenantLog): Promise<FeedEvent | undefined> {
    while (!this.#isOver) {
      if (log.isOver) return await this.#options.resync('EPOCH_CHANGED');
      const seen = await this.#look(log);
      if (seen === 'expired') return await this.#options.resync('CURSOR_EXPIRED', this.#seq);
      if (seen && seen.length > 0) return this.#batch(log, seen);
      if (this.#beats !== log.beats) return this.#batch(log, []);
      if (!seen) await this.#news(log);
    }
    return undefined;
  }

  /** The changes for this follower in the next stretch, or in several to compact them; undefined at the end of the log. */
  async #look(log: TenantLog): Promise<readonly Change[] | 'expired' | undefined> {
    let found: readonly Change[] | undefined;
    do {
      const stretch = await this.#nextStretch(log);
      if (stretch === 'expired') return stretch;
      if (!stretch) break;
      found = [...(found ?? []), ...this.#take(stretch)];
    } while (this.#options.compact && found.length < mostCompacted && this.#beats === log.beats);
    return found;
  }

  async #nextStretch(log: TenantLog): Promise<Stretch | undefined> {
    try {
      const stretch = log.stretchAfter(this.#seq);
      const found = stretch instanceof Promise ? await stretch : stretch;
      if (found || this.#seq >= log.ring.start) return found;
    } catch (error) {
      this.#options.onFailure(error);
    }
    // The log did not answer, or what the ring has let go of is not in it yet as this reader sees it.
    await sleep(this.#options.retryMs, undefined, { ref: false });
    return { from: this.#seq, to: this.#seq, changes: [] };
  }

  /** Who comes with a cursor from within a tick gets the rest of it, and is then where all others are. */
  #take({ from, to, changes }: Tick): readonly Change[] {
    const seq = this.#seq;
    this.#seq = to;
    const { matches } = this.#options;
    return changes.filter((change) => (from >= seq || change.seq > seq) && matches(change));
  }

  #batch(log: TenantLog, found: readonly Change[]): ChangeBatch {
    const from = this.#told;
    const changes = this.#options.compact ? compactChanges(found) : found;
    this.#told = this.#options.cursorAt(log, this.#seq);
    this.#beats = log.beats;
    const upToDate = this.#seq >= log.ring.end;
    return { kind: 'batch', from, to: this.#told, compacted: changes.length < found.length, changes, upToDate };
  }

  /** Waits until the log goes on, or beats, or ends; not for what has happened since it was looked at. */
  #news(log: TenantLog): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isOver || log.isOver || log.ring.end > this.#seq || log.beats !== this.#beats) return resolve();
      const forget = log.onNews(resolve);
      this.#wake = () => {
        forget();
        resolve();
      };
    });
  }
}
