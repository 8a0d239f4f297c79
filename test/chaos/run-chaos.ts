import { setTimeout as sleep } from 'node:timers/promises';
import { type ChaosCaller, startCaller } from './caller.ts';
import { isEnough, type Kills, startMonkey } from './monkey.ts';
import type { Site } from './site.ts';
import { type ChaosSubscriber, startSubscriber } from './subscriber.ts';
import type { Acknowledgement, Observation } from './verdict.ts';
import { comesTrue, waitUntil } from './wait.ts';
import { type ChaosWriter, startWriter } from './writer.ts';

/** What is done to a site, and for how long. */
export interface ChaosPlan {
  readonly tenants: readonly string[];
  readonly subscribersPerTenant: number;
  readonly writersPerTenant: number;
  /** Every writer makes at least so many edits. */
  readonly editsPerWriter: number;
  /** So many ordinary mutations are sent in each tenant, at least, beside the edits. */
  readonly callsPerTenant: number;
  /** So much must have happened before the writers stop. */
  readonly kills: Kills;
  /** The writers go on for at least so long, and so do the kills; with 0 there are no more than those above. */
  readonly seconds: number;
  readonly random: () => number;
}

/** What happened. */
export interface ChaosRun {
  readonly observation: Observation;
  readonly kills: Kills;
}

interface Scene {
  readonly site: Site;
  readonly plan: ChaosPlan;
  /** By tenant. */
  readonly writers: ReadonlyMap<string, readonly ChaosWriter[]>;
  /** One for each tenant. */
  readonly callers: ReadonlyMap<string, ChaosCaller>;
  readonly subscribers: readonly ChaosSubscriber[];
}

/** Edits may wait in a queue up to here; more only makes its transactions larger. */
const mostPending = 20;

/** What was committed is on its way for a moment only, and on a busy machine for some seconds. */
const arrivalMs = 60_000;

/** Lets everybody work while processes are killed, waits until all is quiet, and reads what came of it on every side. */
export async function runChaos(site: Site, plan: ChaosPlan): Promise<ChaosRun> {
  const scene = await setScene(site, plan);
  try {
    const all = [...scene.writers.values()].flat();
    const progress = () => all.reduce((sum, { done }) => sum + done, 0);
    const monkey = startMonkey(site, {
      wanted: plan.seconds > 0 ? undefined : plan.kills,
      progress,
      random: plan.random,
    });
    const until = performance.now() + plan.seconds * 1000;
    const isOver = () => performance.now() > until && isEnough(monkey.kills(), plan.kills);
    try {
      const working = Promise.all(plan.tenants.map((tenant) => workIn(scene, tenant, isOver)));
      await Promise.race([working, monkey.failed, failureOf(site)]);
    } finally {
      await monkey.stop();
    }
    await Promise.race([settle(scene), failureOf(site)]);
    return { observation: await observe(scene), kills: monkey.kills() };
  } finally {
    await closeAll(scene);
  }
}

/** Rejects when a process does not come back. */
const failureOf = ({ gateways, apps }: Site) => Promise.race([gateways, ...apps].map(({ failed }) => failed));

/** Everybody is there, and all subscribers hold a cursor, before the first edit. */
async function setScene(site: Site, plan: ChaosPlan): Promise<Scene> {
  const { tenants, subscribersPerTenant, writersPerTenant } = plan;
  const { ground, url, keyOf } = site;
  const after = (await ground.readLog(tenants)).at(-1)?.seq ?? 0;
  const each = (tenantId: string, kind: string, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      ...{ name: `${kind} ${tenantId}/${index + 1}`, url, tenantId, key: keyOf(tenantId), after },
    }));
  const subscribers: ChaosSubscriber[] = [];
  const writers = new Map<string, readonly ChaosWriter[]>();
  const callers = new Map(tenants.map((tenantId) => [tenantId, startCaller({ url, tenantId, key: keyOf(tenantId) })]));
  const scene = { site, plan, writers, callers, subscribers };
  try {
    for (const tenant of tenants) {
      for (const one of each(tenant, 'subscriber', subscribersPerTenant)) subscribers.push(await startSubscriber(one));
      writers.set(tenant, await Promise.all(each(tenant, 'writer', writersPerTenant).map(startWriter)));
    }
    return scene;
  } catch (error) {
    await closeAll(scene);
    throw error;
  }
}

