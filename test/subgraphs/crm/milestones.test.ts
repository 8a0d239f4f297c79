import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { coordination } from '../../../subgraphs/coordination/index.ts';
import { crm } from '../../../subgraphs/crm/index.ts';
import { startTestApp, type TestApp, type TestStream } from '../../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { inShort, publishedBy } from '../../support/published-changes.ts';
import { createIn, sendTo } from './arrange.ts';

let database: TestDatabase;
let app: TestApp;
let feeds: TestApp;
beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp(crm, database);
  feeds = await startTestApp(coordination, database);
});
afterAll(async () => {
  await feeds.stop();
  await app.stop();
  await database.drop();
});

interface Told {
  readonly changes: {
    readonly changes: { readonly type: string; readonly data: Readonly<Record<string, unknown>> }[];
  };
}

const selection = 'milestones { id currency amount reachedAt version }';
const set = (currency: string, amounts: readonly number[]) =>
  sendTo<{ milestones: Record<string, unknown>[] | null }>(
    app,
    'setRevenueMilestones',
    { currency, amounts },
    selection,
  );
const deal = (currency: string, amount: number) => createIn(app, 'Deal', { title: 'Engine', amount, currency });
const end = (id: string, stage: string) => sendTo(app, 'updateDeal', { id, stage }, 'deal { id }');

async function take(feed: TestStream<Told>, count: number) {
  const changes: Told['changes']['changes'] = [];
  while (changes.length < count) changes.push(...(await feed.next()).changes.changes);
  return changes;
}

describe('a revenue milestone', () => {
  test('is told to a dashboard when a deal takes the won total there, each once, beside what was won and lost', async () => {
    await set('EUR', [100, 150, 1_000]);
    const text = `subscription { changes(types: ["DEAL_WON", "DEAL_LOST", "REVENUE_MILESTONE"]) {
      ... on ChangeBatch { changes { type data } } } }`;
    const feed = await feeds.subscribe<Told>(text, {}, { permissions: ['read:metrics', 'read:deals'] });
    await feed.next();
    const [first, second, third] = [await deal('EUR', 99), await deal('EUR', 61), await deal('EUR', 5)];
    await end(first, 'WON');
    await end(third, 'LOST');
    await end(second, 'WON');
    await end(third, 'WON');
    const told = await take(feed, 6);
    expect(told.map(({ type, data }) => [type, data.milestone ?? data.amount])).toEqual([
      ['DEAL_WON', 99],
      ['DEAL_LOST', 5],
      ['DEAL_WON', 61],
      ['REVENUE_MILESTONE', 100],
      ['REVENUE_MILESTONE', 150],
      ['DEAL_WON', 5],
    ]);
    expect(told[3]?.data).toEqual({ revenue: 160, currency: 'EUR', milestone: 100, reachedAt: expect.any(String) });
    await feed.return();
  });

  test('is told once when deals that reach it only together are won at the same time', async () => {
    const currencies = ['DKK', 'SEK', 'NOK'];
    await Promise.all(currencies.map((currency) => set(currency, [100])));
    const deals = await Promise.all(currencies.flatMap((one) => [1, 2, 3, 4].map(() => deal(one, 25))));
    const changes = await publishedBy(app, () => Promise.all(deals.map((id) => end(id, 'WON'))));
    const reached = changes.filter(({ type }) => type === 'REVENUE_MILESTONE');
    expect(reached.map(({ data }) => data.currency).sort()).toEqual([...currencies].sort());
    expect(reached.map(({ data }) => data.revenue)).toEqual([100, 100, 100]);
  });

  test('is not told again when the total falls and rises, and not at all when the total has passed it before', async () => {
    const id = await createIn(app, 'Deal', { title: 'Engine', amount: 500, currency: 'USD', stage: 'WON' });
    const changes = await publishedBy(app, async () => {
      const { milestones } = await set('USD', [400, 600]);
      expect(milestones).toEqual([
        { id: 'USD-400', currency: 'USD', amount: 400, reachedAt: expect.any(String), version: 1 },
        { id: 'USD-600', currency: 'USD', amount: 600, reachedAt: null, version: 1 },
      ]);
      await sendTo(app, 'updateDeal', { id, amount: 600 }, 'deal { id }');
      await end(id, 'OPEN');
      await end(id, 'WON');
      await set('USD', [600]);
      await set('USD', [600]);
    });
    expect(inShort(changes).filter((one) => one.startsWith('REVENUE'))).toEqual([
      'REVENUE_MILESTONE_SET v1',
      'REVENUE_MILESTONE_SET v1',
      'REVENUE_MILESTONE v2',
      'REVENUE_MILESTONE_REMOVED v2',
    ]);
  });

  test('of one tenant is no other tenant’s, and what is set is checked', async () => {
    const { data } = await app.execute('{ revenueMilestones { id } }', {}, { tenant: 'globex' });
    expect(data).toEqual({ revenueMilestones: [] });
    expect((await set('euro', [5])).userErrors).toEqual([{ field: 'currency', code: 'BAD_USER_INPUT' }]);
    expect((await set('EUR', [5, 5])).userErrors).toEqual([{ field: 'amounts', code: 'BAD_USER_INPUT' }]);
    expect((await set('EUR', [0])).userErrors).toEqual([{ field: 'amounts.0', code: 'BAD_USER_INPUT' }]);
    const refusal = await app.execute(
      'mutation { setRevenueMilestones(input: {currency: "EUR", amounts: []}) { milestones { id } } }',
      {},
      { permissions: ['read:*'] },
    );
    expect(refusal.errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', permission: 'write:deals' });
  });
});
