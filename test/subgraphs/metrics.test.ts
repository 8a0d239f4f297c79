import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { signCalls } from '../../gateway/connections/sign-calls.ts';
import { errorDetailNames } from '../../kernel/errors/codes.ts';
import type { Connection } from '../../kernel/subgraph/connection.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../kernel/tenancy/principal.ts';
import { createCallSigner } from '../../kernel/tenancy/subgraph-token.ts';
import { apps } from '../../subgraphs/index.ts';
import { startTestApp, type TestApp, type TestCaller } from '../support/app.ts';
import { secretOfTests } from '../support/call-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createTestEngine, type TestEngine } from '../support/federation/engine.ts';
import { createIn, createLeadIn, sendTo } from './crm/arrange.ts';

let database: TestDatabase;
let engine: TestEngine;
const running = new Map<string, TestApp>();
/** Around what this file writes, whenever it is run. */
const now = `from: "${new Date(Date.now() - 86_400_000).toISOString()}", to: "${new Date(Date.now() + 86_400_000).toISOString()}"`;
const connections: Record<string, Connection> = {};

beforeAll(async () => {
  database = await createTestDatabase();
  for (const app of apps) {
    const started = await startTestApp(app, database);
    running.set(app.name, started);
    connections[app.name] = signCalls(started.running.execute, createCallSigner(secretOfTests, app.name));
  }
  const parts = [...running].map(
    ([
      name,
      {
        running: { sdl },
      },
    ]) => ({ name, sdl, execute: connections[name] }),
  );
  engine = createTestEngine(parts as never);
  await app('users').insertDemo({ id: parseTenantId('acme'), name: 'Acme', people: [], keys: [] });
});
afterAll(async () => {
  for (const one of running.values()) await one.stop();
  await database.drop();
});

function app(name: string): TestApp {
  const started = running.get(name);
  if (!started) throw new Error(`There is no app ${name}.`);
  return started;
}

interface DayOfTest {
  readonly revenue: readonly { readonly currency: string; readonly amount: number }[];
}

/** A figure of some objects, summed up. */
function sumOf(all: readonly object[], figure: string): number {
  return all.reduce((sum, one) => sum + Number((one as Record<string, unknown>)[figure]), 0);
}

/** What the permission matrix gives the business dashboard. */
const dashboard = { permissions: ['read:metrics', 'read:analytics'] };

async function ask<Data = Record<string, never>>(
  query: string,
  caller: TestCaller = dashboard,
  replaced: Record<string, Connection> = {},
) {
  const { tenant = 'acme', permissions = ['*'], userId } = caller;
  const principal = createPrincipal({
    tenantId: parseTenantId(tenant),
    app: 'business-dashboard',
    credentialId: 'key-of-the-dashboard',
    userId,
    permissions,
  });
  const context = { correlationId: 'of-metrics', principal, signal: new AbortController().signal };
  const { data, errors } = await engine.run(query, {
    context,
    connections: replaced,
    keptExtensions: errorDetailNames,
  });
  return { data: JSON.parse(JSON.stringify(data)) as Data, errors: errors?.map((error) => error.toJSON()) };
}

async function openSession(userId: string, sessionType: string) {
  const input = { userId, app: 'crm-web', sessionType };
  await sendTo(app('users'), 'createSession', input, 'session { id }');
}

