import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { analytics } from '../../../subgraphs/analytics/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(analytics);
});
afterAll(() => app.stop());

interface Payload {
  readonly userErrors: readonly { readonly field: string; readonly code: string; readonly message: string }[];
}

describe('an app that keeps preferences', () => {
  interface PreferencesPayload extends Payload {
    readonly customer: { readonly id: string; readonly behavior: Record<string, unknown> } | null;
  }
  async function updatePreferences(input: Record<string, unknown>, caller = {}): Promise<PreferencesPayload> {
    const { data, errors } = await app.execute<{ updatePreferences: PreferencesPayload }>(
      `mutation ($input: UpdatePreferencesInput!) { updatePreferences(input: $input) {
        customer { id behavior { preferences version lastActivity } } userErrors { field code message }
      } }`,
      { input },
      caller,
    );
    expect(errors).toBeUndefined();
    return data.updatePreferences;
  }

  test('reads back what it wrote last, for a customer without events as well', async () => {
    await updatePreferences({ customerId: 'p1', preferences: { language: 'da', colors: ['blue'] } });
    const { customer, userErrors } = await updatePreferences({ customerId: 'p1', preferences: { language: 'en' } });
    expect(userErrors).toEqual([]);
    expect(customer).toEqual({
      id: 'p1',
      behavior: { preferences: { language: 'en' }, version: 3, lastActivity: null },
    });
  });

  test('is refused on a version that is not the current one', async () => {
    const first = await updatePreferences({ customerId: 'p2', baseVersion: 1, preferences: { a: 1 } });
    expect(first.customer?.behavior.version).toBe(2);
    const { customer, userErrors } = await updatePreferences({
      customerId: 'p2',
      baseVersion: 1,
      preferences: { a: 2 },
    });
    expect(customer).toBeNull();
    expect(userErrors).toMatchObject([{ field: 'baseVersion', code: 'CONFLICT' }]);
    expect((await updatePreferences({ customerId: 'p2', baseVersion: 2, preferences: {} })).userErrors).toEqual([]);
  });

  test('may go on with its version after an event, which changes no preference', async () => {
    await updatePreferences({ customerId: 'p3', preferences: { a: 1 } });
    await app.execute('mutation { trackEvent(input: { customerId: "p3", type: "A" }) { userErrors { code } } }');
    const { customer } = await updatePreferences({ customerId: 'p3', baseVersion: 2, preferences: { a: 2 } });
    expect(customer?.behavior).toMatchObject({ preferences: { a: 2 }, version: 3 });
  });

  test.each([
    ['text', { preferences: 'dark' }, 'preferences'],
    ['a list', { preferences: [1] }, 'preferences'],
    ['more than 16 KiB', { preferences: { a: 'x'.repeat(20_000) } }, 'preferences'],
    ['NUL', { preferences: { a: '\u0000' } }, 'preferences'],
    ['half a character', { preferences: { a: '\ud83d' } }, 'preferences'],
    ['NUL in a key', { preferences: { 'a\u0000': 1 } }, 'preferences'],
    ['an id that is none', { customerId: '' }, 'customerId'],
    ['version 0', { baseVersion: 0 }, 'baseVersion'],
  ])('is told the field when it sends %s', async (_, wrong, field) => {
    const { customer, userErrors } = await updatePreferences({ customerId: 'p4', preferences: {}, ...wrong });
    expect(customer).toBeNull();
    expect(userErrors).toMatchObject([{ field, code: 'BAD_USER_INPUT' }]);
  });

  test('of one tenant does not reach the customer of the same id of another', async () => {
    await updatePreferences({ customerId: 'p5', preferences: { of: 'acme' } });
    await updatePreferences({ customerId: 'p5', preferences: { of: 'globex' } }, { tenant: 'globex' });
    const { data } = await app.execute<{ _entities: unknown }>(
      'query { _entities(representations: [{ __typename: "Customer", id: "p5" }]) { ... on Customer { behavior { preferences } } } }',
    );
    expect(data._entities).toEqual([{ behavior: { preferences: { of: 'acme' } } }]);
  });
});

