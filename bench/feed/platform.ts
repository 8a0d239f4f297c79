import { setTimeout as sleep } from 'node:timers/promises';
import { key, measureOn, otherKey, post } from '../demo-platform.ts';
import type { Measurement } from '../table.ts';
import { type FedServer, gatherCrowd } from './crowd.ts';
import { followPatiently, type PatientClient } from './patient-client.ts';
import { createPusher, type PushedWork, repeatEvenly, repeatInTurn } from './push-leads.ts';

const commitsPerSecond = 100;
const subscribers = 40;
const pausedClients = 20;
const changesPerSecond = 1_000;
const batch = 100;
const pushingClients = 3;
/** Until everything that a push runs through is compiled for good. */
const pushWarmUpMs = 10_000;
/** Longer than a server waits for a client that takes nothing. */
const pauseMs = 60_000;

const changes = `subscription($after: Cursor) {
  changes(after: $after) { __typename ... on ChangeBatch { from to changes { type entityId version data at } } ... on Resync { reason } }
}`;

const logActivity = `mutation($input: LogActivityInput!) { logActivity(input: $input) { userErrors { message } } }`;

const socketOf = (url: string) => url.replace('http:', 'ws:');

/** From the time that stands in the log, which is just before the commit, to the arrival at subscribers. */
async function measureArrival({ url }: FedServer, seconds: number): Promise<Measurement> {
  const subscriber = { init: { 'x-tenant-key': key }, variables: { after: null } };
  const job = {
    url: socketOf(url),
    query: changes,
    subscribers: Array.from({ length: subscribers }, () => subscriber),
  };
  const crowd = await gatherCrowd(job, 1);
  try {
    const { leads } = await post<{ leads: { nodes: { id: string }[] } }>(
      url,
      key,
      '{ leads(first: 1) { nodes { id } } }',
      {},
    );
    const input = { entityType: 'LEAD', entityId: leads.nodes[0]?.id, type: 'CALL', subject: 'A call' };
    const commit = () => post(url, key, logActivity, { input });
    const run = (ms: number) => repeatEvenly(commitsPerSecond, ms, commit);
    await run(3_000);
    await crowd.received();
    const expected = (await run(seconds * 1000)) * subscribers;
    for (let left = 600; (await crowd.count()) < expected && left > 0; left -= 1) await sleep(50);
    const { p99, changes: arrived } = await crowd.received();
    if (arrived < expected) throw new Error(`${expected} changes were to arrive, and ${arrived} did.`);
    const what = `commit to client, p99, at ${commitsPerSecond} commits/s to ${subscribers} subscribers`;
    return { what, value: p99, unit: 'ms', peer: 'target', peerValue: 50 };
  } finally {
    crowd.stop();
  }
}

/** Has clients push side by side for a while. Gives the batches per second. */
async function pushFor(pushers: readonly (() => Promise<void>)[], ms: number): Promise<number> {
  const began = performance.now();
  let batches = 0;
  await Promise.all(
    pushers.map(async (push) => {
      for (; performance.now() - began < ms; batches += 1) await push();
    }),
  );
  return (batches * 1000) / (performance.now() - began);
}

/** One tenant, a few clients: while the batch of one is committed, that of another is read. */
async function measurePush({ url }: FedServer, seconds: number, work: PushedWork): Promise<Measurement> {
  const pushers = await Promise.all(
    Array.from({ length: pushingClients }, () => createPusher(url, otherKey, batch, work)),
  );
  await pushFor(pushers, pushWarmUpMs);
  const value = (await pushFor(pushers, seconds * 1000)) * batch;
  return {
    what: `${work} of one tenant, in batches of ${batch}`,
    value,
    unit: '/s',
    peer: 'target',
    peerValue: 5_000,
  };
}

/** Clients that do not read while much is committed, and then read on. */
async function measurePause(server: FedServer): Promise<Measurement> {
  const { url } = server;
  const push = await createPusher(url, key, batch);
  const load = (ms: number) => repeatInTurn(changesPerSecond / batch, ms, push);
  const clients = await Promise.all(
    Array.from({ length: pausedClients + 1 }, () => followPatiently(socketOf(url), key)),
  );
  const [reader, ...paused] = clients as [PatientClient, ...PatientClient[]];
  try {
    // Until the memory that is kept of recent changes is full, and everything is compiled.
    await load(20_000);
    const before = await server.figures();
    for (const client of paused) client.pause();
    const rate = ((await load(pauseMs)) * batch * 1000) / pauseMs;
    const after = await server.figures();
    for (const client of paused) client.resume();
    for (let left = 1_200; paused.some(({ count }) => count < reader.count) && left > 0; left -= 1) await sleep(100);
    const broken = clients.filter(({ count, gaps }) => count !== reader.count || gaps > 0);
    if (broken.length > 0) {
      const [one] = broken;
      throw new Error(
        `A client that had paused holds ${one?.count} of ${reader.count} changes, with ${one?.gaps} gaps.`,
      );
    }
    const value = Math.max(0, after.liveBytes - before.liveBytes) / 1e6 / pausedClients;
    const what = `memory of a client paused for ${pauseMs / 1000} s at ${rate.toFixed(0)} changes/s; then no gap`;
    return { what, value, unit: 'MB', peer: 'target', peerValue: 1 };
  } finally {
    for (const client of clients) client.close();
  }
}

/** What the whole platform does, in one process on its own Postgres. */
export async function measurePlatform(seconds: number): Promise<Measurement[]> {
  return await measureOn(async (server) => [
    await measureArrival(server, seconds),
    await measurePush(server, seconds, 'updateContact'),
    await measurePush(server, seconds, 'updateLead'),
    await measurePush(server, seconds, 'createLead'),
    await measurePause(server),
  ]);
}
