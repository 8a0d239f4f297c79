import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { analytics } from '../../../subgraphs/analytics/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { runStatements } from '../../support/run-statements.ts';

const read = `query ($filter: MetricSeriesFilter) { metricSeries(filter: $filter) { name points { day value } } }`;
const october = { from: '2026-10-01T00:00:00Z', to: '2026-10-31T23:00:00Z' };

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(analytics);
  await track('OPENED', '2026-10-01T00:00:00Z');
  await track('OPENED', '2026-10-01T23:59:59.999Z');
  await track('OPENED', '2026-10-03T01:00:00+02:00');
  await track('CLOSED', '2026-10-05T12:00:00Z');
  await track('OPENED', '2026-10-01T00:00:00Z', { tenant: 'globex' });
});
afterAll(() => app.stop());

async function track(type: string, occurredAt: string, caller = {}) {
  const input = { customerId: 'c', type, occurredAt };
  const text = 'mutation ($input: TrackEventInput!) { trackEvent(input: $input) { userErrors { code } } }';
  await app.execute(text, { input }, caller);
}

describe('a dashboard that reads metrics', () => {
  test('sees the events of each type counted by day in UTC, those of its tenant only', async () => {
    const { data } = await app.execute(read, { filter: october });
    expect(data.metricSeries).toEqual([
      { name: 'events.CLOSED', points: [{ day: '2026-10-05T00:00:00.000Z', value: 1 }] },
      {
        name: 'events.OPENED',
        points: [
          { day: '2026-10-01T00:00:00.000Z', value: 2 },
          { day: '2026-10-02T00:00:00.000Z', value: 1 },
        ],
      },
    ]);
  });

  test('may ask for some names and some days', async () => {
    const filter = {
      names: ['events.OPENED', 'events.UNKNOWN'],
      from: '2026-10-02T20:00:00Z',
      to: '2026-10-02T01:00:00Z',
    };
    const { data } = await app.execute(read, { filter });
    expect(data.metricSeries).toEqual([
      { name: 'events.OPENED', points: [{ day: '2026-10-02T00:00:00.000Z', value: 1 }] },
    ]);
  });

  test('sees the last 90 days when it names none', async () => {
    await track('RECENT', new Date(Date.now() - 80 * 86_400_000).toISOString(), { tenant: 'recent' });
    await track('OLD', new Date(Date.now() - 91 * 86_400_000).toISOString(), { tenant: 'recent' });
    const { data } = await app.execute<{ metricSeries: { name: string }[] }>(read, {}, { tenant: 'recent' });
    expect(data.metricSeries.map(({ name }) => name)).toEqual(['events.RECENT']);
  });

  test.each([
    ['367 days', { from: '2025-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' }, 'metricDays', 366],
    ['51 names', { names: Array.from({ length: 51 }, (_, index) => `m${index}`) }, 'metricNames', 50],
  ])('is refused %s, and told the limit', async (_, filter, limit, value) => {
    const { data, errors } = await app.execute(read, { filter });
    expect(data).toEqual({ metricSeries: null });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'OPERATION_LIMIT_EXCEEDED', limit, value });
  });

  test.each([
    ['a name with NUL', { names: ['a\u0000'] }],
    ['a day before the calendar', { from: '0000-01-01T00:00:00Z', to: '0000-01-02T00:00:00Z' }],
    ['a day after the calendar', { from: '9999-12-31T23:59:59-14:00', to: '9999-12-31T23:59:59-14:00' }],
  ])('is refused %s as a mistake of its own', async (_, filter) => {
    const { errors } = await app.execute(read, { filter });
    expect(errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT' });
  });
});

test('a dashboard reads how many customers are on each level, by score and sessions as at the floors', async () => {
  const caller = { tenant: 'levels' };
  const sql = `INSERT INTO analytics.customer_behavior (tenant_id, customer_id, behavior_score, session_count) VALUES
    ('levels', 'a', 80.01, 21), ('levels', 'b', 80, 21), ('levels', 'c', 99, 20), ('levels', 'd', 50.01, 11),
    ('levels', 'e', 50, 99), ('levels', 'f', 99, 10), ('levels', 'g', 0, 0)`;
  await runStatements(app.database.ownerUrl, sql);
  const { data } = await app.execute('{ engagementSummary { high medium low } }', {}, caller);
  expect(data).toEqual({ engagementSummary: { high: 1, medium: 3, low: 3 } });
  const representations = [...'abcdefg'].map((id) => ({ __typename: 'Customer', id }));
  const { data: levels } = await app.execute<{ _entities: { behavior: { engagementLevel: string } }[] }>(
    'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Customer { behavior { engagementLevel } } } }',
    { representations },
    caller,
  );
  expect(levels._entities.map(({ behavior }) => behavior.engagementLevel)).toEqual([
    'HIGH',
    'MEDIUM',
    'MEDIUM',
    'MEDIUM',
    'LOW',
    'LOW',
    'LOW',
  ]);
});
