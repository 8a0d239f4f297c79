import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { coordination } from '../../../subgraphs/coordination/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(coordination);
});
afterAll(() => app.stop());

const announce = `mutation ($input: AnnounceMaintenanceInput!) {
  announceMaintenance(input: $input) { maintenance { id message } userErrors { field code } }
}`;
const input = { message: 'New disks', startsAt: '2099-01-01T01:00:00.000Z', endsAt: '2099-01-01T02:00:00.000Z' };

test('a maintenance is announced to everyone in the tenant', async () => {
  const feed = await app.subscribe<{ changes: { changes: readonly object[] } }>(
    'subscription { changes(types: ["SYSTEM_MAINTENANCE"]) { ... on ChangeBatch { changes { type priority entityId data } } } }',
    {},
    { permissions: [] },
  );
  await feed.next();
  const { data } = await app.execute<{ announceMaintenance: { maintenance: { id: string } } }>(
    announce,
    { input },
    { permissions: ['write:maintenance'] },
  );
  const { id } = data.announceMaintenance.maintenance;
  expect(data).toEqual({ announceMaintenance: { maintenance: { id, message: 'New disks' }, userErrors: [] } });
  let { changes } = (await feed.next()).changes;
  while (changes.length === 0) ({ changes } = (await feed.next()).changes);
  expect(changes).toEqual([{ type: 'SYSTEM_MAINTENANCE', priority: 'HIGH', entityId: id, data: { id, ...input } }]);
  await feed.return();
});

test.each([
  ['an end before its start', { endsAt: '2099-01-01T01:00:00Z' }, 'endsAt'],
  ['an end in the past', { startsAt: '2020-01-01T00:00:00Z', endsAt: '2020-01-02T00:00:00Z' }, 'endsAt'],
  ['an empty message', { message: ' ' }, 'message'],
])('a maintenance with %s is refused', async (_what, wrong, field) => {
  const { data } = await app.execute(announce, { input: { ...input, ...wrong } });
  expect(data).toEqual({
    announceMaintenance: { maintenance: null, userErrors: [{ field, code: 'BAD_USER_INPUT' }] },
  });
});

test('a maintenance is announced by those who may', async () => {
  const { errors } = await app.execute(announce, { input }, { permissions: ['read:*', 'write:incidents'] });
  expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', permission: 'write:maintenance' } }]);
});
