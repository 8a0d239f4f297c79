import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newEntityId } from '../../../kernel/data/entity-id.ts';
import { createIn, createLeadIn, sendTo } from '../../subgraphs/crm/arrange.ts';
import type { TestApp, TestCaller } from '../../support/app.ts';
import { type SyncApps, startSyncApps } from '../../support/sync-apps.ts';

let apps: SyncApps;
let crmApp: TestApp;
let sync: TestApp;
beforeAll(async () => {
  apps = await startSyncApps();
  ({ crm: crmApp, sync } = apps);
});
afterAll(() => apps.stop());

interface FoundRecord {
  readonly entity: string;
  readonly entityId: string;
  readonly version: number;
  readonly data: Readonly<Record<string, unknown>>;
}
interface Page {
  readonly records: readonly FoundRecord[];
  readonly cursor: string;
  readonly nextPage: string | null;
}

const bootstrapOf = `query ($entities: [String!], $page: String, $limit: Int! = 500) {
  bootstrap(entities: $entities, page: $page, limit: $limit) {
    records { entity entityId version data } cursor nextPage } }`;

/** All pages of a first load. */
async function load(entities: readonly string[], limit: number, caller: TestCaller = {}): Promise<readonly Page[]> {
  const pages: Page[] = [];
  for (let page: string | null | undefined; page !== null; page = pages.at(-1)?.nextPage ?? null) {
    const { data, errors } = await sync.execute<{ bootstrap: Page }>(bootstrapOf, { entities, page, limit }, caller);
    if (!data?.bootstrap) throw new Error(JSON.stringify(errors));
    pages.push(data.bootstrap);
  }
  return pages;
}

interface Pulled {
  readonly to: string;
  readonly changes: readonly FoundRecord[];
  readonly upToDate: boolean;
}

async function pull(after: string | undefined, limit: number, caller: TestCaller = {}): Promise<Pulled> {
  const { data, errors } = await sync.execute<{ pull: Pulled }>(
    `query ($after: Cursor, $limit: Int!) { pull(after: $after, limit: $limit) {
      ... on ChangeBatch { to upToDate changes { entity entityId version data } } } }`,
    { after, limit },
    caller,
  );
  if (!data?.pull) throw new Error(JSON.stringify(errors));
  return data.pull;
}

describe('a client that begins', () => {
  const tenant = { tenant: 'beginners' };

  test('loads what there is, page by page, and pulls what came meanwhile', async () => {
    const leads = [];
    for (const name of ['one', 'two', 'three']) {
      leads.push(await createLeadIn(crmApp, { email: `${name}@example.com` }, tenant));
    }
    const deal = await createIn(crmApp, 'Deal', { title: 'Big', amount: 100, currency: 'EUR' }, tenant);
    const first = await sync.execute<{ bootstrap: Page }>(
      bootstrapOf,
      { entities: ['Lead', 'Deal'], limit: 2 },
      tenant,
    );
    await sendTo(crmApp, 'updateDeal', { id: deal, amount: 200 }, 'deal { id }', tenant);

    const pages: Page[] = [first.data.bootstrap];
    for (let page = first.data.bootstrap.nextPage; page !== null; page = pages.at(-1)?.nextPage ?? null) {
      const { data } = await sync.execute<{ bootstrap: Page }>(bootstrapOf, { page, limit: 2 }, tenant);
      pages.push(data.bootstrap);
    }
    const records = pages.flatMap((page) => page.records);
    expect(records.map(({ entity }) => entity)).toEqual(['Lead', 'Lead', 'Lead', 'Deal']);
    expect(new Set(records.map(({ entityId }) => entityId))).toEqual(new Set([...leads.map(({ id }) => id), deal]));
    expect(new Set(pages.map(({ cursor }) => cursor)).size).toBe(1);

    // The deal was read after it had changed, and is told once more: its version says that this is nothing new.
    const { changes, to, upToDate } = await pull(first.data.bootstrap.cursor, 10, tenant);
    expect(changes).toMatchObject([{ entity: 'Deal', entityId: deal, version: 2, data: { amount: 200 } }]);
    expect(records.at(-1)).toMatchObject({ version: 2, data: { amount: 200 } });
    expect(upToDate).toBe(true);
    expect(await pull(to, 10, tenant)).toMatchObject({ changes: [], upToDate: true });
  });

  test('is told of what it may read only', async () => {
    const mine = await createLeadIn(crmApp, { email: 'mine@example.com', assigneeId: 'me' }, tenant);
    const agent = { ...tenant, permissions: ['read:assigned-leads'], userId: 'me', credentialId: 'key-of-an-agent' };
    const records = (await load(['Lead', 'Deal'], 2, agent)).flatMap((page) => page.records);
    expect(records.map(({ entityId }) => entityId)).toEqual([mine.id]);
    expect(await load(['Lead'], 2, { tenant: 'another' })).toMatchObject([{ records: [], nextPage: null }]);
  });

  test('is given a page that is not full where it may read little: nobody has all records read for one', async () => {
    const hidden = { tenant: 'hiders' };
    const mutations = Array.from({ length: 25 }, (_, index) => ({
      ...{ id: index + 1, entity: 'Company', entityId: newEntityId() },
      patch: { name: `Company ${index}` },
    }));
    await sync.execute(pushOf, { input: { clientId: 'hider', mutations } }, hidden);
    expect((await load(['Company'], 100, hidden)).flatMap(({ records }) => records)).toHaveLength(25);
    const pages = await load(['Company'], 1, { ...hidden, permissions: ['read:leads'] });
    expect(pages.flatMap(({ records }) => records)).toEqual([]);
    expect(pages).toHaveLength(2);
  });

  test('cannot ask for what is not synced, nor use the page of another tenant', async () => {
    const unknown = await sync.execute(bootstrapOf, { entities: ['ApiKey'] }, tenant);
    expect(unknown.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'entities' });
    const [page] = await load(['Lead'], 1, tenant);
    const foreign = await sync.execute(bootstrapOf, { page: page?.nextPage }, { tenant: 'another' });
    expect(foreign.errors?.[0]?.extensions).toMatchObject({ code: 'CURSOR_INVALID' });
  });
});

