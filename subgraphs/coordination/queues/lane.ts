import { eventCatalogue } from '../../../kernel/changes/catalogue.ts';
import { completeChange, insertChanges } from '../../../kernel/changes/insert-changes.ts';
import {
  type ClaimedJob,
  claimJobs,
  type JobOutcome,
  type LanePlace,
  releaseClaims,
  renewClaims,
  settleJobs,
} from '../store/queue-work.ts';
import type { CoordinationTransaction } from '../store.ts';
import { jobChange } from './changes.ts';
import type { Queue } from './queue.ts';
import { type JobHouse, runJob } from './run-job.ts';

/** A process that has ended, or stands still, keeps its jobs from others for as long. */
export const leaseMs = 10_000;

/** What a lane asks of the worker that it belongs to. */
export interface LaneOwner {
  readonly house: JobHouse;
  /** How many jobs of the lane may run now. */
  shareOf(lane: Lane): number;
  /** Told when the database could not be asked. Nothing is lost; the next look tries it again. */
  onFailure(error: unknown): void;
}

/** How many jobs to take at once, for each that runs: one transaction then serves several. */
const ahead = 4;
/** What has come of so many jobs is noted at once; of fewer, a moment later, in milliseconds. */
const notedAtOnce = 16;
const noteMs = 50;

/**
 * The jobs of a tenant in one queue, as far as this process does them. One transaction at a time notes what has come of
 * some and takes the next, some more than can begin: what ends meanwhile is noted with the next one.
 */
export class Lane {
  readonly place: LanePlace;
  readonly queue: Queue;
  readonly #owner: LaneOwner;
  /** Taken, and not begun. */
  readonly #waiting: ClaimedJob[] = [];
  readonly #running = new Map<ClaimedJob, Promise<void>>();
  #outcomes: JobOutcome[] = [];
  #turn: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Whether there may be more to take, as far as is known. */
  #hasMore = false;

  constructor(owner: LaneOwner, place: LanePlace, queue: Queue) {
    this.#owner = owner;
    this.place = place;
    this.queue = queue;
  }

  /** Nothing runs or is to be noted or taken. */
  get isIdle(): boolean {
    return !this.#turn && !this.#hasMore && this.#claimed.length === 0 && this.#outcomes.length === 0;
  }

  get #claimed(): readonly ClaimedJob[] {
    return [...this.#running.keys(), ...this.#waiting];
  }

  /** There is something to take. */
  wake(): void {
    this.#hasMore = true;
    this.#go();
  }

  /** Others come first: what is taken ends, and nothing more is taken until it is woken again. */
  rest(): void {
    this.#hasMore = false;
  }

  /** Notes again what could not be noted before. */
  resume(): void {
    this.#go();
  }

  /** Waits until nothing runs here any more. Nothing is to begin meanwhile. */
  async ended(): Promise<void> {
    this.#go();
    while (this.#running.size > 0 || this.#turn) await Promise.all([this.#turn, ...this.#running.values()]);
  }

  /** Keeps what was taken from other processes for longer. */
  async renew(): Promise<void> {
    const jobs = this.#claimed;
    if (jobs.length > 0) await this.#owner.house.database.write(this.place, (tx) => renewClaims(tx, jobs, leaseMs));
  }

  /** Gives back what was taken and is not done, as if it had not been. */
  async release(): Promise<void> {
    clearTimeout(this.#timer);
    const jobs = this.#claimed;
    if (jobs.length > 0) await this.#owner.house.database.write(this.place, (tx) => releaseClaims(tx, jobs));
  }

  /** Begins what may begin, and turns to the database where that is worth it. */
  #go(): void {
    const share = this.#owner.shareOf(this);
    while (this.#running.size < share) {
      const job = this.#waiting.shift();
      if (!job) break;
      this.#begin(job);
    }
    if (this.#turn) return;
    const isLow = this.#hasMore && this.#waiting.length < share;
    const room = isLow ? share * ahead - this.#claimed.length : 0;
    const isDue = this.#outcomes.length >= notedAtOnce || this.#running.size === 0;
    if (room > 0 || (this.#outcomes.length > 0 && isDue)) this.#turnTo(room);
    else if (this.#outcomes.length > 0) this.#timer ??= setTimeout(() => this.#turnTo(0), noteMs);
  }

  #turnTo(room: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#turn) return;
    this.#turn = this.#take(room).then((isDone) => {
      this.#turn = undefined;
      if (isDone) this.#go();
    });
  }

  /** Notes what came of jobs, and takes as many as there is room for. Gives false where the database did not. */
  async #take(room: number): Promise<boolean> {
    const { house } = this.#owner;
    const outcomes = this.#outcomes;
    this.#outcomes = [];
    let hasFailed = false;
    try {
      const taken = await house.database.write(this.place, async (tx) => {
        hasFailed = outcomes.length > 0 && (await this.#settle(tx, outcomes));
        return room > 0 ? await claimJobs(tx, this.queue.name, room, leaseMs) : [];
      });
      if (room > 0 && taken.length < room) this.#hasMore = false;
      this.#waiting.push(...taken);
    } catch (error) {
      this.#outcomes.unshift(...outcomes);
      this.#hasMore = false;
      this.#owner.onFailure(error);
      return false;
    }
    if (hasFailed) house.feed.poke(this.place.tenantId);
    return true;
  }

  /** Gives whether some were given up, of which a change tells then. */
  async #settle(tx: CoordinationTransaction, outcomes: readonly JobOutcome[]): Promise<boolean> {
    const { tenantId } = this.place;
    const failed = await settleJobs(tx, this.queue.name, outcomes);
    const changes = failed.map((job) => {
      const correlationId = job.correlationId ?? job.id;
      const origin = {
        app: 'coordination',
        tenantId,
        actor: 'app:coordination',
        sourceApp: 'coordination',
        correlationId,
      };
      return completeChange(eventCatalogue(), origin, jobChange('JOB_FAILED', job));
    });
    if (changes.length > 0) await tx.rows(insertChanges(changes));
    return changes.length > 0;
  }

  #begin(job: ClaimedJob): void {
    const done = runJob(this.#owner.house, this.place, this.queue, job).then((outcome) => {
      this.#running.delete(job);
      this.#outcomes.push(outcome);
      this.#go();
    });
    this.#running.set(job, done);
  }
}
