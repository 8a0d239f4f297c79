import { setTimeout as sleep } from 'node:timers/promises';
import { collectGarbage } from '../../cli/collect-garbage.ts';

/** What a server of the bench is told to publish: in turn to each tenant, evenly over the time. */
export interface PublishJob {
  readonly tenants: number;
  readonly changesPerSecond: number;
  /** How many changes are published at once. */
  readonly changesPerBatch: number;
  readonly ms: number;
}

/** What a server of the bench tells of itself. */
export interface ServerFigures {
  /** Processor time so far, in milliseconds. */
  readonly cpuMs: number;
  readonly residentBytes: number;
  /** What is left on the heap and beside it when garbage has been collected. */
  readonly liveBytes: number;
}

/** What came of a job. */
export interface Published {
  /** Changes. */
  readonly published: number;
}

export type ServerCommand =
  | { readonly kind: 'publish'; readonly job: PublishJob }
  /** Asks for the processor time so far, as `figures` tells it, and for nothing else. */
  | { readonly kind: 'cpu' }
  | { readonly kind: 'figures' };

/** One change as both servers publish it. */
export interface BenchChange {
  readonly seq: number;
  readonly type: string;
  readonly app: string;
  readonly entity: string;
  readonly entityId: string;
  readonly op: string;
  readonly version: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly correlationId: string;
}

/** Names of tenants, as both the servers and the subscribers know them. */
export const tenantName = (index: number) => `tenant-${index}`;

/** Milliseconds on a clock that all processes of the machine share. */
export function sharedClock(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

let seq = 0;

function makeChange(): BenchChange {
  seq += 1;
  return {
    seq,
    type: 'LEAD_UPDATED',
    app: 'crm',
    entity: 'Lead',
    entityId: `lead_${String(seq % 1000).padStart(8, '0')}`,
    op: 'PUT',
    version: seq,
    data: { at: sharedClock(), firstName: 'Ada', lastName: 'Byron', email: `ada${seq}@example.com`, status: 'NEW' },
    correlationId: '3f2b8c1e-54d1-4f0e-9a55-0c9d2f6f7a10',
  };
}

export type Publish = (tenant: string, changes: readonly BenchChange[]) => void;

async function runJob({ tenants, changesPerSecond, changesPerBatch, ms }: PublishJob, publish: Publish) {
  const began = performance.now();
  const apartMs = (1000 * changesPerBatch) / changesPerSecond;
  let batches = 0;
  for (let now = began; now < began + ms; now = performance.now()) {
    for (; began + batches * apartMs <= now; batches += 1) {
      publish(tenantName(batches % tenants), Array.from({ length: changesPerBatch }, makeChange));
    }
    // Not more often than there is something to do: looking costs processor time that is no part of a delivery.
    await sleep(Math.max(1, began + batches * apartMs - performance.now()));
  }
  return { published: batches * changesPerBatch } satisfies Published;
}

function takeCpu(): Pick<ServerFigures, 'cpuMs'> {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1000 };
}

function takeFigures(): ServerFigures {
  collectGarbage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    ...takeCpu(),
    residentBytes: rss,
    liveBytes: heapUsed + external,
  };
}

/** Tells the process that started this one where it serves, and does what it is told, until that process lets go of it. */
export function obeyBench(url: string, publish: Publish, stop = async () => {}): void {
  process.on('message', (command: ServerCommand) => {
    if (command.kind === 'figures') process.send?.(takeFigures());
    else if (command.kind === 'cpu') process.send?.(takeCpu());
    else runJob(command.job, publish).then((published) => process.send?.(published));
  });
  process.on('disconnect', () => stop().then(() => process.exit()));
  process.send?.({ url });
}
