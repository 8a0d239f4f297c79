import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { analytics } from '../../../subgraphs/analytics/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { inShort, publishedBy } from '../../support/published-changes.ts';
import { sendTo } from '../crm/arrange.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(analytics);
});
afterAll(() => app.stop());

const customerId = 'cus_told';

test('behavior counts every change for the log, and the preferences alone for those who change them', async () => {
  const changes = await publishedBy(app, async () => {
    await sendTo(app, 'trackEvent', { customerId, type: 'SESSION_STARTED', properties: { page: 1 } }, 'event { id }');
    const input = { customerId, preferences: { language: 'da' } };
    await sendTo(app, 'updatePreferences', input, 'customer { id }');
    await sendTo(app, 'trackEvent', { customerId, type: 'PAGE_VIEWED' }, 'event { id }');
  });
  expect(inShort(changes)).toEqual([
    'EVENT_TRACKED v1',
    'BEHAVIOR_UPDATED v1',
    'PREFERENCES_UPDATED v2',
    'EVENT_TRACKED v1',
    'BEHAVIOR_UPDATED v3',
  ]);
  const { data } = await app.execute<{ _entities: readonly [{ behavior: Record<string, unknown> }] }>(
    `{ _entities(representations: [{ __typename: "Customer", id: "${customerId}" }]) { ... on Customer {
      behavior { behaviorScore sessionCount lastActivity engagementLevel preferences version } } } }`,
  );
  const { preferences, version, ...behavior } = data._entities[0].behavior;
  expect(changes.at(-1)?.data).toEqual({ customerId, ...behavior });
  expect(changes[2]?.data).toEqual({ customerId, preferences, version });
});

test('a threshold tells each of its versions', async () => {
  const changes = await publishedBy(app, async () => {
    for (const value of [3, 4]) {
      const input = { metric: 'behaviorScore', comparison: 'ABOVE', value };
      await sendTo(app, 'setThreshold', input, 'threshold { id }');
    }
  });
  expect(changes.map(({ version, data }) => [version, data.value])).toEqual([
    [1, 3],
    [2, 4],
  ]);
});
