import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { post } from '../demo-platform.ts';

const push = `mutation Push($input: PushInput!) { push(input: $input) { lastMutationId results { status code } } }`;

interface PushAnswer {
  readonly push: { readonly results: readonly { readonly status: string; readonly code: string | null }[] };
}

/** What a client pushes again and again: new leads, of which each is three changes, or changes to records of its own. */
export type PushedWork = 'createLead' | 'updateLead' | 'updateContact';

const person = (id: string) => ({ firstName: 'Ada', lastName: 'Byron', email: `${id}@example.com`, source: 'web' });

/** A client that pushes batches of one kind; records that it changes it has made before. */
export async function createPusher(
  url: string,
  key: string,
  batch: number,
  work: PushedWork = 'updateLead',
): Promise<() => Promise<void>> {
  const clientId = randomUUID();
  const entity = work === 'updateContact' ? 'Contact' : 'Lead';
  const newIds = () => Array.from({ length: batch }, () => randomUUID());
  const records = newIds();
  let id = 0;
  async function send(ids: readonly string[], patchOf: (entityId: string) => object): Promise<void> {
    const mutations = ids.map((entityId) => {
      id += 1;
      return { id, entity, entityId, op: 'PUT', patch: patchOf(entityId) };
    });
    const { results } = (await post<PushAnswer>(url, key, push, { input: { clientId, mutations } })).push;
    const refused = results.find(({ status }) => status !== 'APPLIED' && status !== 'MERGED');
    if (refused) throw new Error(`A mutation is ${refused.status}: ${refused.code}`);
  }
  await send(records, person);
  if (work === 'createLead') return () => send(newIds(), person);
  return () => send(records, () => (work === 'updateLead' ? { company: `Company ${id}` } : { phone: `+49 30 ${id}` }));
}

/** Does work again and again, evenly, for a while; what is late is made up for. Resolves with how often. */
export async function repeatEvenly(perSecond: number, ms: number, work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  const running: Promise<unknown>[] = [];
  for (let now = began; now < began + ms; now = performance.now()) {
    const due = Math.floor(((now - began) * perSecond) / 1000);
    while (running.length < due) running.push(work());
    await sleep(1);
  }
  await Promise.all(running);
  return running.length;
}

/** The like, one after the other: what takes longer than its share makes it less often. */
export async function repeatInTurn(perSecond: number, ms: number, work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  let times = 0;
  for (; performance.now() < began + ms; times += 1) {
    await work();
    await sleep(Math.max(0, began + ((times + 1) * 1000) / perSecond - performance.now()));
  }
  return times;
}