describe('what a dashboard sees', () => {
  beforeAll(async () => {
    for (const name of ['ada', 'bo']) {
      await createIn(app('users'), 'User', { id: `usr_${name}`, username: name, email: `${name}@example.com` });
    }
    for (const user of ['usr_ada', 'usr_ada', 'usr_bo']) await openSession(user, 'customer_care');
    const crm = app('crm');
    const leads = [];
    for (const email of ['a@example.com', 'b@example.com', 'c@example.com', 'd@example.com']) {
      leads.push(await createLeadIn(crm, { email }));
    }
    await sendTo(crm, 'convertLead', { id: leads[0]?.id, deal: { amount: 700, currency: 'DKK' } }, 'lead { id }');
    await sendTo(crm, 'updateLead', { id: leads[1]?.id, status: 'QUALIFIED' }, 'lead { id }');
    for (const [amount, currency, stage] of [
      [100, 'EUR', 'WON'],
      [250, 'EUR', 'WON'],
      [900, 'DKK', 'WON'],
      [50, 'EUR', 'LOST'],
      [40, 'EUR', 'PROPOSAL'],
    ]) {
      await createIn(crm, 'Deal', { title: 'Engine', amount, currency, stage });
    }
    const documents = app('documents');
    await sendTo(
      documents,
      'uploadDocument',
      { ownerId: 'usr_ada', title: 'A letter', text: 'Dear' },
      'document { id }',
    );
    await sendTo(documents, 'uploadDocument', { ownerId: 'usr_bo', title: 'A film', size: 9_000 }, 'document { id }');
    const incident = { type: 'data_breach', severity: 'HIGH', description: 'A disk was lost.' };
    await sendTo(app('security'), 'reportIncident', incident, 'incident { id }');
    await createLeadIn(crm, { email: 'other@example.com' }, { tenant: 'globex' });
  });

  const everything = `{ metrics(${now}) { timeZone
    leads { created byStatus { status count } conversionRate }
    deals { created won lost winRate revenue { currency amount count } pipeline { currency amount count } }
    activities { logged byType { type count } }
    users { total created active } sessions { total }
    documents { total uploaded processed storageUsed }
    events { tracked activeCustomers } incidents { reported open openBySeverity { severity count } }
  } }`;

  test('is every app’s figures, with the permissions of its row of the matrix; currencies are never added', async () => {
    const { data, errors } = await ask(everything);
    expect(errors).toBeUndefined();
    expect(data.metrics).toMatchObject({
      timeZone: 'UTC',
      leads: {
        created: 4,
        conversionRate: 0.25,
        byStatus: [
          { status: 'NEW', count: 2 },
          { status: 'CONTACTED', count: 0 },
          { status: 'QUALIFIED', count: 1 },
          { status: 'CONVERTED', count: 1 },
          { status: 'LOST', count: 0 },
        ],
      },
      deals: {
        created: 6,
        won: 3,
        lost: 1,
        winRate: 0.75,
        revenue: [
          { currency: 'DKK', amount: 900, count: 1 },
          { currency: 'EUR', amount: 350, count: 2 },
        ],
        pipeline: [
          { currency: 'DKK', amount: 700, count: 1 },
          { currency: 'EUR', amount: 40, count: 1 },
        ],
      },
      activities: {
        logged: 5,
        byType: [
          { type: 'LEAD_CREATED', count: 4 },
          { type: 'LEAD_CONVERTED', count: 1 },
        ],
      },
      users: { total: 2, created: 2, active: 2 },
      sessions: { total: 3 },
      documents: { total: 2, uploaded: 2, processed: 0, storageUsed: 9_004 },
      incidents: {
        ...{ reported: 1, open: 1 },
        openBySeverity: [
          { severity: 'CRITICAL', count: 0 },
          { severity: 'HIGH', count: 1 },
          { severity: 'MEDIUM', count: 0 },
          { severity: 'LOW', count: 0 },
        ],
      },
    });
  });

  test('is without the figures of an app that fails, and with all others', async () => {
    const crm: Connection = () => Promise.reject(new Error('The CRM is down.'));
    const text = `{ metrics(${now}) { leads { created } users { total } perDay { leadsCreated sessionsOpened } } }`;
    const { data, errors } = await ask<{ metrics: { perDay: Record<string, unknown>[] } }>(text, dashboard, { crm });
    expect(data.metrics).toMatchObject({ leads: null, users: { total: 2 } });
    expect(data.metrics.perDay.map(({ leadsCreated }) => leadsCreated)).toEqual(data.metrics.perDay.map(() => null));
    expect(sumOf(data.metrics.perDay, 'sessionsOpened')).toBe(3);
    expect(errors?.map(({ extensions }) => extensions)).toContainEqual({ code: 'SUBGRAPH_UNAVAILABLE', app: 'crm' });
  });

  test('is the sum of its days, and nothing of what lies outside the time or belongs to another tenant', async () => {
    const figures = `leadsCreated dealsWon dealsLost activitiesLogged usersCreated activeUsers sessionsOpened
      documentsUploaded incidentsReported`;
    const { data } = await ask<{ metrics: { perDay: DayOfTest[] } }>(
      `{ metrics(${now}) { perDay { day revenue { currency amount } ${figures} } } }`,
    );
    const { perDay } = data.metrics;
    const sums = figures.split(/\s+/).map((figure) => [figure, sumOf(perDay, figure)]);
    expect(Object.fromEntries(sums)).toEqual({
      ...{ leadsCreated: 4, dealsWon: 3, dealsLost: 1, activitiesLogged: 5, usersCreated: 2, sessionsOpened: 3 },
      ...{ documentsUploaded: 2, incidentsReported: 1, activeUsers: expect.any(Number) },
    });
    const revenue = Map.groupBy(
      perDay.flatMap((day) => day.revenue),
      ({ currency }) => currency,
    );
    expect([...revenue].map(([currency, totals]) => [currency, sumOf(totals, 'amount')]).sort()).toEqual([
      ['DKK', 900],
      ['EUR', 350],
    ]);
    const past = await ask('{ metrics(to: "2026-01-31T00:00:00Z") { leads { created conversionRate } } }');
    expect(past.data.metrics).toEqual({ leads: { created: 0, conversionRate: null } });
    const other = await ask(`{ metrics(${now}) { leads { created } users { total } } }`, {
      ...dashboard,
      tenant: 'globex',
    });
    expect(other.data.metrics).toEqual({ leads: { created: 1 }, users: { total: 0 } });
  });

  test('needs read:metrics, and says what is wrong with a time', async () => {
    const refused = await ask(everything, { permissions: ['read:leads'] });
    expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', permission: 'read:metrics' });
    const { data } = await ask<{ metrics: { from: string; to: string } }>('{ metrics { from to } }');
    expect(Date.parse(data.metrics.to) - Date.parse(data.metrics.from)).toBe(30 * 86_400_000);
    const mistakes = async (args: string) =>
      (await ask(`{ metrics(${args}) { id } }`)).errors?.map(({ extensions }) => extensions)[0];
    const refusedBy = { app: 'coordination' };
    const badZone = { ...refusedBy, code: 'BAD_USER_INPUT', field: 'timeZone' };
    for (const zone of ['Mars/Olympus', 'CET', '+02:00', "UTC'; --", '']) {
      expect(await mistakes(`timeZone: "${zone}"`)).toEqual(badZone);
    }
    const backwards = 'from: "2026-02-01T00:00:00Z", to: "2026-02-01T00:00:00Z"';
    expect(await mistakes(backwards)).toEqual({ ...refusedBy, code: 'BAD_USER_INPUT', field: 'to' });
    const long = 'from: "2025-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z"';
    const limit = { ...refusedBy, limit: 'metricDays', value: 366, field: 'from' };
    expect(await mistakes(long)).toEqual({ code: 'OPERATION_LIMIT_EXCEEDED', ...limit });
  });
});

