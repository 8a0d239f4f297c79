import { PanoramaError } from '../errors/panorama-error.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { TenantId } from '../tenancy/ids.ts';
import { type EventCatalogue, eventCatalogue } from './catalogue.ts';
import type { Change, LogPosition } from './change.ts';
import { conditionsOf, readPast, refusePosition } from './change-history.ts';
import { compactChanges } from './compact.ts';
import type {
  ChangeFeed,
  FeedEvent,
  FollowOptions,
  HistoryOptions,
  HistoryPage,
  PullOptions,
  ResyncReason,
} from './feed.ts';
import { createFeedCursors, type FeedCursors } from './feed-cursor.ts';
import { FollowedLogs } from './followed-logs.ts';
import { type Beginning, Follower } from './follower.ts';
import { createEventReading, type EventReading, type EventSource } from './handlers/event-source.ts';
import type { Hints } from './hints.ts';
import { type LogBounds, type LogReader, openLogReader } from './log-reader.ts';
import { matchFilter } from './match-filter.ts';
import { createChangeReaders } from './may-read.ts';
import { pullChanges } from './pull-changes.ts';
import type { TenantLog } from './tenant-log.ts';

export interface ChangeFeedOptions {
  /** Of the role of `changeFeedSchema`. */
  readonly databaseUrl: string;
  /** The platform's secret, under which cursors are made. */
  readonly secret: string;
  /** Without any, other processes are told nothing and tell nothing: all notice within a second. */
  readonly hints?: Hints | undefined;
  readonly logger: Logger;
  /** The platform's own by default. */
  readonly catalogue?: EventCatalogue | undefined;
  /** After how long followers hear that they are still there, in milliseconds; 15,000 by default. */
  readonly heartbeatMs?: number | undefined;
  /** How often the log is looked at without a hint, in milliseconds; 1,000 by default. */
  readonly pollMs?: number | undefined;
  /** What the rings of all tenants hold together, in bytes of changes; 128 MiB by default. */
  readonly ringBytes?: number | undefined;
  /** How many changes one read of the log brings at most; 500 by default. */
  readonly pageSize?: number | undefined;
}

/** A log that cannot be read cannot be read once a second: its log is not to be a flood of its own. */
const failureLogMs = 10_000;

/** The feed of a process, and where its apps learn of what they react to. */
export interface ProcessFeed extends ChangeFeed {
  /** The log as it is, whoever may read it: not for requests. */
  readonly events: EventSource;
}

class LogFeed implements ProcessFeed {
  readonly events: EventSource;
  readonly #eventReading: EventReading;
  readonly #reader: LogReader;
  readonly #logs: FollowedLogs;
  readonly #cursors: FeedCursors;
  readonly #catalogue: EventCatalogue;
  readonly #readerOf: ReturnType<typeof createChangeReaders>;
  readonly #hints: Hints | undefined;
  readonly #logger: Logger;
  readonly #pollMs: number;
  readonly #poller: NodeJS.Timeout;
  readonly #followers = new Set<Follower>();
  /** The last cursor that was made in a log: all of its followers ask for the same. */
  readonly #made = new WeakMap<TenantLog, { readonly seq: number; readonly text: string }>();
  readonly #listeners = new Set<(tenantId: TenantId) => void>();
  #epoch: string | undefined;
  #isPolling = false;
  #isListening = false;
  #failureLoggedAt = Number.NEGATIVE_INFINITY;
  #stopped: Promise<void> | undefined;

  constructor(options: ChangeFeedOptions) {
    const { databaseUrl, secret, hints, logger, catalogue = eventCatalogue() } = options;
    const { heartbeatMs = 15_000, pollMs = 1_000, ringBytes = 128 * 2 ** 20, pageSize = 500 } = options;
    this.#reader = openLogReader({ databaseUrl, secret, catalogue });
    const onFailure = (error: unknown) => this.#logFailure(error);
    this.#eventReading = createEventReading(this.#reader);
    this.events = Object.freeze<EventSource>({
      ...this.#eventReading,
      onHint: (types, listener) => this.#onHint(types, listener),
      poke: (tenantId) => this.poke(tenantId),
    });
    this.#logs = new FollowedLogs({ reader: this.#reader, heartbeatMs, ringBytes, pageSize, onFailure });
    this.#cursors = createFeedCursors(secret);
    this.#catalogue = catalogue;
    this.#readerOf = createChangeReaders(catalogue);
    this.#hints = hints;
    this.#logger = logger;
    this.#pollMs = pollMs;
    this.#poller = setInterval(() => this.#poll(), pollMs).unref();
  }

