import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newEntityId } from '../../../kernel/data/entity-id.ts';
import { createIn, createLeadIn, sendTo } from '../../subgraphs/crm/arrange.ts';
import type { TestApp, TestCaller, TestResponse } from '../../support/app.ts';
import { readPublished } from '../../support/published-changes.ts';
import { type SyncApps, startSyncApps } from '../../support/sync-apps.ts';

let apps: SyncApps;
let crmApp: TestApp;
let documentsApp: TestApp;
let sync: TestApp;
beforeAll(async () => {
  apps = await startSyncApps();
  ({ crm: crmApp, documents: documentsApp, sync } = apps);
});
afterAll(() => apps.stop());

interface Result {
  readonly id: number;
  readonly status: string;
  readonly code: string | null;
  readonly version: number | null;
  readonly conflicts: readonly string[];
  readonly serverRecord: Readonly<Record<string, unknown>> | null;
}
interface Pushed {
  readonly lastMutationId: number;
  readonly cursor: string;
  readonly results: readonly Result[];
  readonly userErrors: readonly { readonly code: string; readonly field: string | null }[];
}

const pushOf = `mutation ($input: PushInput!) { push(input: $input) { lastMutationId cursor
  results { id status original code field message version conflicts serverRecord } userErrors { code field } } }`;

function send(
  clientId: string,
  mutations: readonly object[],
  caller: TestCaller = {},
): Promise<TestResponse<{ push: Pushed } | null>> {
  return sync.execute(pushOf, { input: { clientId, mutations } }, caller);
}

/** Pushes what must be answered. */
async function push(clientId: string, mutations: readonly object[], caller: TestCaller = {}): Promise<Pushed> {
  const { data, errors } = await send(clientId, mutations, caller);
  if (!data?.push) throw new Error(JSON.stringify(errors));
  return data.push;
}

const put = (id: number, entity: string, entityId: string, patch: object, baseVersion?: number) => ({
  ...{ id, entity, entityId, op: 'PUT', patch },
  ...(baseVersion !== undefined && { baseVersion }),
});
const person = (name: string) => ({
  firstName: name,
  lastName: 'Offline',
  email: `${name}@example.com`,
  source: 'field',
});
const statusesOf = ({ results }: Pushed) => results.map(({ status }) => status);

async function leadWith(id: string) {
  const { data } = await crmApp.execute<{ lead: Record<string, unknown> | null }>(
    'query ($id: ID!) { lead(id: $id) { firstName lastName phone company status version } }',
    { id },
  );
  return data.lead;
}

