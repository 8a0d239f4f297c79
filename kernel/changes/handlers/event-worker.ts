import type { PrismaClientLike, SqlStatement } from '../../data/tenant-database.ts';
import type { TenantId } from '../../tenancy/ids.ts';
import type { LogBounds } from '../log-reader.ts';
import { handleEvents, mostTogether } from './apply-events.ts';
import * as rows from './event-rows.ts';
import type { HandlingApp } from './run-handler.ts';

export interface WorkerTimes {
  /** How often it is looked for events without a hint, and for those to be tried again, in milliseconds. */
  readonly pollMs: number;
  /** How often it is looked for tenants that nobody gave a hint of, in milliseconds. */
  readonly discoverMs: number;
  /** How often positions are kept that only passed what is of no concern, in milliseconds. */
  readonly keepMs: number;
}

const usualTimes: WorkerTimes = { pollMs: 1_000, discoverMs: 10_000, keepMs: 30_000 };

/** What is known of the log of one tenant. */
interface TenantWork {
  readonly epoch: string;
  /** Which life of the tenant's log this is known of. */
  readonly lifeBegan: number;
  /** Up to where it was looked through, here. */
  place: number;
  /** Up to where the database knows that. */
  kept: number;
}

/** For how long a log is left alone that had nothing for the app, in milliseconds: a busy tenant is no load by itself. */
const restMs = 100;
/** How many tenants are worked for at a time: their requests have the connections too. */
const mostTenants = 2;
const mostRetries = 50;
const failureLogMs = 10_000;

/**
 * Hands the events of all tenants to the handlers of one app, in the order of each log. Of several workers of an app, in
 * whichever processes, one is at work on the log of a tenant at a time.
 */
export class EventWorker<Client extends PrismaClientLike> {
  readonly #handling: HandlingApp<Client>;
  readonly #types: readonly string[];
  readonly #times: WorkerTimes;
  readonly #known = new Map<TenantId, TenantWork>();
  /** Tenants to look at, and to try failed events of. */
  readonly #asked = new Map<TenantId, { look: boolean; retry: boolean }>();
  readonly #busy = new Map<TenantId, Promise<void>>();
  readonly #resting = new Set<TenantId>();
  readonly #waiting = new Set<() => void>();
  readonly #chores = new Set<Promise<void>>();
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #forgetHints: () => void;
  #isPolling = false;
  #failureLoggedAt = Number.NEGATIVE_INFINITY;