describe('an app that sets a threshold', () => {
  interface ThresholdPayload extends Payload {
    readonly threshold: { readonly id: string; readonly value: number; readonly version: number } | null;
  }
  async function setThreshold(input: Record<string, unknown>, caller = {}): Promise<ThresholdPayload> {
    const { data, errors } = await app.execute<{ setThreshold: ThresholdPayload }>(
      `mutation ($input: SetThresholdInput!) { setThreshold(input: $input) {
        threshold { id metric comparison value version } userErrors { field code message }
      } }`,
      { input },
      caller,
    );
    expect(errors).toBeUndefined();
    return data.setThreshold;
  }

  test('makes one, and changes it the next time', async () => {
    const made = await setThreshold({ metric: 'events.SIGNED_UP', value: 10 });
    expect(made.threshold).toMatchObject({ metric: 'events.SIGNED_UP', comparison: 'ABOVE', value: 10, version: 1 });
    const changed = await setThreshold({ metric: 'events.SIGNED_UP', value: 12.5 });
    expect(changed.threshold).toEqual({ ...made.threshold, value: 12.5, version: 2 });
  });

  test('may have one for each comparison of a metric', async () => {
    const above = await setThreshold({ metric: 'sessionCount', value: 50 });
    const below = await setThreshold({ metric: 'sessionCount', value: 2, comparison: 'BELOW' });
    expect(below.threshold?.id).not.toBe(above.threshold?.id);
  });

  test('changes only the version that it has seen', async () => {
    await setThreshold({ metric: 'behaviorScore', value: 1 });
    expect((await setThreshold({ metric: 'behaviorScore', value: 2, baseVersion: 1 })).threshold?.version).toBe(2);
    const stale = await setThreshold({ metric: 'behaviorScore', value: 3, baseVersion: 1 });
    expect(stale).toMatchObject({ threshold: null, userErrors: [{ field: 'baseVersion', code: 'CONFLICT' }] });
    const unknown = await setThreshold({ metric: 'unknown', value: 3, baseVersion: 1 });
    expect(unknown).toMatchObject({ threshold: null, userErrors: [{ field: 'metric', code: 'NOT_FOUND' }] });
  });

  test.each([
    ['a metric of 10,000 characters', 'm'.repeat(10_000)],
    ['an empty metric', ''],
    ['a metric with blanks', 'a b'],
    ['a metric with NUL', 'a\u0000'],
  ])('is told the field when it sends %s', async (_, metric) => {
    const { threshold, userErrors } = await setThreshold({ metric, value: 1 });
    expect(threshold).toBeNull();
    expect(userErrors).toMatchObject([{ field: 'metric', code: 'BAD_USER_INPUT' }]);
  });

  test('is refused a comparison that is not known, before anything runs', async () => {
    const { data, errors } = await app.execute(
      'mutation { setThreshold(input: { metric: "a", value: 1, comparison: AROUND }) { userErrors { code } } }',
    );
    expect(data).toBeUndefined();
    expect(errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT' });
  });

  test('lists those of its tenant by metric, page by page', async () => {
    const caller = { tenant: 'lister' };
    for (const metric of ['c', 'a', 'b']) await setThreshold({ metric, value: 1 }, caller);
    const read = (text: string) => app.execute<{ thresholds: Record<string, unknown> }>(text, {}, caller);
    const all = await read('{ thresholds { nodes { metric } totalCount pageInfo { hasNextPage } } }');
    expect(all.data.thresholds).toEqual({
      nodes: [{ metric: 'a' }, { metric: 'b' }, { metric: 'c' }],
      totalCount: 3,
      pageInfo: { hasNextPage: false },
    });
    const one = await read('{ thresholds(filter: { metric: "b" }) { nodes { metric } totalCount } }');
    expect(one.data.thresholds).toEqual({ nodes: [{ metric: 'b' }], totalCount: 1 });
    const first = await read('{ thresholds(first: 2) { pageInfo { endCursor } } }');
    const { endCursor } = first.data.thresholds.pageInfo as { endCursor: string };
    const rest = await read(`{ thresholds(first: 2, after: "${endCursor}") { nodes { metric } } }`);
    expect(rest.data.thresholds).toEqual({ nodes: [{ metric: 'c' }] });
  });
});