describe('a push', () => {
  test('does what a client did, in order, with the records and changes of each mutation', async () => {
    const [lead, document] = [newEntityId(), newEntityId()];
    const pushed = await push('c1', [
      put(1, 'Lead', lead, person('ada')),
      put(2, 'Lead', lead, { status: 'QUALIFIED' }),
      put(3, 'Document', document, { title: 'Notes', type: 'NOTE', ownerId: 'someone', text: 'hello' }),
      put(4, 'Lead', lead, { phone: '123 456' }),
    ]);
    expect(pushed).toMatchObject({ lastMutationId: 4, userErrors: [] });
    expect(statusesOf(pushed)).toEqual(['APPLIED', 'APPLIED', 'APPLIED', 'APPLIED']);
    expect(pushed.results.map(({ version }) => version)).toEqual([1, 2, 1, 3]);
    expect(await leadWith(lead)).toMatchObject({ firstName: 'ada', status: 'QUALIFIED', phone: '123 456', version: 3 });

    const changes = (await readPublished(sync.database)).filter(
      ({ entityId }) => entityId === lead || entityId === document,
    );
    expect(changes.map(({ type, version }) => `${type} v${version}`)).toEqual([
      'LEAD_CREATED v1',
      'LEAD_STATUS_CHANGED v2',
      'DOCUMENT_UPLOADED v1',
      'LEAD_UPDATED v3',
    ]);
  });

  test('that comes again does nothing again', async () => {
    const id = newEntityId();
    const mutations = [put(1, 'Lead', id, person('bob')), put(2, 'Lead', id, { lastName: '' })];
    expect(statusesOf(await push('again', mutations))).toEqual(['APPLIED', 'REJECTED']);
    const more = await push('again', [...mutations, put(3, 'Lead', id, { phone: '999 999' })]);
    expect(statusesOf(more)).toEqual(['DUPLICATE', 'REJECTED', 'APPLIED']);
    expect(more.results[0]).toMatchObject({ original: 'APPLIED', version: 1 });
    expect(await leadWith(id)).toMatchObject({ lastName: 'Offline', version: 2 });
  });

  test('at once from two places is done once', async () => {
    const id = newEntityId();
    const mutations = [put(1, 'Lead', id, person('twice'))];
    const both = await Promise.all([push('twice', mutations), push('twice', mutations)]);
    expect(both.map(statusesOf).sort()).toEqual([['APPLIED'], ['DUPLICATE']]);
  });

  test('at once from several clients changes the same records one after the other, in whatever order each names them', async () => {
    const leads = [(await createLeadIn(crmApp, person('first'))).id, (await createLeadIn(crmApp, person('second'))).id];
    const clients = ['several-1', 'several-2', 'several-3', 'several-4'];
    const pushed = await Promise.all(
      clients.map((clientId, index) => {
        const changed = leads.map((lead) => ({ lead, patch: { company: clientId } }));
        const made = ['once', 'over'].map((name) => ({ lead: newEntityId(), patch: person(name) }));
        const all = index % 2 === 0 ? [...changed, ...made] : [...made.toReversed(), ...changed.toReversed()];
        return push(
          clientId,
          all.map(({ lead, patch }, place) => put(place + 1, 'Lead', lead, patch)),
        );
      }),
    );
    expect(new Set(pushed.flatMap(statusesOf))).toEqual(new Set(['APPLIED']));
    for (const lead of leads) expect(await leadWith(lead)).toMatchObject({ version: 1 + clients.length });
  });

  test('with other content under an id that was used is a fork, and does nothing', async () => {
    const id = newEntityId();
    await push('fork', [put(1, 'Lead', id, person('carl'))]);
    const { errors } = await send('fork', [
      put(1, 'Lead', id, person('carla')),
      put(2, 'Lead', id, { phone: '1 2 3' }),
    ]);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'CLIENT_FORKED', value: 1 });
    // The same for an id that was used in another app.
    const other = await send('fork', [put(1, 'Document', id, { title: 'x', type: 'NOTE', ownerId: 'me', text: '' })]);
    expect(other.errors?.[0]?.extensions).toMatchObject({ code: 'CLIENT_FORKED', value: 1 });
    expect(await leadWith(id)).toMatchObject({ firstName: 'carl', version: 1 });
  });

  test('with a gap, before it or within, is refused with the id that comes next', async () => {
    const id = newEntityId();
    const before = await send('gap', [put(2, 'Lead', id, person('dora'))]);
    expect(before.errors?.[0]?.extensions).toMatchObject({ code: 'OUT_OF_ORDER', value: 1 });
    const within = await send('gap', [put(1, 'Lead', id, person('dora')), put(3, 'Lead', id, {})]);
    expect(within.errors?.[0]?.extensions).toMatchObject({ code: 'OUT_OF_ORDER', value: 2 });
    expect(await leadWith(id)).toBeNull();
  });

  test('goes on after what can never be done', async () => {
    const [first, last] = [newEntityId(), newEntityId()];
    const pushed = await push('poison', [
      put(1, 'Lead', first, person('emil')),
      put(2, 'Lead', newEntityId(), { ...person('eve'), email: 'no address' }),
      put(3, 'Lead', newEntityId(), { ...person('eve'), shoeSize: 43 }),
      put(4, 'Planet', 'mars', { name: 'Mars' }),
      put(5, 'Contact', newEntityId(), { firstName: 'Emil', lastName: 'Twin', email: 'emil@example.com' }),
      put(6, 'Lead', newEntityId(), { phone: '1 2 3' }, 4),
      put(7, 'Lead', newEntityId(), { ...person('nul'), note: 'a\0b' }),
      put(8, 'Lead', last, person('fred')),
    ]);
    expect(pushed.results.map(({ status, code }) => `${status} ${code}`)).toEqual([
      'APPLIED null',
      'REJECTED BAD_USER_INPUT',
      'REJECTED BAD_USER_INPUT',
      'REJECTED BAD_USER_INPUT',
      'REJECTED CONFLICT',
      'REJECTED NOT_FOUND',
      'REJECTED BAD_USER_INPUT',
      'APPLIED null',
    ]);
    expect(await leadWith(last)).toMatchObject({ firstName: 'fred' });
    // What was rejected has undone what it had written by then, and the others have not.
    const settled = (await readPublished(sync.database)).filter(({ type }) => type === 'MUTATION_SETTLED');
    expect(settled.filter(({ entityId }) => entityId === 'poison').map(({ version }) => version)).toEqual([
      2, 3, 4, 5, 6, 7,
    ]);
  });

  test('is no way around a permission, and none into the queue of somebody else', async () => {
    const id = newEntityId();
    const reader = { permissions: ['read:*'], credentialId: 'key-of-a-reader' };
    const pushed = await push('reader', [put(1, 'Lead', id, person('gina'))], reader);
    expect(pushed.results[0]).toMatchObject({ status: 'REJECTED', code: 'FORBIDDEN' });
    const foreign = await send('reader', [put(2, 'Lead', id, person('gina'))]);
    expect(foreign.errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', field: 'clientId' });
    // The client ids of another tenant are others.
    const elsewhere = await push('reader', [put(1, 'Lead', id, person('gina'))], { tenant: 'globex' });
    expect(statusesOf(elsewhere)).toEqual(['APPLIED']);
    expect(await leadWith(id)).toBeNull();
  });

  test('holds 1 to 100 mutations', async () => {
    const many = Array.from({ length: 101 }, (_, index) => put(index + 1, 'Lead', newEntityId(), person(`n${index}`)));
    expect(await push('many', many)).toMatchObject({
      lastMutationId: null,
      userErrors: [{ code: 'BAD_USER_INPUT', field: 'mutations' }],
    });
    const hundred = await push('many', many.slice(0, 100));
    expect(new Set(statusesOf(hundred))).toEqual(new Set(['APPLIED']));
  });
});

