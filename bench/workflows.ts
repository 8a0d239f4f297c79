import { setTimeout as sleep } from 'node:timers/promises';
import { key, measureOn, otherKey, post } from './demo-platform.ts';
import { formatTable, type Measurement } from './table.ts';

const onboardings = 1_000;
/** In so many parts. */
const parts = 4;
const warmUps = 60;
const jobs = 2_000;
const probes = 10;
/** How many clients begin runs and queue jobs at the same time. */
const clients = 8;
/** Of a run and of the end of a queue: how often is looked, in milliseconds. */
const lookMs = 100;

type Variables = Readonly<Record<string, unknown>>;

/** Does work with the numbers from 0 on, so many at a time. */
async function inTurn(count: number, atOnce: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const takeTurns = async () => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: atOnce }, takeTurns));
}

interface Payload {
  readonly userErrors: readonly { readonly code: string; readonly message: string }[];
}

/** Sends a mutation; rejects when it is refused. */
async function send<Given extends Payload>(url: string, ofKey: string, name: string, fields: string, input: Variables) {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  const text = `mutation ($input: ${type}!) { ${name}(input: $input) { ${fields} userErrors { code message } } }`;
  const answer = await post<Record<string, Given>>(url, ofKey, text, { input });
  const payload = answer[name];
  if (!payload || payload.userErrors.length > 0) throw new Error(`${name}: ${JSON.stringify(payload?.userErrors)}`);
  return payload;
}

const personOf = (prefix: string, index: number) => ({
  username: `${prefix}-${index}`,
  email: `${prefix}-${index}@bench.example`,
});

/** What a client does that onboards by itself: the mutations of the workflow, one after another. */
async function onboardByHand(url: string, prefix: string, index: number): Promise<void> {
  const id = `${prefix}_${index}`;
  await send(url, key, 'createUser', 'user { id }', { id, ...personOf(prefix, index) });
  await send(url, key, 'updatePreferences', 'customer { id }', { customerId: id, preferences: {} });
  const template = { ownerId: id, template: 'standard' };
  const { folders } = await send<Payload & { folders: { name: string }[] }>(
    ...([url, key, 'createFolder', 'folders { name }', template] as const),
  );
  const message = `Your account is ready. These folders are yours: ${folders.map(({ name }) => name).join(', ')}.`;
  const welcome = { userId: id, type: 'USER_ONBOARDED', title: 'Welcome', message };
  await send(url, key, 'createNotification', 'notificationId', welcome);
}

const countRuns = `query ($statuses: [WorkflowRunStatus!]) {
  workflowRuns(filter: {names: ["onboardUser"], statuses: $statuses}, first: 1) { totalCount }
}`;

async function runsThatAre(url: string, statuses: readonly string[]): Promise<number> {
  const { workflowRuns } = await post<{ workflowRuns: { totalCount: number } }>(url, key, countRuns, { statuses });
  return workflowRuns.totalCount;
}

/** Begins runs, and waits until all have ended. */
async function onboardByRuns(url: string, prefix: string, count: number): Promise<void> {
  const before = await runsThatAre(url, ['SUCCEEDED']);
  await inTurn(count, clients, (index) =>
    send(url, key, 'onboardUser', 'run { id }', { id: `${prefix}-${index}`, ...personOf(prefix, index) }),
  );
  while ((await runsThatAre(url, ['PENDING', 'RUNNING'])) > 0) await sleep(lookMs);
  const done = (await runsThatAre(url, ['SUCCEEDED'])) - before;
  if (done !== count) throw new Error(`Of ${count} runs ${done} have succeeded.`);
}

