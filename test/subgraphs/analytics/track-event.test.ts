import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { analytics } from '../../../subgraphs/analytics/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';

const trackEvent = `mutation ($input: TrackEventInput!) {
  trackEvent(input: $input) {
    event { id type app properties occurredAt recordedAt customer { id behavior { behaviorScore sessionCount lastActivity } } }
    userErrors { field message code }
  }
}`;

const behaviorOf = `query ($ids: [_Any!]!) {
  _entities(representations: $ids) {
    ... on Customer {
      id
      behavior { behaviorScore sessionCount lastActivity engagementLevel preferences engagementMetrics version }
    }
  }
}`;

interface Payload {
  readonly trackEvent: {
    readonly event: { readonly id: string; readonly customer: { readonly behavior: Record<string, unknown> } } | null;
    readonly userErrors: readonly { readonly field: string; readonly code: string }[];
  };
}

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(analytics);
});
afterAll(() => app.stop());

async function track(input: Record<string, unknown>, caller = {}) {
  const { data, errors } = await app.execute<Payload>(trackEvent, { input }, caller);
  expect(errors).toBeUndefined();
  return data.trackEvent;
}

async function readBehavior(customerId: string, caller = {}) {
  const ids = [{ __typename: 'Customer', id: customerId }];
  const { data, errors } = await app.execute<{ _entities: [{ behavior: Record<string, unknown> }] }>(
    behaviorOf,
    { ids },
    caller,
  );
  expect(errors).toBeUndefined();
  return data._entities[0].behavior;
}

describe('an app that tracks an event', () => {
  test('gets the event back as it was stored', async () => {
    const { event, userErrors } = await track({
      id: 'evt-1',
      customerId: 'stored-1',
      type: 'DOCUMENT_OPENED',
      app: 'business-dashboard',
      properties: { page: 3, tags: ['a'] },
      occurredAt: '2026-10-05T12:00:00+02:00',
    });
    expect(userErrors).toEqual([]);
    expect(event).toMatchObject({
      id: 'evt-1',
      type: 'DOCUMENT_OPENED',
      app: 'business-dashboard',
      properties: { page: 3, tags: ['a'] },
      occurredAt: '2026-10-05T10:00:00.000Z',
    });
  });

  test('may leave out id, app and time: an id is made, its own app is taken, and it happened now', async () => {
    const before = Date.now();
    const { event } = await track({ customerId: 'stored-2', type: 'page.viewed' }, { app: 'flow-web' });
    const { id, app: appId, occurredAt } = event as unknown as { id: string; app: string; occurredAt: string };
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(appId).toBe('flow-web');
    expect(Date.parse(occurredAt)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(occurredAt)).toBeLessThanOrEqual(Date.now());
  });

  test('moves the score towards 100, a session further than anything else', async () => {
    const scores: unknown[] = [];
    for (const type of ['SESSION_STARTED', 'session.started', 'PAGE_VIEWED', 'trading_session_created']) {
      const { event } = await track({ customerId: 'scored', type });
      scores.push(event?.customer.behavior.behaviorScore);
    }
    expect(scores).toEqual([5, 9.75, 10.65, 15.12]);
    expect(await readBehavior('scored')).toMatchObject({
      sessionCount: 3,
      engagementLevel: 'LOW',
      engagementMetrics: { eventCount: 4, eventsPerSession: 1.33 },
    });
  });

  test('keeps the latest activity when an older event comes in late', async () => {
    await track({ customerId: 'late', type: 'A', occurredAt: '2026-10-02T00:00:00Z' });
    await track({ customerId: 'late', type: 'A', occurredAt: '2026-10-01T00:00:00Z' });
    expect((await readBehavior('late')).lastActivity).toBe('2026-10-02T00:00:00.000Z');
    await track({ customerId: 'late', type: 'A', occurredAt: '2026-10-03T00:00:00Z' });
    expect((await readBehavior('late')).lastActivity).toBe('2026-10-03T00:00:00.000Z');
  });

  test('loses none of many events of one customer at the same time', async () => {
    await Promise.all(Array.from({ length: 12 }, () => track({ customerId: 'busy', type: 'SESSION_STARTED' })));
    expect(await readBehavior('busy')).toMatchObject({ sessionCount: 12, engagementMetrics: { eventCount: 12 } });
  });

  test('sees each event counted when it sends several in one operation', async () => {
    const { data } = await app.execute<Record<string, Payload['trackEvent']>>(`mutation {
      a: trackEvent(input: { customerId: "twice", type: "X" }) { event { customer { behavior { behaviorScore } } } }
      b: trackEvent(input: { customerId: "twice", type: "X" }) { event { customer { behavior { behaviorScore } } } }
    }`);
    expect(data.a?.event?.customer.behavior).toEqual({ behaviorScore: 1 });
    expect(data.b?.event?.customer.behavior).toEqual({ behaviorScore: 1.99 });
  });

  test('is told of a conflict when it sends an event again, and nothing is counted twice', async () => {
    const input = { id: 'sent-twice', customerId: 'resent', type: 'SESSION_STARTED' };
    await track(input);
    const { event, userErrors } = await track(input);
    expect(event).toBeNull();
    expect(userErrors).toMatchObject([{ field: 'id', code: 'CONFLICT' }]);
    expect(await readBehavior('resent')).toMatchObject({ sessionCount: 1, behaviorScore: 5 });
  });

  test.each([
    ['a type of 65 characters', { type: 'A'.repeat(65) }, 'type'],
    ['an empty type', { type: '' }, 'type'],
    ['a type with blanks', { type: 'page viewed' }, 'type'],
    ['a type with NUL', { type: 'A\u0000' }, 'type'],
    ['a type of 10,000 characters', { type: 'A'.repeat(10_000) }, 'type'],
    ['a customer id with NUL', { customerId: 'a\u0000' }, 'customerId'],
    ['an app that is no id', { app: 'no app' }, 'app'],
    ['properties that are no object', { properties: 'text' }, 'properties'],
    ['properties with NUL', { properties: { a: 'b\u0000' } }, 'properties'],
    ['properties of more than 16 KiB', { properties: { a: 'x'.repeat(17_000) } }, 'properties'],
    ['a time far ahead', { occurredAt: '2999-01-01T00:00:00Z' }, 'occurredAt'],
    ['a time before 1970', { occurredAt: '0001-01-01T00:00:00Z' }, 'occurredAt'],
  ])('is told the field when it sends %s, and nothing is written', async (_, wrong, field) => {
    const { event, userErrors } = await track({ customerId: 'refused', type: 'A', ...wrong });
    expect(event).toBeNull();
    expect(userErrors.map((error) => [error.field, error.code])).toContainEqual([field, 'BAD_USER_INPUT']);
    expect(await readBehavior('refused')).toMatchObject({ behaviorScore: 0, lastActivity: null });
  });

  test('of one tenant leaves the same customer id of another tenant alone', async () => {
    await track({ id: 'shared-id', customerId: 'shared', type: 'SESSION_STARTED' }, { tenant: 'acme' });
    const { userErrors } = await track(
      { id: 'shared-id', customerId: 'shared', type: 'PAGE_VIEWED' },
      { tenant: 'globex' },
    );
    expect(userErrors).toEqual([]);
    expect(await readBehavior('shared', { tenant: 'acme' })).toMatchObject({ behaviorScore: 5, sessionCount: 1 });
    expect(await readBehavior('shared', { tenant: 'globex' })).toMatchObject({ behaviorScore: 1, sessionCount: 0 });
  });
});