describe('the days of a time zone', () => {
  const tenant = 'initech';
  const happened = [
    // Copenhagen: the 29th of March has 23 hours, the 25th of October has 25.
    ...['2026-03-28T22:59:59.999Z', '2026-03-28T23:00:00Z', '2026-03-29T21:59:59.999Z', '2026-03-29T22:00:00Z'],
    ...['2026-10-24T21:59:59.999Z', '2026-10-24T22:00:00Z', '2026-10-25T22:59:59.999Z', '2026-10-25T23:00:00Z'],
  ];
  beforeAll(async () => {
    for (const occurredAt of happened) {
      const input = { customerId: 'usr_ada', type: 'PAGE_VIEWED', app: 'crm-web', occurredAt };
      await sendTo(app('analytics'), 'trackEvent', input, 'event { id }', { tenant });
    }
  });

  async function days(from: string, to: string, timeZone = 'Europe/Copenhagen') {
    const text = `{ metrics(from: "${from}", to: "${to}", timeZone: "${timeZone}") {
      events { tracked activeCustomers } perDay { day eventsTracked } } }`;
    const { data } = await ask<{
      metrics: { events: object; perDay: { day: string; eventsTracked: number }[] };
    }>(text, { ...dashboard, tenant });
    return { ...data.metrics, perDay: data.metrics.perDay.map(({ day, eventsTracked }) => [day, eventsTracked]) };
  }

  test('begin and end when it says, on days of 23 and of 25 hours too', async () => {
    expect(await days('2026-03-27T23:00:00Z', '2026-03-30T22:00:00Z')).toEqual({
      events: { tracked: 4, activeCustomers: 1 },
      perDay: [
        ['2026-03-28', 1],
        ['2026-03-29', 2],
        ['2026-03-30', 1],
      ],
    });
    expect((await days('2026-10-23T22:00:00Z', '2026-10-26T23:00:00Z')).perDay).toEqual([
      ['2026-10-24', 1],
      ['2026-10-25', 2],
      ['2026-10-26', 1],
    ]);
    expect((await days('2026-10-24T12:00:00Z', '2026-10-25T22:59:59.999Z')).perDay).toEqual([
      ['2026-10-24', 1],
      ['2026-10-25', 1],
    ]);
    expect((await days('2026-10-24T22:00:00Z', '2026-10-25T22:00:00Z', 'Asia/Kolkata')).perDay).toEqual([
      ['2026-10-25', 1],
      ['2026-10-26', 0],
    ]);
  });

  test('cost one read of an app, however many there are', async () => {
    const analytics = app('analytics');
    const text = `{ metrics(from: "2025-12-31T23:00:00Z", to: "2026-12-31T23:00:00Z", timeZone: "Europe/Copenhagen") {
      perDay { day eventsTracked } } }`;
    const counted = await analytics.countStatements(async () => {
      const { data } = await ask<{ metrics: { perDay: { eventsTracked: number }[] } }>(text, { ...dashboard, tenant });
      expect(data.metrics.perDay).toHaveLength(365);
      expect(data.metrics.perDay.reduce((sum, { eventsTracked }) => sum + eventsTracked, 0)).toBe(8);
    });
    expect(counted).toBe(1);
  });
});

