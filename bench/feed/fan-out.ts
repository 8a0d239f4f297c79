import { setTimeout as sleep } from 'node:timers/promises';
import { type Crowd, type FedServer, gatherCrowd, startFedServer } from './crowd.ts';
import { type PublishJob, tenantName } from './fed-server.ts';
import type { Received, SubscribeJob } from './subscribers.ts';

/** How many subscriptions, and how they are told of changes. */
export interface FanOutPlan {
  readonly subscriptions: number;
  /** How many subscriptions share a socket. */
  readonly perSocket: number;
  readonly tenants: number;
  readonly seconds: number;
}

/** A server that is measured, and how one subscribes to it. */
export interface FanOutServer {
  readonly script: URL;
  readonly query: string;
  subscriberOf(tenant: string): SubscribeJob['subscribers'][number];
}

/** What a run showed. */
export interface FanOutFigures {
  readonly deliveriesPerSecond: number;
  /** From publication to arrival, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Processor time of the server for one change to one subscriber, in microseconds. */
  readonly cpuUs: number;
}

/** A server with its subscribers. */
export interface FanOut {
  readonly residentKbPerSubscription: number;
  /** Publishes so that so many changes reach subscribers in a second, some in a batch. Rejects when one is missing. */
  deliver(deliveriesPerSecond: number, changesPerBatch: number): Promise<FanOutFigures>;
  stop(): Promise<void>;
}

const processes = 2;
const warmUpMs = 2_000;
/** After everyone has come: until the heap has the size that it keeps. */
const settleMs = 8_000;
const settleRate = 10_000;
/** How long to wait for what is still on its way. */
const patienceMs = 30_000;

/** Starts a server and lets all subscribe, after some have come and gone, so that only subscriptions are weighed. */
export async function openFanOut({ script, query, subscriberOf }: FanOutServer, plan: FanOutPlan): Promise<FanOut> {
  const { subscriptions, perSocket, tenants, seconds } = plan;
  const server = await startFedServer(script);
  const jobOf = (count: number): SubscribeJob => ({
    url: server.url,
    query,
    subscribers: Array.from({ length: count / perSocket }, (_, index) => ({
      ...subscriberOf(tenantName(index % tenants)),
      subscriptions: perSocket,
    })),
  });
  const first = await gatherCrowd(jobOf(tenants * perSocket), 1);
  const perSubscription = subscriptions / tenants;
  await server.publish({ tenants, changesPerSecond: 1_000, changesPerBatch: 1, ms: warmUpMs });
  first.stop();
  const before = await server.figures();
  const crowd = await gatherCrowd(jobOf(subscriptions), processes);
  const after = await server.figures();
  const run = (rate: number, changesPerBatch: number, ms: number) =>
    measure(server, crowd, { tenants, changesPerSecond: rate / perSubscription, changesPerBatch, ms }, perSubscription);
  await run(settleRate, 1, settleMs);
  return {
    residentKbPerSubscription: (after.residentBytes - before.residentBytes) / 1024 / subscriptions,
    async deliver(rate, changesPerBatch) {
      await run(rate, changesPerBatch, warmUpMs);
      return await run(rate, changesPerBatch, seconds * 1000);
    },
    async stop() {
      crowd.stop();
      await server.stop();
    },
  };
}

async function measure(server: FedServer, crowd: Crowd, job: PublishJob, copies: number): Promise<FanOutFigures> {
  await crowd.received();
  const before = await server.cpuMs();
  const began = performance.now();
  const { published } = await server.publish(job);
  // A server that is behind works on after the last publication.
  const { changes, p50, p99 } = await receiveAll(crowd, published * copies);
  const seconds = (performance.now() - began) / 1000;
  const cpuMs = (await server.cpuMs()) - before;
  return { deliveriesPerSecond: changes / seconds, p50, p99, cpuUs: (cpuMs * 1000) / changes };
}

/** What came, when all has come that was published. */
async function receiveAll(crowd: Crowd, expected: number): Promise<Received> {
  const giveUpAt = performance.now() + patienceMs;
  while ((await crowd.count()) < expected && performance.now() < giveUpAt) await sleep(20);
  const received = await crowd.received();
  if (received.changes === expected) return received;
  throw new Error(`${expected} changes were to arrive, and ${received.changes} did.`);
}
