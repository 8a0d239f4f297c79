import { setTimeout as sleep } from 'node:timers/promises';
import { type PanoramaProcess, startPanorama } from '../support/panorama-process.ts';
import { type Balancer, openBalancer } from './balancer.ts';

/** Processes of one kind, behind one address. */
export interface Fleet {
  /** Of the address, which stays. */
  readonly port: number;
  readonly name: string;
  /** How many serve now. */
  readonly serving: number;
  /** How many were killed so far. */
  readonly killed: number;
  /** Rejects when one does not come back after it was killed. */
  readonly failed: Promise<never>;
  /** Ends one process as a crash would, and begins to start another. Without one that serves it does nothing. */
  killOne(choose: (count: number) => number): void;
  stop(): Promise<void>;
}

export interface FleetOptions {
  readonly name: string;
  readonly size: number;
  /** The command of `panorama`, which is to take a free port. */
  readonly args: readonly string[];
  readonly directory: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Opened before, where other processes have to know the address first. */
  readonly balancer?: Balancer | undefined;
}

/** A database that was killed a moment ago lets nobody in: a process that does not come to serve is started anew. */
const startsAtMost = 20;

/** Starts the processes and waits until all serve. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { name, size, balancer = await openBalancer() } = options;
  const serving = new Set<PanoramaProcess>();
  const underway = new Set<Promise<void>>();
  let isStopping = false;
  let killed = 0;

  const portsOf = () => Array.from(serving, ({ url }) => Number(new URL(url).port));

  async function start(): Promise<void> {
    const one = await startOnce(options, () => isStopping);
    if (one === undefined) return;
    serving.add(one);
    balancer.setTargets(portsOf());
  }

  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined); // whoever waits for it is told, and nobody needs to wait

  function follow(work: Promise<unknown>): void {
    const watched = work.then(
      () => void underway.delete(watched),
      (error: unknown) => {
        underway.delete(watched);
        failure.reject(error);
      },
    );
    underway.add(watched);
  }

  const starting = await Promise.allSettled(Array.from({ length: size }, start));
  const refusal = starting.find(({ status }) => status === 'rejected');

  const fleet: Fleet = {
    port: balancer.port,
    name,
    get serving() {
      return serving.size;
    },
    get killed() {
      return killed;
    },
    failed: failure.promise,
    killOne(choose) {
      const victim = [...serving][choose(serving.size)];
      if (!victim || isStopping) return;
      serving.delete(victim);
      balancer.setTargets(portsOf());
      killed += 1;
      follow(victim.end('SIGKILL'));
      follow(start());
    },
    async stop() {
      isStopping = true;
      while (underway.size > 0) await Promise.all(underway);
      await Promise.all(Array.from(serving, (one) => one.end('SIGKILL')));
      await balancer.close();
    },
  };
  if (refusal?.status === 'rejected') {
    await fleet.stop();
    throw refusal.reason;
  }
  return fleet;
}

/** A process that serves; undefined when it is no longer wanted. */
async function startOnce(
  { args, directory, settings }: FleetOptions,
  isUnwanted: () => boolean,
): Promise<PanoramaProcess | undefined> {
  for (let starts = 1; ; starts += 1) {
    try {
      return await startPanorama([...args, '--port', '0'], { directory, settings });
    } catch (error) {
      if (isUnwanted()) return undefined;
      if (starts === startsAtMost) throw error;
      await sleep(200);
    }
  }
}