  follow(options: FollowOptions): Follower {
    if (this.#stopped) throw new PanoramaError('SUBGRAPH_UNAVAILABLE', 'The feed has been stopped.');
    const { tenantId } = options.principal;
    const position = options.after == null ? undefined : this.#cursors.decode(tenantId, options.after);
    let log: TenantLog | undefined;
    let isOver = false;
    const follower: Follower = new Follower({
      begin: async () => {
        const beginning = await this.#begin(tenantId, position);
        if ('log' in beginning) {
          if (isOver) this.#logs.leave(beginning.log);
          else log = beginning.log;
        }
        return beginning;
      },
      matches: this.#matcherOf(options),
      compact: options.compact ?? false,
      retryMs: this.#pollMs,
      onFailure: (error) => this.#logFailure(error),
      cursorAt: (one, seq) => this.#cursorAt(one, seq),
      resync: (reason, seq) => this.#resync(tenantId, reason, seq),
      onEnd: () => {
        isOver = true;
        this.#followers.delete(follower);
        if (log) this.#logs.leave(log);
      },
    });
    this.#followers.add(follower);
    this.#listen();
    return follower;
  }

  async pull(options: PullOptions): Promise<FeedEvent> {
    const { principal, after, limit } = options;
    const { tenantId } = principal;
    const position = after == null ? undefined : this.#cursors.decode(tenantId, after);
    const bounds = await this.#bounds(tenantId);
    const { epoch, head } = bounds;
    const encode = (seq: number) => this.#cursors.encode(tenantId, { epoch, seq });
    const refusal = position && refusalOf(position, bounds);
    if (refusal) return { kind: 'resync', reason: refusal, from: encode(head) };
    const place = position?.seq ?? head;
    const source = { reader: this.#reader, tenantId, matches: this.#matcherOf(options) };
    const pulled = position ? await pullChanges(source, place, limit) : { to: head, changes: [], upToDate: true };
    if (!pulled) return { kind: 'resync', reason: 'CURSOR_EXPIRED', from: encode(head) };
    const changes = options.compact ? compactChanges(pulled.changes) : pulled.changes;
    return {
      kind: 'batch',
      from: encode(place),
      to: encode(pulled.to),
      compacted: changes.length < pulled.changes.length,
      changes,
      upToDate: pulled.upToDate,
    };
  }

  async history({ principal, filter, beyond, direction, limit }: HistoryOptions): Promise<HistoryPage> {
    const { tenantId } = principal;
    const position = beyond === undefined ? undefined : this.#cursors.decode(tenantId, beyond);
    const bounds = await this.#bounds(tenantId);
    const refusal = position && refusalOf(position, bounds);
    if (refusal && !(refusal === 'CURSOR_EXPIRED' && direction === 'older')) throw refusePosition(refusal);
    const { changes, reached, hasMore } = await readPast(
      (search) => this.#reader.search(tenantId, search),
      { beyond: position?.seq, direction, limit, conditions: conditionsOf(this.#catalogue, filter) },
      this.#readerOf(principal),
    );
    const end = reached === undefined ? beyond : this.#cursors.encode(tenantId, { epoch: bounds.epoch, seq: reached });
    return { changes, reached: end, hasMore };
  }

  async head({ tenantId }: FollowOptions['principal']): Promise<string> {
    const { epoch, head: seq } = await this.#bounds(tenantId);
    return this.#cursors.encode(tenantId, { epoch, seq });
  }

  /** A change that has outlived an epoch has its place in the next. */
  cursorOf({ tenantId, epoch, seq }: Pick<Change, 'tenantId'> & LogPosition): string {
    return this.#cursors.encode(tenantId, { epoch: this.#epoch ?? epoch, seq });
  }

  poke(tenantId: TenantId): void {
    this.#look(tenantId);
    this.#hints?.tell(tenantId);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#poller);
    await Promise.all([...this.#followers].map((follower) => follower.return()));
    await this.#hints?.stop();
    await this.#reader.stop();
  }

  /** Where a follower begins; nothing has to be read for one whose cursor lies within the ring. */
  async #begin(tenantId: TenantId, position: LogPosition | undefined): Promise<Beginning> {
    const log = await this.#logs.join(tenantId);
    if (position && position.epoch === log.epoch && position.seq <= log.ring.end) {
      return { log, seq: position.seq, isNew: false };
    }
    try {
      const bounds = await this.#bounds(tenantId);
      const refusal = position && refusalOf(position, bounds);
      if (refusal === undefined && bounds.epoch === log.epoch) {
        if (bounds.head > log.ring.end) log.look();
        return { log, seq: position?.seq ?? bounds.head, isNew: position === undefined };
      }
      this.#logs.leave(log);
      return refusal === undefined ? await this.#begin(tenantId, position) : { resync: refusal };
    } catch (error) {
      this.#logs.leave(log);
      throw error;
    }
  }

  async #bounds(tenantId: TenantId): Promise<LogBounds> {
    const bounds = await this.#reader.bounds(tenantId);
    this.#keepEpoch(bounds.epoch);
    return bounds;
  }

  #keepEpoch(epoch: string): void {
    if (epoch !== this.#epoch) this.#logs.keepEpoch(epoch);
    this.#epoch = epoch;
  }

  #matcherOf({ principal, filter }: FollowOptions): (change: Change) => boolean {
    const passes = matchFilter(this.#catalogue, filter);
    const mayRead = this.#readerOf(principal);
    return (change) => passes(change) && mayRead(change);
  }

  #cursorAt(log: TenantLog, seq: number): string {
    const made = this.#made.get(log);
    if (made?.seq === seq) return made.text;
    const text = this.#cursors.encode(log.tenantId, { epoch: log.epoch, seq });
    this.#made.set(log, { seq, text });
    return text;
  }

  /** @param place Where the follower was, if it was anywhere. */
  async #resync(tenantId: TenantId, reason: ResyncReason, place?: number): Promise<FeedEvent> {
    const { epoch, head: seq, lifeBegan } = await this.#bounds(tenantId);
    const isOfOtherLife = place !== undefined && place < lifeBegan;
    const from = this.#cursors.encode(tenantId, { epoch, seq });
    return { kind: 'resync', reason: isOfOtherLife ? 'EPOCH_CHANGED' : reason, from };
  }

  /** From the first follower or handler on: a process that nobody follows changes in needs no hints. */
  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#hints?.listen((tenantId) => this.#look(tenantId));
  }

  #onHint(types: readonly string[], listener: (tenantId: TenantId) => void): () => void {
    this.#eventReading.want(types);
    this.#listeners.add(listener);
    this.#listen();
    return () => this.#listeners.delete(listener);
  }

