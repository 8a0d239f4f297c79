import cluster, { type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../kernel/telemetry/logger.ts';
import { WorkerEnded } from './worker-ended.ts';

/** What a worker reports once it serves. */
export interface Serving {
  readonly port: number;
  readonly supergraphId: string;
}

export interface WorkersOptions {
  readonly count: number;
  /** Resolves when all are to end. */
  readonly asked: Promise<void>;
  /** Called once, when all of them serve. */
  readonly onServing: (serving: Serving) => void;
  /** How long a worker may take to end, in milliseconds; one that takes longer is killed. */
  readonly endWithinMs: number;
  readonly logger: Logger;
}

interface RunningWorker {
  readonly pid: number | undefined;
  readonly startedAt: number;
  /** Undefined when it ends first. */
  readonly serving: Promise<Serving | undefined>;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

const firstDelayMs = 100;
const longestDelayMs = 10_000;
/** A worker that lived as long as this did not end for a reason that the next one is bound to meet. */
const steadyMs = 60_000;

/** In a worker: reports that it serves. */
export function reportServing(serving: Serving): void {
  process.send?.(serving);
}

function startWorker(logger: Logger): RunningWorker {
  const worker = cluster.fork();
  const { pid } = worker.process;
  const serving = Promise.withResolvers<Serving | undefined>();
  const ended = Promise.withResolvers<number | string>();
  worker.once('message', (report: Serving) => {
    logger.info({ worker: pid }, 'A worker serves');
    serving.resolve(report);
  });
  worker.once('exit', (code, signal) => {
    serving.resolve(undefined);
    ended.resolve(signal ?? code);
  });
  return { pid, startedAt: performance.now(), serving: serving.promise, ended: ended.promise };
}

/** Puts another worker in the place of one that ends, until `signal` says that they are meant to. */
async function keepWorker(first: RunningWorker, signal: AbortSignal, logger: Logger): Promise<void> {
  let worker = first;
  for (let failures = 1; ; failures += 1) {
    const reason = await worker.ended;
    if (signal.aborted) return;
    if (performance.now() - worker.startedAt >= steadyMs) failures = 1;
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (failures - 1));
    logger.error({ worker: worker.pid, reason, delayMs }, 'A worker ended, another takes its place');
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    worker = startWorker(logger);
  }
}

/** Asks all workers to end, and kills those that have not after so many milliseconds. */
function endAll(endWithinMs: number): NodeJS.Timeout {
  const workers: readonly (Worker | undefined)[] = Object.values(cluster.workers ?? {});
  for (const worker of workers) worker?.process.kill('SIGTERM');
  return setTimeout(() => {
    for (const worker of workers) worker?.process.kill('SIGKILL');
  }, endWithinMs);
}

/**
 * Runs this command in several processes behind one port until they are asked to end, and resolves when they have. The
 * first one starts alone: what makes it fail would make all of them fail, and is said once; that rejects with
 * `WorkerEnded`. From then on a worker that ends is replaced.
 */
export async function superviseWorkers(options: WorkersOptions): Promise<void> {
  const { count, asked, endWithinMs, logger } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const killing = asked.then(() => {
    stopping.abort();
    return endAll(endWithinMs);
  });

  const first = startWorker(logger);
  const serving = await first.serving;
  if (!serving && !signal.aborted) {
    const reason = await first.ended;
    throw new WorkerEnded(typeof reason === 'number' ? reason : 1);
  }
  const others = Array.from({ length: signal.aborted ? 0 : count - 1 }, () => startWorker(logger));
  const workers = [first, ...others];
  const kept = workers.map((worker) => keepWorker(worker, signal, logger));

  await Promise.race([asked, Promise.all(workers.map((worker) => worker.serving))]);
  if (serving && !signal.aborted) options.onServing(serving);
  await Promise.all(kept);
  clearTimeout(await killing);
}