async function timeOf(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** In parts, by hand and as runs in turn: what else the machine does falls on both. */
async function measureOnboarding(url: string): Promise<Measurement> {
  await inTurn(warmUps, 1, (index) => onboardByHand(url, 'warm', index));
  await onboardByRuns(url, 'warm-run', warmUps);
  const part = onboardings / parts;
  let [byHand, byRuns] = [0, 0];
  for (let index = 0; index < parts; index += 1) {
    byHand += await timeOf(() => inTurn(part, 1, (one) => onboardByHand(url, `hand${index}`, one)));
    byRuns += await timeOf(() => onboardByRuns(url, `run${index}`, part));
  }
  return {
    what: `${onboardings.toLocaleString('en')} onboardings as durable runs, from the first mutation to the last end`,
    ...{
      value: byRuns / 1_000,
      unit: 's',
      peer: '3 times their mutations one after another:',
      peerValue: (3 * byHand) / 1_000,
    },
  };
}

interface Work {
  readonly queue: string;
  readonly type: string;
  readonly dataOf: (index: number) => Variables;
}

const customerOf = (tenant: string, index: number) => `cus_${tenant}_${String((index % 200) + 1).padStart(4, '0')}`;

const trackOne = (tenant: string): Work => ({
  queue: 'analytics-processing',
  type: 'TRACK_EVENTS',
  dataOf: (index) => ({ events: [{ customerId: customerOf(tenant, index), type: 'PAGE_VIEWED' }] }),
});

const queueOne = (url: string, ofKey: string, { queue, type, dataOf }: Work, index: number, more: Variables = {}) =>
  send<Payload & { job: { id: string } }>(url, ofKey, 'enqueueJob', 'job { id }', {
    ...{ queue, type, data: dataOf(index) },
    ...more,
  });

/** Queues jobs that are all due at one time, when all are there. Gives that time. */
async function fill(url: string, work: Work, count: number): Promise<number> {
  const trial = 50;
  const tookMs = await timeOf(() =>
    inTurn(trial, clients, (index) => queueOne(url, key, work, index).then(() => undefined)),
  );
  await untilDone(url, work.queue);
  const runAt = new Date(Date.now() + (count / trial) * tookMs * 1.5 + 2_000);
  await inTurn(count, clients, (index) => queueOne(url, key, work, index, { runAt: runAt.toISOString() }));
  if (Date.now() > runAt.getTime()) throw new Error('The jobs were due before all of them were queued.');
  await sleep(runAt.getTime() - Date.now());
  return performance.now();
}

interface QueueState {
  readonly name: string;
  readonly size: number;
  readonly running: number;
  readonly failed: number;
}

async function stateOf(url: string, queue: string): Promise<QueueState> {
  const { queues } = await post<{ queues: QueueState[] }>(url, key, '{ queues { name size running failed } }', {});
  const state = queues.find(({ name }) => name === queue);
  if (!state || state.failed > 0) throw new Error(`${queue}: ${state?.failed} jobs have failed.`);
  return state;
}

async function untilDone(url: string, queue: string): Promise<void> {
  for (;;) {
    const { size, running } = await stateOf(url, queue);
    if (size + running === 0) return;
    await sleep(lookMs);
  }
}

async function measureRate(url: string, work: Work): Promise<Measurement> {
  const began = await fill(url, work, jobs);
  await untilDone(url, work.queue);
  const value = (jobs * 1_000) / (performance.now() - began);
  const what = `jobs that send one mutation each, worked off by the queue ${work.queue}`;
  return { what, value, unit: '/s', peer: 'target', peerValue: 200 };
}

/** From the answer that a job is queued to its end, while another tenant has very many: the longest of some. */
async function measureFlood(url: string): Promise<Measurement> {
  const work = trackOne('acme');
  const other = trackOne('globex');
  await fill(url, work, jobs);
  let longest = 0;
  for (let index = 0; index < probes; index += 1) {
    const { job } = await queueOne(url, otherKey, other, index);
    const took = await timeOf(async () => {
      const ended = 'query ($id: ID!) { job(id: $id) { status } }';
      for (;;) {
        const state = await post<{ job: { status: string } }>(url, otherKey, ended, { id: job.id });
        if (state.job.status === 'SUCCEEDED') return;
        await sleep(10);
      }
    });
    longest = Math.max(longest, took);
  }
  const { size } = await stateOf(url, work.queue);
  if (size === 0) throw new Error('The flood was over before the last job of the other tenant.');
  await untilDone(url, work.queue);
  const what = `a job beside ${jobs.toLocaleString('en')} of another tenant in the same queue, the slowest of ${probes}`;
  return { what, value: longest, unit: 'ms', peer: 'target', peerValue: 2_000 };
}

/** Workflows and queues of a whole platform, in a process of its own. Resolves to the table. */
export async function benchWorkflows(): Promise<string> {
  return await measureOn(async ({ url }) => {
    const onboarding = await measureOnboarding(url);
    const rate = await measureRate(url, trackOne('acme'));
    return formatTable([onboarding, rate, await measureFlood(url)]);
  });
}
