import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeDemoTenants } from '../../../cli/demo/tenants.ts';
import { analytics } from '../../../subgraphs/analytics/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';

const tenants = makeDemoTenants('a secret for tests');
let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(analytics);
  for (const tenant of tenants) await app.insertDemo(tenant);
});
afterAll(() => app.stop());

test.each(['acme', 'globex'])(
  'the demo data of %s has the fixed figures of the first two customers',
  async (tenant) => {
    const representations = [1, 2].map((number) => ({ __typename: 'Customer', id: `cus_${tenant}_000${number}` }));
    const { data } = await app.execute(
      `query ($representations: [_Any!]!) { _entities(representations: $representations) {
      ... on Customer { behavior { behaviorScore sessionCount engagementLevel } }
    } }`,
      { representations },
      { tenant },
    );
    expect(data).toEqual({
      _entities: [
        { behavior: { behaviorScore: 82, sessionCount: 34, engagementLevel: 'HIGH' } },
        { behavior: { behaviorScore: 41, sessionCount: 6, engagementLevel: 'LOW' } },
      ],
    });
  },
);

test('the demo data have customers on every level, 5 to 20 events each, metrics of those days and thresholds', async () => {
  const { data } = await app.execute<{
    engagementSummary: Record<'high' | 'medium' | 'low', number>;
    trackedEvents: { totalCount: number };
    metricSeries: { points: { value: number }[] }[];
    thresholds: { totalCount: number };
  }>(`{
    engagementSummary { high medium low }
    trackedEvents(filter: { occurredFrom: "2026-08-03T00:00:00Z", occurredTo: "2026-11-01T00:00:00Z" }) { totalCount }
    metricSeries(filter: { to: "2026-10-31T00:00:00Z" }) { points { value } }
    thresholds { totalCount }
  }`);
  const { high, medium, low } = data.engagementSummary;
  expect(high + medium + low).toBe(200);
  expect(Math.min(high, medium, low)).toBeGreaterThan(30);
  const { totalCount } = data.trackedEvents;
  expect(totalCount).toBeGreaterThan(200 * 5);
  expect(totalCount).toBeLessThan(200 * 20);
  const counted = data.metricSeries.flatMap(({ points }) => points).reduce((sum, { value }) => sum + value, 0);
  expect(counted).toBe(totalCount);
  expect(data.thresholds.totalCount).toBe(3);
});

test('the demo data can be written again and change nothing, not even what was changed since', async () => {
  const read = '{ trackedEvents { totalCount } thresholds { nodes { metric value } } }';
  await app.execute('mutation { setThreshold(input: { metric: "sessionCount", value: 7 }) { userErrors { code } } }');
  const before = await app.execute(read);
  const statements = await app.countStatements(() => app.insertDemo(tenants[0] as (typeof tenants)[0]));
  expect(await app.execute(read)).toEqual(before);
  expect(statements).toBeLessThan(10);
});
