import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { analytics } from '../../../subgraphs/analytics/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';

const list = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: TrackedEventFilter, $orderBy: TrackedEventOrder) {
  trackedEvents(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    nodes { id }
    edges { cursor }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}`;

interface List {
  readonly trackedEvents: {
    readonly nodes: readonly { readonly id: string }[];
    readonly pageInfo: { readonly startCursor: string; readonly endCursor: string; readonly hasNextPage: boolean };
    readonly totalCount: number;
  };
}

let app: TestApp;

async function track(id: string, fields: Record<string, unknown>, caller = {}) {
  const input = { id, customerId: 'c1', type: 'OPENED', occurredAt: '2026-10-01T00:00:00Z', ...fields };
  const text = 'mutation ($input: TrackEventInput!) { trackEvent(input: $input) { userErrors { code } } }';
  expect((await app.execute(text, { input }, caller)).data).toEqual({ trackEvent: { userErrors: [] } });
}

beforeAll(async () => {
  app = await startTestApp(analytics);
  await track('e1', { occurredAt: '2026-10-01T10:00:00Z' });
  await track('e2', { occurredAt: '2026-10-02T10:00:00Z', type: 'CLOSED', app: 'flow-web' });
  await track('e3', { occurredAt: '2026-10-02T10:00:00Z', customerId: 'c2' });
  await track('e4', { occurredAt: '2026-10-03T10:00:00Z', customerId: 'c2', type: 'MOVED' });
  await track('e5', { occurredAt: '2026-10-04T10:00:00Z' });
  await track('e1', { occurredAt: '2026-10-05T10:00:00Z' }, { tenant: 'globex' });
});
afterAll(() => app.stop());

async function read(variables: Record<string, unknown>, caller = {}) {
  const { data, errors } = await app.execute<List>(list, variables, caller);
  expect(errors).toBeUndefined();
  return data.trackedEvents;
}
const idsOf = ({ nodes }: List['trackedEvents']) => nodes.map(({ id }) => id);

describe('a reader of tracked events', () => {
  test('sees those of its tenant, newest first', async () => {
    const page = await read({});
    expect(idsOf(page)).toEqual(['e5', 'e4', 'e3', 'e2', 'e1']);
    expect(page.totalCount).toBe(5);
    expect(idsOf(await read({}, { tenant: 'globex' }))).toEqual(['e1']);
  });

  test('may turn the order round', async () => {
    const page = await read({ orderBy: { field: 'OCCURRED_AT', direction: 'ASC' } });
    expect(idsOf(page)).toEqual(['e1', 'e2', 'e3', 'e4', 'e5']);
  });

  test.each([
    ['a customer', { customerId: 'c2' }, ['e4', 'e3']],
    ['types', { types: ['CLOSED', 'MOVED'] }, ['e4', 'e2']],
    ['no type at all', { types: [] }, []],
    ['an app', { app: 'flow-web' }, ['e2']],
    ['a time', { occurredFrom: '2026-10-02T10:00:00Z', occurredTo: '2026-10-03T10:00:00Z' }, ['e3', 'e2']],
    [
      'a customer, a type and a time',
      { customerId: 'c1', types: ['OPENED'], occurredFrom: '2026-10-02T00:00:00Z' },
      ['e5'],
    ],
  ])('may ask for %s', async (_, filter, ids) => {
    const page = await read({ filter });
    expect(idsOf(page)).toEqual(ids);
    expect(page.totalCount).toBe(ids.length);
  });

  test('reads page by page, forward and back, across events of the same instant', async () => {
    const first = await read({ first: 2 });
    expect(idsOf(first)).toEqual(['e5', 'e4']);
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const second = await read({ first: 2, after: first.pageInfo.endCursor });
    expect(idsOf(second)).toEqual(['e3', 'e2']);
    const third = await read({ first: 2, after: second.pageInfo.endCursor });
    expect(idsOf(third)).toEqual(['e1']);
    expect(third.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect(idsOf(await read({ last: 2, before: third.pageInfo.startCursor }))).toEqual(['e3', 'e2']);
    expect(idsOf(await read({ last: 2 }))).toEqual(['e2', 'e1']);
  });

  test('is refused more than 50 types, and told the limit', async () => {
    const { data, errors } = await app.execute(list, { filter: { types: Array.from({ length: 51 }, () => 'A') } });
    expect(data).toEqual({ trackedEvents: null });
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'OPERATION_LIMIT_EXCEEDED',
      limit: 'filterTypes',
      value: 50,
    });
  });

  test.each([
    ['an id', { filter: { customerId: 'a\u0000' } }],
    ['a type', { filter: { types: ['a\u0000'] } }],
  ])('is told of its mistake when it sends %s with NUL', async (_, variables) => {
    const { errors } = await app.execute(list, variables);
    expect(errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT' });
  });

  test.each([
    ['an app of 10,000 characters', { filter: { app: 'a'.repeat(10_000) } }],
    ['a lone surrogate', { filter: { app: '\ud800' } }],
  ])('finds nothing, without a failure, by %s', async (_, variables) => {
    expect(idsOf(await read(variables))).toEqual([]);
  });
});

describe('another app that asks for a customer', () => {
  const entities = `query ($representations: [_Any!]!) {
    _entities(representations: $representations) { ... on Customer { id behavior { sessionCount engagementLevel } } }
  }`;
  const representations = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ __typename: 'Customer', id: `c${index + 1}` }));

  test('gets zeros, not null, for one of whom no event is known', async () => {
    const { data } = await app.execute(
      `query { _entities(representations: [{ __typename: "Customer", id: "nobody" }]) { ... on Customer {
        behavior { behaviorScore sessionCount lastActivity engagementLevel preferences engagementMetrics version }
      } } }`,
    );
    const engagementMetrics = { eventCount: 0, eventsPerSession: null };
    const zeros = { behaviorScore: 0, sessionCount: 0, lastActivity: null, engagementLevel: 'LOW', preferences: null };
    expect(data).toEqual({ _entities: [{ behavior: { ...zeros, engagementMetrics, version: 1 } }] });
  });

  test('costs one statement, however many customers it asks for', async () => {
    const one = await app.countStatements(() => app.execute(entities, { representations: representations(1) }));
    const fifty = await app.countStatements(() => app.execute(entities, { representations: representations(50) }));
    expect([one, fifty]).toEqual([1, 1]);
  });

  test('finds events and thresholds by id, and null where the tenant has none', async () => {
    const { data } = await app.execute(
      `query { _entities(representations: [
        { __typename: "TrackedEvent", id: "e4" }, { __typename: "TrackedEvent", id: "nothing" }, { __typename: "Threshold", id: "e4" }
      ]) { ... on TrackedEvent { type customer { id } } ... on Threshold { metric } } }`,
    );
    expect(data).toEqual({ _entities: [{ type: 'MOVED', customer: { id: 'c2' } }, null, null] });
  });
});

test('a list of events with their customers costs the same for 1 event as for 5', async () => {
  const text =
    'query ($first: Int) { trackedEvents(first: $first) { nodes { customer { behavior { sessionCount } } } } }';
  const one = await app.countStatements(() => app.execute(text, { first: 1 }));
  const five = await app.countStatements(() => app.execute(text, { first: 5 }));
  expect([one, five]).toEqual([2, 2]);
});
