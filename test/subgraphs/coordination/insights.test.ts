import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { RunningApp } from '../../../kernel/subgraph/app.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../../kernel/tenancy/principal.ts';
import { coordination } from '../../../subgraphs/coordination/index.ts';
import { callerOf, secretOfTests } from '../../support/call-app.ts';

const content = 'Increase user engagement through targeted content';
const upload = 'Encourage document upload with onboarding guide';
const campaign = 'Re-engagement campaign needed';

const principal = createPrincipal({
  tenantId: parseTenantId('acme'),
  app: 'crm-web',
  credentialId: 'key-of-the-test',
  userId: undefined,
  permissions: ['*'],
});

let app: RunningApp;
beforeAll(async () => {
  // Insights follow from what they are given: nobody answers here.
  const databaseUrl = 'postgres://nobody@127.0.0.1:1/nothing?schema=coordination';
  const environment = { databaseUrl, poolSize: 1, secret: secretOfTests, logger: pino({ level: 'silent' }) };
  app = await coordination.start(environment);
});
afterAll(() => app.stop());

/** Asks for the insights of one customer, as the gateway does once it has the parts of the other apps. */
async function askInsights(parts: Readonly<Record<string, unknown>>) {
  const document = `query ($customers: [_Any!]!) { _entities(representations: $customers) {
    ... on Customer { insights { healthScore recommendedActions } } } }`;
  const variables = { customers: [{ __typename: 'Customer', id: 'cus_acme_0001', ...parts }] };
  const response = await callerOf('coordination', app.execute)(document, { variables, principal });
  const { data, errors } = JSON.parse(JSON.stringify(response));
  return { insights: data._entities[0].insights, errors };
}

const partsOf = (lastLogin: string | null, behaviorScore: number, documentCount: number) => ({
  profile: { lastLogin },
  behavior: { behaviorScore },
  documents: { documentCount },
});
const login = '2026-10-20T08:00:00.000Z';

describe('the insights of a customer', () => {
  test.each<[string, Record<string, unknown>, number, string[]]>([
    ['an active customer', partsOf(login, 82, 7), 85, []],
    ['one who never came', partsOf(null, 41, 0), 35.5, [content, upload, campaign]],
    ['a score of exactly 50', partsOf(login, 50, 1), 57, []],
    ['a score just below 50', partsOf(login, 49.99, 1), 57, [content]],
    ['ten documents', partsOf(login, 100, 10), 100, []],
    ['more than ten documents', partsOf(login, 100, 1_000), 100, []],
    ['no document', partsOf(login, 80, 0), 70, [upload]],
    ['no login', partsOf(null, 80, 9), 73, [campaign]],
    ['nothing at all', partsOf(null, 0, 0), 15, [content, upload, campaign]],
  ])('of %s are as the formula has it', async (_, parts, healthScore, recommendedActions) => {
    expect(await askInsights(parts)).toEqual({ insights: { healthScore, recommendedActions } });
  });

  // What Python's round(30 + score * 0.5 + 14, 2) gives.
  test.each([
    [82.25, 85.12],
    [82.75, 85.38],
    [83.25, 85.62],
    [83.75, 85.88],
    [82.01, 85],
    [82.03, 85.02],
    [82.37, 85.19],
    [33.33, 60.66],
    [66.67, 77.34],
  ])(
    'with a score of %d have a health score of %d: to the nearest cent, a tie to the even digit',
    async (behaviorScore, healthScore) => {
      const { insights } = await askInsights(partsOf(login, behaviorScore, 7));
      expect(insights.healthScore).toBe(healthScore);
    },
  );

  test.each([
    ['profile', 'users'],
    ['behavior', 'analytics'],
    ['documents', 'documents'],
  ])('without %s are null and the error names the app %s', async (part, name) => {
    for (const missing of [null, undefined]) {
      const { insights, errors } = await askInsights({ ...partsOf(login, 82, 7), [part]: missing });
      expect(insights).toBeNull();
      expect(errors).toHaveLength(1);
      expect(errors[0].extensions).toEqual({ code: 'SUBGRAPH_UNAVAILABLE', app: name });
      expect(errors[0].message).toContain(name);
    }
  });
});