  #look(tenantId: TenantId): void {
    this.#logs.get(tenantId)?.look();
    this.#eventReading.forget(tenantId);
    for (const listener of this.#listeners) listener(tenantId);
  }

  #poll(): void {
    const places = this.#logs.places();
    if (this.#isPolling || places.size === 0) return;
    this.#isPolling = true;
    const look = async () => {
      const { epoch, changed } = await this.#reader.poll(places);
      // Also those that were opened by what was true before: they would never learn of it.
      this.#logs.keepEpoch(epoch);
      this.#epoch = epoch;
      for (const tenantId of changed) this.#logs.get(tenantId)?.look();
    };
    look()
      .catch((error: unknown) => this.#logFailure(error))
      .finally(() => {
        this.#isPolling = false;
      });
  }

  #logFailure(error: unknown): void {
    if (this.#stopped || performance.now() - this.#failureLoggedAt < failureLogMs) return;
    this.#failureLoggedAt = performance.now();
    this.#logger.error({ err: error }, 'The change log cannot be read: followers wait until it can');
  }
}

/** Why a position is worth nothing in a log; undefined when it is good. What is gone by its age, reading tells. */
function refusalOf(position: LogPosition, bounds: LogBounds): ResyncReason | undefined {
  const { epoch, head, floor, lifeBegan } = bounds;
  if (position.epoch !== epoch || position.seq < lifeBegan) return 'EPOCH_CHANGED';
  if (position.seq > head) return 'CURSOR_AHEAD';
  return position.seq < floor ? 'CURSOR_EXPIRED' : undefined;
}

/** Opens the feed of this process; the database is reached when somebody first asks for changes. */
export function openChangeFeed(options: ChangeFeedOptions): ProcessFeed {
  return new LogFeed(options);
}