describe('Query.activitySummary', () => {
  const text = (args = '') =>
    `{ activitySummary${args} { total apps { app total sessionTypes { sessionType count } } } }`;
  interface Summary {
    readonly activitySummary: {
      readonly total: number;
      readonly apps: readonly { readonly app: string; readonly sessionTypes: readonly object[] }[];
    } | null;
  }
  const total = async (args: string, caller: TestCaller) =>
    (await ask<Summary>(text(args), caller)).data.activitySummary?.total ?? null;

  test('counts the sessions of each app and session type, of one user or of all', async () => {
    const { data } = await ask<Summary>(text(), dashboard);
    const crmWeb = data.activitySummary?.apps.find(({ app }) => app === 'crm-web');
    expect(data.activitySummary?.total).toBe(3);
    expect(crmWeb).toMatchObject({ total: 3 });
    expect(crmWeb?.sessionTypes).toContainEqual({ sessionType: 'customer_care', count: 3 });
    expect(data.activitySummary?.apps.map(({ app }) => app)).toContain('flow-web');
    const manager = { permissions: ['read:sessions'] };
    expect(await total('(userId: "usr_ada")', manager)).toBe(2);
    expect(await total('(userId: "nobody at all")', manager)).toBe(0);
    expect(await total('(to: "2026-01-01T00:00:00Z")', manager)).toBe(0);
  });

  test('tells a dashboard of nobody in particular, and a user of their own sessions', async () => {
    expect(await total('(userId: "usr_ada")', dashboard)).toBeNull();
    const ada = { userId: 'usr_ada', permissions: ['read:own-users'] };
    expect(await total('', ada)).toBe(2);
    expect(await total('(userId: "usr_bo")', ada)).toBeNull();
  });
});