async function closeAll({ writers, callers, subscribers }: Scene): Promise<void> {
  await Promise.all([...[...writers.values()].flat(), ...callers.values(), ...subscribers].map((one) => one.close()));
}

/** The writers of a tenant: each has a lead of its own, and all have one in common. Beside them, others make leads. */
async function workIn({ plan, writers, callers }: Scene, tenant: string, isOver: () => boolean): Promise<void> {
  const [first, ...others] = writers.get(tenant) ?? [];
  if (!first) return;
  const shared = await first.createLead();
  await waitUntil(`the lead that the writers of ${tenant} have in common`, () => first.isDone);
  await Promise.all([
    ...[first, ...others].map((writer) => edit(writer, shared, plan, isOver)),
    call(callers.get(tenant), plan, isOver),
  ]);
}

async function call(caller: ChaosCaller | undefined, { callsPerTenant, random }: ChaosPlan, isOver: () => boolean) {
  for (let calls = 0; caller && (calls < callsPerTenant || !isOver()); calls += 1) {
    await caller.createLead();
    await sleep(random() * 50);
  }
}

async function edit(writer: ChaosWriter, shared: string, plan: ChaosPlan, isOver: () => boolean): Promise<void> {
  const { random, editsPerWriter } = plan;
  let own = await writer.createLead();
  for (let edits = 1; edits < editsPerWriter || !isOver(); edits += 1) {
    const chance = random();
    if (chance < 0.05) await writer.rest(random() * 500);
    else if (chance < 0.15) own = await writer.createLead();
    else await writer.updateLead(chance < 0.5 ? shared : own);
    await sleep(random() * 20);
    if (writer.pending >= mostPending) {
      await waitUntil('a queue of edits that gets shorter', () => writer.pending < mostPending);
    }
  }
}

/**
 * All edits are acknowledged, apps have reacted to what came of them, and as much has come to everybody as there is: the
 * verdict tells what lacks.
 */
async function settle({ site, plan, writers, subscribers }: Scene): Promise<void> {
  const all = [...writers.values()].flat();
  await waitUntil('the acknowledgement of all edits', () => all.every(({ isDone }) => isDone));
  await site.reacted(plan.tenants);
  const logged = await site.ground.readLog(plan.tenants);
  const countOf = new Map(plan.tenants.map((tenant) => [tenant, 0]));
  for (const { tenantId, seq } of logged) {
    if (seq > (subscribers[0]?.delivery.after ?? 0)) countOf.set(tenantId, (countOf.get(tenantId) ?? 0) + 1);
  }
  await comesTrue(() => {
    const failed = subscribers.find(({ failure }) => failure !== undefined);
    if (failed) throw new Error(`${failed.delivery.subscriber} has ended.`, { cause: failed.failure });
    return subscribers.every(({ count, delivery }) => count >= (countOf.get(delivery.tenantId) ?? 0));
  }, arrivalMs);
}

async function observe({ site: { ground }, plan, writers, callers, subscribers }: Scene): Promise<Observation> {
  const acknowledged: Acknowledgement[] = [];
  for (const writer of [...writers.values()].flat()) acknowledged.push(...(await writer.acknowledged()));
  return {
    logged: await ground.readLog(plan.tenants),
    acknowledged,
    created: [...callers.values()].flatMap(({ created }) => created),
    stored: await ground.readRecords(plan.tenants),
    deliveries: subscribers.map(({ delivery }) => delivery),
  };
}