interface Status {
  readonly lastMutationId: number;
  readonly lag: number | null;
  readonly rejections: readonly { readonly id: number; readonly patch: object; readonly code: string }[];
}

const statusFields = `lastMutationId lastPushAt lag
  rejections { id entity entityId op baseVersion patch status code field message serverRecord at }`;

async function readStatus(clientId: string, after?: string, caller: TestCaller = {}): Promise<Status | null> {
  const { data } = await sync.execute<{ syncStatus: Status | null }>(
    `query ($clientId: ID!, $after: Cursor) { syncStatus(clientId: $clientId, after: $after) { ${statusFields} } }`,
    { clientId, after },
    caller,
  );
  return data.syncStatus;
}

const pushOf = `mutation ($input: PushInput!) { push(input: $input) { lastMutationId cursor results { status } } }`;

describe('the status of a client', () => {
  test('says how far it is, and what was not done until that is acknowledged', async () => {
    const { to } = await pull(undefined, 10);
    const id = newEntityId();
    const mutations = [
      { id: 1, entity: 'Company', entityId: id, patch: { name: 'Acme' } },
      { id: 2, entity: 'Company', entityId: id, patch: { name: '' } },
      { id: 3, entity: 'Company', entityId: newEntityId(), patch: { name: 'Late' }, baseVersion: 3 },
    ];
    await sync.execute(pushOf, { input: { clientId: 'phone', mutations } });
    const status = await readStatus('phone', to);
    expect(status).toMatchObject({
      lastMutationId: 3,
      lag: 3, // the company, and that two more are settled
      rejections: [
        { id: 2, patch: { name: '' }, status: 'REJECTED', code: 'BAD_USER_INPUT' },
        { id: 3, baseVersion: 3, status: 'REJECTED', code: 'NOT_FOUND' },
      ],
    });

    const ack = `mutation ($input: AckRejectionsInput!) {
      ackRejections(input: $input) { status { ${statusFields} } userErrors { field code } } }`;
    for (let time = 0; time < 2; time++) {
      const acked = await sync.execute(ack, { input: { clientId: 'phone', upTo: 2 } });
      expect(acked.data).toMatchObject({ ackRejections: { status: { rejections: [{ id: 3 }] }, userErrors: [] } });
    }
    const early = await sync.execute(ack, { input: { clientId: 'phone', upTo: 4 } });
    expect(early.data).toMatchObject({ ackRejections: { userErrors: [{ field: 'upTo', code: 'NOT_FOUND' }] } });
  });

  test('is told anew whenever it changes', async () => {
    const stream = await sync.subscribe<{ syncStatusChanged: { to: string; status: Status | null } }>(
      `subscription ($clientId: ID!) { syncStatusChanged(clientId: $clientId) {
        ... on SyncStatusChange { to status { lastMutationId rejections { id } } } } }`,
      { clientId: 'watched' },
    );
    expect((await stream.next()).syncStatusChanged.status).toBeNull();
    const lead = (id: number) => ({ id, entity: 'Lead', entityId: newEntityId(), patch: {} });
    for (const clientId of ['other', 'watched']) {
      await sync.execute(pushOf, { input: { clientId, mutations: [lead(1), lead(2)] } });
    }
    let told: Status | null = null;
    // A heartbeat may come first.
    while (told?.lastMutationId !== 2) told = (await stream.next()).syncStatusChanged.status;
    expect(told).toEqual({ lastMutationId: 2, rejections: [{ id: 1 }, { id: 2 }] });
    await stream.return();
  });

  test('is told to nobody else', async () => {
    await sync.execute(pushOf, {
      input: { clientId: 'tablet', mutations: [{ id: 1, entity: 'Lead', entityId: newEntityId(), patch: {} }] },
    });
    expect(await readStatus('tablet')).toMatchObject({ lastMutationId: 1 });
    expect(await readStatus('tablet', undefined, { credentialId: 'another-key' })).toBeNull();
    expect(await readStatus('tablet', undefined, { tenant: 'globex' })).toBeNull();
    expect(await readStatus('never')).toBeNull();
  });
});
