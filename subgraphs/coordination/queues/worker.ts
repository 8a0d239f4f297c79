import type { BackgroundParts, BackgroundWork } from '../../../kernel/subgraph/background-work.ts';
import { findDuePlaces, findTenantsWithPast, forgetPastJobs, type LanePlace } from '../store/queue-work.ts';
import type { CoordinationClient } from '../store.ts';
import type { Workflows } from '../workflows/definition.ts';
import { Lane, type LaneOwner, leaseMs } from './lane.ts';
import type { Queue, Queues } from './queue.ts';
import type { JobHouse } from './run-job.ts';

/** How often to look for what nobody has told of, in milliseconds: queued by handlers, due now, or left by a process. */
const lookMs = 1_000;
/** How long to wait between two looks at least: one finds what a thousand have queued. */
const restMs = 50;
/** How many tenants a queue serves between two looks; where there are more, the next look goes on behind these. */
const mostLanes = 64;
const renewMs = leaseMs / 3;
const drainMs = 5_000;
const forgetMs = 3_600_000;
const forgottenAtOnce = 1_000;
const failureLogMs = 10_000;

const keyOf = ({ tenantId, queue }: LanePlace) => `${queue} ${tenantId}`;

/** Does the jobs of all tenants in this process, beside those who do the same in others. */
class QueueWorker implements BackgroundWork, LaneOwner {
  readonly house: JobHouse;
  readonly #queues: Queues;
  readonly #lanes = new Map<string, Lane>();
  /** The last place of each queue that was served, where not all could be. */
  readonly #servedUpTo = new Map<string, string>();
  readonly #renewing: NodeJS.Timeout;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #forgotAt = 0;
  #isStopped = false;
  #failureLoggedAt = Number.NEGATIVE_INFINITY;

  constructor(house: JobHouse, queues: Queues) {
    this.house = house;
    this.#queues = queues;
    this.#renewing = setInterval(() => void this.#eachLane((lane) => lane.renew()), renewMs).unref();
    this.#plan(lookMs);
  }

  /** Looks soon for what is due. */
  poke(): void {
    if (this.#isStopped) return;
    if (this.#looking) this.#lookAgain = true;
    else this.#plan(Math.max(0, this.#lookedAt + restMs - performance.now()));
  }

  shareOf({ queue }: Lane): number {
    if (this.#isStopped) return 0;
    const lanes = [...this.#lanes.values()].filter((one) => one.queue === queue && !one.isIdle).length;
    return Math.max(1, Math.min(queue.perTenant, Math.floor(queue.concurrency / lanes)));
  }

  onFailure(error: unknown): void {
    this.#logFailure(error);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, drainMs);
    await Promise.race([Promise.all([...this.#lanes.values()].map((lane) => lane.ended())), late.promise]);
    clearTimeout(timer);
    clearInterval(this.#renewing);
    await this.#eachLane((lane) => lane.release());
  }

  #plan(inMs: number): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look()
        .catch((error: unknown) => this.#logFailure(error))
        .finally(() => {
          this.#looking = undefined;
          const isAsked = this.#lookAgain;
          this.#lookAgain = false;
          this.#plan(isAsked ? restMs : lookMs);
        });
    }, inMs).unref();
  }

  async #look(): Promise<void> {
    this.#lookedAt = performance.now();
    for (const [key, lane] of this.#lanes) {
      if (lane.isIdle) this.#lanes.delete(key);
      else lane.resume();
    }
    const due = await findDuePlaces(this.house.database);
    for (const [name, places] of Map.groupBy(due, ({ queue }) => queue)) {
      const queue = this.#queues.get(name);
      if (queue) this.#serve(queue, places);
    }
    await this.#forget();
  }

  /** Wakes the lanes of a queue, or as many as can be served, beginning behind those that were served last. */
  #serve(queue: Queue, places: readonly LanePlace[]): void {
    const last = this.#servedUpTo.get(queue.name) ?? '';
    const inOrder = places.toSorted((one, other) => (one.tenantId < other.tenantId ? -1 : 1));
    const behind = inOrder.filter(({ tenantId }) => tenantId > last);
    const served = [...behind, ...inOrder.filter(({ tenantId }) => tenantId <= last)].slice(0, mostLanes);
    this.#servedUpTo.set(queue.name, places.length > mostLanes ? (served.at(-1)?.tenantId ?? '') : '');
    // All are there before the first is woken: what each may take depends on how many there are.
    const lanes = served.map((place) => {
      const lane = this.#lanes.get(keyOf(place)) ?? new Lane(this, place, queue);
      this.#lanes.set(keyOf(place), lane);
      return lane;
    });
    const isServed = new Set(lanes);
    for (const lane of this.#lanes.values()) if (lane.queue === queue && !isServed.has(lane)) lane.rest();
    for (const lane of lanes) lane.wake();
  }

  async #eachLane(work: (lane: Lane) => Promise<void>): Promise<void> {
    for (const lane of this.#lanes.values()) await work(lane).catch((error: unknown) => this.#logFailure(error));
  }

  /** Forgets, once an hour, jobs that ended long ago. */
  async #forget(): Promise<void> {
    if (Date.now() - this.#forgotAt < forgetMs) return;
    this.#forgotAt = Date.now();
    const { database } = this.house;
    for (const tenantId of await findTenantsWithPast(database)) {
      let count = forgottenAtOnce;
      while (count === forgottenAtOnce && !this.#isStopped) {
        count = await database.write({ tenantId }, (tx) => forgetPastJobs(tx, forgottenAtOnce));
      }
    }
  }

  #logFailure(error: unknown): void {
    if (this.#isStopped || performance.now() - this.#failureLoggedAt < failureLogMs) return;
    this.#failureLoggedAt = performance.now();
    this.house.logger.warn({ err: error }, 'Jobs cannot be done now: they wait until they can');
  }
}

const workers = new WeakMap<object, QueueWorker>();

/** Does what is queued in a database, where the app is to do something by itself. */
export function startQueueWorker(
  parts: BackgroundParts<CoordinationClient>,
  { queues, workflows }: { readonly queues: Queues; readonly workflows: Workflows },
): BackgroundWork {
  if (parts.engineUrl === undefined) return { stop: async () => undefined };
  const worker = new QueueWorker({ ...parts, workflows }, queues);
  workers.set(parts.database, worker);
  return worker;
}

/** Has this process look at once for what is due, once what was queued is committed. */
export function pokeQueues({ database }: { readonly database: object }): void {
  workers.get(database)?.poke();
}