describe('a record that was changed in two places', () => {
  test('has the fields of both, and the client is shown what came of it', async () => {
    const { id } = await createLeadIn(crmApp, { email: 'merge@example.com' });
    await sendTo(crmApp, 'updateLead', { id, phone: '111 111', company: 'Theirs' }, 'lead { id }');
    const pushed = await push('merge', [put(1, 'Lead', id, { company: 'Mine', lastName: 'Mine' }, 1)]);
    expect(pushed.results[0]).toMatchObject({
      status: 'MERGED',
      version: 3,
      conflicts: ['company'],
      serverRecord: { id, phone: '111 111', company: 'Mine', lastName: 'Mine' },
    });
  });

  test('does not conflict with what the same client did before', async () => {
    const { id } = await createLeadIn(crmApp, { email: 'own@example.com' });
    const first = await push('own', [
      put(1, 'Lead', id, { company: 'One' }, 1),
      put(2, 'Lead', id, { company: 'Two' }, 1),
    ]);
    expect(statusesOf(first)).toEqual(['APPLIED', 'APPLIED']);
    expect(statusesOf(await push('own', [put(3, 'Lead', id, { company: 'Three' }, 1)]))).toEqual(['APPLIED']);
    expect(await leadWith(id)).toMatchObject({ company: 'Three', version: 4 });
  });

  test('of money stays as it is here', async () => {
    const id = await createIn(crmApp, 'Deal', { title: 'Big', amount: 100, currency: 'EUR' });
    await sendTo(crmApp, 'updateDeal', { id, amount: 200 }, 'deal { id }');
    const pushed = await push('money', [
      put(1, 'Deal', id, { amount: 300 }, 1),
      put(2, 'Deal', id, { amount: 400 }, 2),
      put(3, 'Deal', id, { amount: 500 }),
    ]);
    expect(pushed.results).toMatchObject([
      { status: 'CONFLICT', code: 'CONFLICT', version: 2, serverRecord: { amount: 200 } },
      { status: 'APPLIED', version: 3 },
      { status: 'REJECTED', code: 'BAD_USER_INPUT', field: 'baseVersion' },
    ]);
  });

  test('and never changes once it is made, stays as it was made', async () => {
    const contact = await createIn(crmApp, 'Contact', { firstName: 'A', lastName: 'B' });
    const id = newEntityId();
    const call = { type: 'CALL', entityType: 'CONTACT', entityId: contact };
    const pushed = await push('append', [put(1, 'Activity', id, call), put(2, 'Activity', id, { subject: 'New' }, 1)]);
    expect(pushed.results).toMatchObject([{ status: 'APPLIED' }, { status: 'REJECTED' }]);
  });

  test('or was removed here is kept on both sides', async () => {
    const made = { title: 'Gone', type: 'NOTE', ownerId: 'someone', text: 'x' };
    const id = newEntityId();
    await push('gone', [put(1, 'Document', id, made)]);
    await sendTo(documentsApp, 'deleteDocument', { id }, 'document { id }');
    const pushed = await push('gone', [put(2, 'Document', id, { title: 'Mine' }, 1)]);
    expect(pushed.results[0]).toMatchObject({ status: 'CONFLICT', code: 'NOT_FOUND', serverRecord: { title: 'Gone' } });
  });
});