  constructor(handling: HandlingApp<Client>, times: Partial<WorkerTimes> = {}) {
    this.#handling = handling;
    this.#types = Object.keys(handling.handlers);
    this.#times = { ...usualTimes, ...times };
    const { pollMs, discoverMs, keepMs } = this.#times;
    this.#timers = [
      setInterval(() => this.#run(() => this.#poll()), pollMs).unref(),
      setInterval(() => this.#run(() => this.#discover()), discoverMs).unref(),
      setInterval(() => this.#run(() => this.#keep()), keepMs).unref(),
    ];
    this.#forgetHints = handling.source.onHint(this.#types, (tenantId) => this.#ask(tenantId, { look: true }));
    this.#run(() => this.#discover());
  }

  /** Waits until the app has passed a place in the log of a tenant. What was set aside counts as passed. */
  async reached(tenantId: TenantId, seq: number): Promise<void> {
    while (!this.#isStopped && (this.#known.get(tenantId)?.place ?? -1) < seq) {
      const news = new Promise<void>((resolve) => this.#waiting.add(resolve));
      this.#ask(tenantId, { look: true });
      await news;
    }
  }

  get #isStopped(): boolean {
    return this.#handling.stopping.aborted;
  }

  /** Ends after what is under way, when `HandlingApp.stopping` was aborted. */
  async stop(): Promise<void> {
    this.#forgetHints();
    for (const timer of this.#timers) clearInterval(timer);
    this.#wake();
    await Promise.all([...this.#busy.values(), ...this.#chores]);
  }

  #run(work: () => Promise<void>): void {
    if (this.#isStopped) return;
    const chore = work()
      .catch((error: unknown) => this.#logFailure(error))
      .finally(() => this.#chores.delete(chore));
    this.#chores.add(chore);
  }

  #ask(tenantId: TenantId, what: { look?: true; retry?: true }): void {
    if (this.#isStopped) return;
    const asked = this.#asked.get(tenantId) ?? { look: false, retry: false };
    this.#asked.set(tenantId, { look: asked.look || what.look === true, retry: asked.retry || what.retry === true });
    this.#startNext();
  }

  #startNext(): void {
    for (const [tenantId, asked] of this.#asked) {
      if (this.#isStopped || this.#busy.size >= mostTenants) return;
      if (this.#busy.has(tenantId) || this.#resting.has(tenantId)) continue;
      this.#asked.delete(tenantId);
      const work = this.#work(tenantId, asked)
        .catch((error: unknown) => {
          this.#logFailure(error);
          this.#rest(tenantId, this.#times.pollMs);
          this.#asked.set(tenantId, { look: true, retry: true });
        })
        .finally(() => {
          this.#busy.delete(tenantId);
          this.#wake();
          this.#startNext();
        });
      this.#busy.set(tenantId, work);
    }
  }

  async #work(tenantId: TenantId, { look, retry }: { look: boolean; retry: boolean }): Promise<void> {
    if (retry) await this.#retry(tenantId);
    if (look && !(await this.#pass(tenantId))) this.#rest(tenantId, restMs);
  }

  #rest(tenantId: TenantId, forMs: number): void {
    this.#resting.add(tenantId);
    const wake = () => {
      this.#resting.delete(tenantId);
      this.#startNext();
    };
    setTimeout(wake, forMs).unref();
  }

  /** Goes a page on in the log of a tenant. Gives whether there was anything for the app, or is more of it. */
  async #pass(tenantId: TenantId): Promise<boolean> {
    const { source } = this.#handling;
    const bounds = await source.bounds(tenantId);
    const known = await this.#positionIn(tenantId, bounds);
    if (known.place >= bounds.head) return false;
    const page = await source.events(tenantId, { after: known.place, types: this.#types });
    for (let done = 0; done < page.changes.length; ) {
      const outcomes = await handleEvents(this.#handling, 'next', page.changes.slice(done, done + mostTogether));
      if (outcomes.includes('busy') || this.#isStopped) return false; // the next poll sees what is left
      done += outcomes.length;
      known.place = known.kept = page.changes[done - 1]?.seq ?? known.place;
    }
    known.place = Math.max(known.place, page.reached);
    if (!page.isEnd) this.#ask(tenantId, { look: true }); // behind the other tenants that wait
    return !page.isEnd || page.changes.length > 0;
  }

  /** Where the app is in this log: as it is known here, or as the database has it, of this epoch and not below the floor. */
  async #positionIn(tenantId: TenantId, bounds: LogBounds): Promise<TenantWork> {
    const { epoch, floor, lifeBegan } = bounds;
    let known = this.#known.get(tenantId);
    if (known?.epoch !== epoch || known.lifeBegan !== lifeBegan) {
      const seq = await this.#findPosition(tenantId, epoch);
      known = { epoch, lifeBegan, place: seq, kept: seq };
      this.#known.set(tenantId, known);
    }
    if (known.place < floor) {
      const { app, logger } = this.#handling;
      logger.error(
        { app, tenantId, from: known.place, to: floor },
        'Events are gone by their age: they stay unhandled',
      );
      known.place = floor;
    }
    return known;
  }

  /** What the database has for the position of the app, in this epoch. */
  async #findPosition(tenantId: TenantId, epoch: string): Promise<number> {
    const { app, database, source } = this.#handling;
    const place = { app, tenantId };
    const find = (...before: readonly SqlStatement[]) =>
      database.write(place, async (tx) => {
        for (const statement of before) await tx.rows(statement);
        const [row] = await tx.rows<{ seq: bigint; epoch: string }>(rows.findPosition(place));
        if (!row) throw new Error('A position was neither found nor made.');
        return row;
      });
    const found = await find(rows.insertPosition(place, epoch));
    if (found.epoch === epoch) return Number(found.seq);
    const end = await source.endBefore(tenantId, epoch);
    return Number((await find(rows.renewPosition(place, epoch, end))).seq);
  }

  async #retry(tenantId: TenantId): Promise<void> {
    const { app, database, source } = this.#handling;
    const place = { app, tenantId };
    const due = await database.read(place, (tx) => tx.rows<{ seq: bigint }>(rows.findDue(place, mostRetries)));
    let isFree = false; // one that is done lets the next of its record go on
    for (const { seq } of due) {
      if (this.#isStopped) return;
      const change = await source.event(tenantId, Number(seq));
      if (!change) await database.write(place, (tx) => tx.end(rows.giveUpLost(place, seq)));
      const [outcome] = change ? await handleEvents(this.#handling, 'again', [change]) : ['dead'];
      isFree ||= outcome === 'handled' || outcome === 'passed' || outcome === 'dead';
    }
    if (isFree) this.#ask(tenantId, { retry: true });
  }

  async #poll(): Promise<void> {
    if (this.#isPolling) return;
    this.#isPolling = true;
    try {
      const { app, database, source } = this.#handling;
      const places = new Map([...this.#known].map(([tenantId, { place }]) => [tenantId, place]));
      if (places.size > 0) {
        const { epoch, changed } = await source.poll(places);
        for (const tenantId of changed) this.#ask(tenantId, { look: true });
        // A place in another epoch says nothing of where this one is.
        for (const [tenantId, known] of this.#known) if (known.epoch !== epoch) this.#ask(tenantId, { look: true });
      }
      for (const tenantId of await rows.findTenantsToRetry(database, app)) this.#ask(tenantId, { retry: true });
    } finally {
      this.#isPolling = false;
    }
  }

  async #discover(): Promise<void> {
    for (const tenantId of await this.#handling.source.loggedTenants()) {
      if (!this.#known.has(tenantId)) this.#ask(tenantId, { look: true });
    }
  }

  async #keep(): Promise<void> {
    const { app, database } = this.#handling;
    for (const [tenantId, known] of this.#known) {
      const { place, kept } = known;
      if (this.#isStopped || place === kept) continue;
      await database.write({ tenantId }, (tx) => tx.rows(rows.movePosition({ app, tenantId }, place)));
      known.kept = place;
    }
  }

  #wake(): void {
    const woken = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of woken) wake();
  }

  #logFailure(error: unknown): void {
    if (this.#isStopped || performance.now() - this.#failureLoggedAt < failureLogMs) return;
    this.#failureLoggedAt = performance.now();
    this.#handling.logger.error({ err: error, app: this.#handling.app }, 'Events cannot be handled: they wait');
  }
}
