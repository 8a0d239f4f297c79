import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { analytics } from '../../../subgraphs/analytics/index.ts';
import { coordination } from '../../../subgraphs/coordination/index.ts';
import { writeCsv } from '../../../subgraphs/coordination/reports/render-report.ts';
import { crm } from '../../../subgraphs/crm/index.ts';
import { documents } from '../../../subgraphs/documents/index.ts';
import { security } from '../../../subgraphs/security/index.ts';
import { users } from '../../../subgraphs/users/index.ts';
import { startTestApp, type TestApp, type TestCaller } from '../../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { runStatements } from '../../support/run-statements.ts';
import { createIn, createLeadIn, type Refused, sendTo } from '../crm/arrange.ts';

let database: TestDatabase;
/** What clients ask. It runs no workflows. */
let app: TestApp;
const others = new Map<string, TestApp>();
let worker: TestApp | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
  for (const other of [users, analytics, documents, crm, security]) {
    others.set(other.name, await startTestApp(other, database));
  }
  app = await startTestApp(coordination, database, [...others.values()]);
  await other('users').insertDemo({ id: parseTenantId('acme'), name: 'Acme', people: [], keys: [] });
  const [ada, bo] = [
    await createIn(other('users'), 'User', { username: 'ada', email: 'ada@example.com' }),
    await createIn(other('users'), 'User', { username: 'bo', email: 'bo@example.com' }),
  ];
  const session = { userId: ada, app: 'crm-web', sessionType: 'customer_care' };
  await sendTo(other('users'), 'createSession', session, 'session { id }');
  await sendTo(other('analytics'), 'trackEvent', { customerId: bo, type: 'PAGE_VIEWED' }, 'event { id }');
  await sendTo(other('documents'), 'uploadDocument', { ownerId: bo, title: 'A film', size: 900 }, 'document { id }');
  await createLeadIn(other('crm'), { firstName: '=1+1', lastName: 'Byron, Lady', email: 'ada@example.com' });
  await createIn(other('crm'), 'Deal', { title: 'Engine', amount: 700, currency: 'EUR', stage: 'WON' });
  await createLeadIn(other('crm'), { email: 'elsewhere@example.com' }, { tenant: 'globex' });
});
afterAll(async () => {
  await worker?.stop();
  await app.stop();
  for (const one of others.values()) await one.stop();
  await database.drop();
});

function other(name: string): TestApp {
  const started = others.get(name);
  if (!started) throw new Error(`There is no app ${name}.`);
  return started;
}

/** Another process, which runs workflows. The first time that it asks the app of the documents, it gets no answer. */
async function startWorker(): Promise<void> {
  let isAnswering = false;
  worker = await startTestApp(
    coordination,
    database,
    [...others.values()],
    undefined,
    (callApp) => async (name, call) => {
      if (name !== 'documents' || isAnswering) return await callApp(name, call);
      isAnswering = true;
      throw new Error('There is no answer.');
    },
  );
}

interface Requested extends Refused {
  readonly report: { readonly id: string; readonly status: string } | null;
}

const request = (input: object, caller: TestCaller = {}) =>
  sendTo<Requested>(app, 'requestReport', input, 'report { id status }', caller);

async function ask<Data = Record<string, never>>(query: string, caller: TestCaller = {}) {
  const { data, errors } = await app.execute<Data>(query, {}, caller);
  return { data, codes: errors?.map(({ extensions }) => extensions?.code) };
}

/** The rows of a report that is complete, as JSON has them. */
async function rowsOf(id: string): Promise<Record<string, unknown>[]> {
  const { data } = await ask<{ exportReport: { content: string } }>(
    `{ exportReport(id: "${id}", format: JSON) { content } }`,
  );
  return JSON.parse(data.exportReport.content) as Record<string, unknown>[];
}

describe('a report', () => {
  const kinds = ['ACTIVITY_SUMMARY', 'METRICS', 'CUSTOMERS', 'LEADS', 'DEALS'] as const;
  const ids = Object.fromEntries(kinds.map((kind) => [kind, `rep_${kind}`])) as Record<(typeof kinds)[number], string>;

  test('is requested by those who may read what will be in it, and waits for its workflow', async () => {
    const clerk = { permissions: ['execute:reports', 'read:reports', 'read:assigned-leads'], userId: 'usr_clerk' };
    expect(await request({ kind: 'LEADS' }, clerk)).toMatchObject({
      report: null,
      userErrors: [{ field: 'kind', code: 'FORBIDDEN' }],
    });
    for (const kind of kinds) {
      expect(await request({ kind, id: ids[kind] })).toMatchObject({ report: { status: 'PENDING' }, userErrors: [] });
    }
    expect((await request({ kind: 'LEADS', id: ids.LEADS })).userErrors).toEqual([{ field: 'id', code: 'CONFLICT' }]);
    const early = await ask(
      `{ exportReport(id: "${ids.LEADS}") { content } report(id: "${ids.LEADS}") { rowCount download { content } } }`,
    );
    expect(early).toEqual({
      data: { exportReport: null, report: { rowCount: null, download: null } },
      codes: ['CONFLICT'],
    });
  });

  test('is made by a process that runs workflows, which tells it', async () => {
    const text =
      'subscription { changes(types: ["REPORT_COMPLETED"]) { ... on ChangeBatch { changes { entityId data } } } }';
    const feed = await app.subscribe<{ changes: { changes: { entityId: string; data: object }[] } }>(text);
    await feed.next();
    await startWorker();
    const told = new Map<string, object>();
    while (told.size < kinds.length) {
      for (const { entityId, data } of (await feed.next()).changes.changes) told.set(entityId, data);
    }
    await feed.return();
    expect([...told.keys()].sort()).toEqual(Object.values(ids).sort());
    expect(told.get(ids.CUSTOMERS)).toMatchObject({ kind: 'CUSTOMERS', rowCount: 2, isTruncated: false });
    const { data } = await ask<{ reports: { nodes: { run: { steps: { attempts: number }[] } }[] } }>(
      '{ reports { nodes { run { steps { attempts } } } } }',
    );
    const attempts = data.reports.nodes.flatMap(({ run }) => run.steps.map((step) => step.attempts));
    expect(Math.max(...attempts)).toBeGreaterThan(1);
  }, 120_000);

  test('is a file that spreadsheets and programs read', async () => {
    const { data } = await ask<{ report: { status: string; download: { filename: string; content: string } } }>(
      `{ report(id: "${ids.LEADS}") { status rowCount columns download(format: CSV) { filename mediaType content } } }`,
    );
    const columns = ['id', 'firstName', 'lastName', 'email', 'company', 'source', 'status', 'createdAt'];
    expect(data.report).toMatchObject({
      ...{ status: 'SUCCEEDED', rowCount: 1, columns },
      download: {
        mediaType: 'text/csv; charset=utf-8',
        filename: expect.stringMatching(/^leads-[\d-]+-to-[\d-]+\.csv$/),
      },
    });
    const [names, row, end] = data.report.download.content.split('\r\n');
    expect(names).toBe(columns.join(','));
    expect(row).toMatch(/^[^,]+,'=1\+1,"Byron, Lady",ada@example\.com,,,NEW,2\d{3}-[^,]+Z$/);
    expect(end).toBe('');
  });

  test('holds what every app knows', async () => {
    const customers = await rowsOf(ids.CUSTOMERS);
    expect(customers).toMatchObject([
      { username: 'ada', lastLogin: expect.any(String), behaviorScore: 0, documentCount: 0, healthScore: 30 },
      { username: 'bo', lastLogin: null, behaviorScore: 1, documentCount: 1, storageUsage: 900, healthScore: 17.5 },
    ]);
    const days = await rowsOf(ids.METRICS);
    const sum = (figure: string) => days.reduce((all, day) => all + Number(day[figure]), 0);
    expect(days.length).toBeGreaterThan(29);
    const figures = [
      'leadsCreated',
      'dealsWon',
      'usersCreated',
      'sessionsOpened',
      'documentsUploaded',
      'eventsTracked',
    ];
    expect(figures.map(sum)).toEqual([1, 1, 2, 1, 1, 1]);
    expect(days.map(({ revenue }) => revenue).filter(Boolean)).toEqual(['EUR 700']);
    expect(sum('incidentsReported')).toBe(0);
    expect(await rowsOf(ids.DEALS)).toMatchObject([{ title: 'Engine', stage: 'WON', amount: 700, currency: 'EUR' }]);
    expect(await rowsOf(ids.ACTIVITY_SUMMARY)).toContainEqual({
      ...{ app: 'crm-web', sessionType: 'customer_care', sessions: 1 },
    });
  });

  test('is there for those who may read all of it, in its tenant', async () => {
    const text = `{ reports(first: 10) { nodes { kind } totalCount } report(id: "${ids.LEADS}") { id }
      exportReport(id: "${ids.LEADS}") { content } }`;
    const kindsFor = async (caller: TestCaller) => {
      const { data } = await ask<{ reports: { nodes: { kind: string }[] }; report: object | null }>(text, caller);
      expect(data.report === null).toBe(!data.reports.nodes.some(({ kind }) => kind === 'LEADS'));
      return data.reports.nodes.map(({ kind }) => kind).sort();
    };
    expect(await kindsFor({})).toEqual([...kinds].sort());
    expect(await kindsFor({ permissions: ['read:reports', 'read:metrics'] })).toEqual(['ACTIVITY_SUMMARY', 'METRICS']);
    expect(await kindsFor({ permissions: ['read:reports', 'read:users'] })).toEqual([]);
    expect(await kindsFor({ tenant: 'globex' })).toEqual([]);
    expect((await ask(text, { permissions: ['read:leads'] })).codes).toContain('FORBIDDEN');
  });

  test('ends where it would be too large, and says so', async () => {
    const caller = { tenant: 'globex' };
    await runStatements(
      database.ownerUrl,
      `INSERT INTO crm.leads (tenant_id, id, contact_id, first_name, last_name, name_key, email, email_key, search_key)
       SELECT tenant_id, 'lea_' || one, contact_id, 'A', 'B', 'a b', 'a@example.com', 'a@example.com', 'a b'
       FROM crm.leads, generate_series(1, 10050) AS one WHERE tenant_id = 'globex'`,
    );
    const text = 'subscription { changes(types: ["REPORT_COMPLETED"]) { ... on ChangeBatch { changes { data } } } }';
    const feed = await app.subscribe<{ changes: { changes: { data: object }[] } }>(text, {}, caller);
    await feed.next();
    await request({ kind: 'LEADS' }, caller);
    const told: object[] = [];
    while (told.length === 0) told.push(...(await feed.next()).changes.changes);
    await feed.return();
    expect(told).toMatchObject([{ data: { kind: 'LEADS', rowCount: 10_000, isTruncated: true } }]);
  }, 120_000);

  test.each([
    [{ kind: 'METRICS', timeZone: 'Nowhere' }, 'timeZone'],
    [{ kind: 'LEADS', from: '2020-01-01T00:00:00Z' }, 'from'],
    [{ kind: 'LEADS', to: '2020-01-01T00:00:00Z', from: '2020-01-02T00:00:00Z' }, 'to'],
    [{ kind: 'LEADS', id: 'no id' }, 'id'],
  ])('is refused for %j', async (input, field) => {
    expect(await request(input)).toMatchObject({ report: null, userErrors: [{ field, code: 'BAD_USER_INPUT' }] });
  });
});

describe('a report as comma-separated values', () => {
  test('quotes what has to be, and makes no formula of what somebody has called themselves', () => {
    const rows = [
      ['plain', -5, true, null],
      ['two\r\nlines', 'a "quote"', 'a, b', ' blank'],
      ['=HYPERLINK("http://x")', '+45 12', '-1+1', '@SUM(A1)'],
      ['\t=1', '\r=1', '  =1', "it's"],
    ];
    expect(writeCsv(['a', 'b', 'c', 'd'], rows)).toBe(
      [
        'a,b,c,d',
        'plain,-5,true,',
        '"two\r\nlines","a ""quote""","a, b"," blank"',
        `"'=HYPERLINK(""http://x"")",'+45 12,'-1+1,'@SUM(A1)`,
        `'\t=1,"'\r=1",'  =1,it's`,
        '',
      ].join('\r\n'),
    );
  });
});
