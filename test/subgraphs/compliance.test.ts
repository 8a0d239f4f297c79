import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { analytics } from '../../subgraphs/analytics/index.ts';
import { crm } from '../../subgraphs/crm/index.ts';
import { documents } from '../../subgraphs/documents/index.ts';
import { security } from '../../subgraphs/security/index.ts';
import { users } from '../../subgraphs/users/index.ts';
import { startTestApp, type TestApp, type TestCaller } from '../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { publishedBy } from '../support/published-changes.ts';
import { runStatements } from '../support/run-statements.ts';
import { root } from '../support/source-files.ts';

interface Findings {
  readonly findings: readonly { readonly rule: string; readonly severity: string; readonly subject: string }[];
  readonly omitted: number;
  readonly recommendations: readonly string[];
  readonly compliant: boolean;
}

const dayMillis = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * dayMillis).toISOString();

let database: TestDatabase;
const running = new Map<string, TestApp>();
beforeAll(async () => {
  database = await createTestDatabase();
  for (const app of [security, users, analytics, documents, crm]) {
    running.set(app.name, await startTestApp(app, database, [...running.values()]));
  }
});
afterAll(async () => {
  for (const app of running.values()) await app.stop();
  await database.drop();
});

function appOf(name: string): TestApp {
  const app = running.get(name);
  if (!app) throw new Error(`The app ${name} does not run.`);
  return app;
}

async function send(app: string, mutation: string, input: object, caller: TestCaller = {}) {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const { data } = await appOf(app).execute<Record<string, { userErrors: object[] }>>(
    `mutation ($input: ${type}!) { ${mutation}(input: $input) { userErrors { field message } } }`,
    { input },
    caller,
  );
  expect(data).toEqual({ [mutation]: { userErrors: [] } });
}

const auditor = { permissions: ['read:compliance'], app: 'coordination' };

/** What an app finds, as its rules and their subjects. */
async function check(app: string, at?: string, caller: TestCaller = auditor) {
  const { data, errors } = await appOf(app).execute<{ complianceFindings: Findings }>(
    `query ($at: DateTime) {
      complianceFindings(at: $at) { findings { app rule severity subject message } omitted recommendations compliant }
    }`,
    { at },
    caller,
  );
  expect(errors).toBeUndefined();
  const { findings, ...rest } = data.complianceFindings;
  return { ...rest, broken: findings.map(({ rule, subject }) => `${rule} ${subject}`), findings };
}

describe('the accounts, keys and roles of a tenant', () => {
  beforeAll(async () => {
    const keys = [
      `('acme', 'k-all', 'k', 'p1', decode(repeat('01', 32), 'hex'), '{*}', '{*}', '2030-01-01')`,
      `('acme', 'k-endless', 'k', 'p2', decode(repeat('02', 32), 'hex'), '{read:leads}', '{*}', NULL)`,
      `('acme', 'k-token', 'k', 'p3', decode(repeat('03', 32), 'hex'), '{read:leads}', '{*}', '2030-01-01')`,
      `('acme', 'k-past', 'k', 'p4', decode(repeat('04', 32), 'hex'), '{*}', '{*}', '2026-01-02')`,
    ];
    const uses = ['k-endless', 'k-token/t1', 'k-all2'].map(
      (id) => `('acme', 'use-${id}', '2028-02-01', 'CROSS_APP_ACCESS', 'DONE', '${id}')`,
    );
    await runStatements(
      database.ownerUrl,
      `INSERT INTO users.tenants (tenant_id, name) VALUES ('acme', 'Acme'), ('globex', 'Globex')`,
      `INSERT INTO users.api_keys (tenant_id, id, name, prefix, digest, permissions, allowed_apps, expires_at)
        VALUES ${keys.join(', ')}`,
      `UPDATE users.api_keys SET created_at = '2026-01-01'`,
      `INSERT INTO users.users (tenant_id, id, username, username_key, email, email_key, created_at, last_login) VALUES
        ('acme', 'never', 'n', 'n', 'n@e.de', 'n@e.de', '2026-02-01', NULL),
        ('acme', 'late', 'l', 'l', 'l@e.de', 'l@e.de', '2026-01-01', '2028-01-01'),
        ('acme', 'gone', 'g', 'g', 'g@e.de', 'g@e.de', '2026-01-01', '2026-01-15')`,
      `INSERT INTO users.roles (tenant_id, id, name, permissions)
        VALUES ('acme', 'r-all', 'all', '{*}'), ('acme', 'r-spare', 'spare', '{*}'), ('acme', 'r-some', 'some', '{read:*}')`,
      `INSERT INTO users.role_assignments (tenant_id, id, role_id, user_id)
        VALUES ('acme', 'a1', 'r-all', 'late'), ('acme', 'a2', 'r-some', 'late')`,
      `INSERT INTO platform.audit_records (tenant_id, id, at, kind, outcome, credential_id) VALUES ${uses.join(', ')}`,
    );
  });

  test('are checked, with what only the audit records know', async () => {
    const found = await check('users', '2028-03-01T00:00:00Z');
    expect(found.broken).toEqual([
      'role-that-allows-everything Role:r-all',
      'key-that-allows-everything ApiKey:k-all',
      'key-without-end ApiKey:k-endless',
      'key-without-use ApiKey:k-all',
      'user-without-login User:gone',
      'user-without-login User:never',
    ]);
    expect(found).toMatchObject({ compliant: false, omitted: 0, recommendations: { length: 5 } });
    expect(found.findings[0]).toEqual({
      app: 'users',
      rule: 'role-that-allows-everything',
      severity: 'HIGH',
      subject: 'Role:r-all',
      message: 'The role allows everything (*), and somebody has it.',
    });
  });

  test('keep to the rules where there are none, in a tenant of their own', async () => {
    const { broken, compliant } = await check('users', undefined, { ...auditor, tenant: 'globex' });
    expect({ broken, compliant }).toEqual({ broken: [], compliant: true });
  });

  test('are not checked without the app that reads the audit records', async () => {
    const { stop, execute } = await startTestApp(users, database);
    const { errors } = await execute('query { complianceFindings(at: "2028-03-01T00:00:00Z") { compliant } }');
    expect(errors).toMatchObject([{ extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }]);
    await stop();
  });
});

describe('what is known of customers', () => {
  const consent = (granted: boolean, purpose: string) => ({ customerId: 'cus_1', purpose, granted });

  test('needs their consent, which may be given and taken back', async () => {
    const event = { customerId: 'cus_1', type: 'PAGE_VIEWED', properties: { page: '/' } };
    await send('analytics', 'trackEvent', event);
    await send('analytics', 'trackEvent', { customerId: 'cus_2', type: 'PAGE_VIEWED' });
    await send('analytics', 'updatePreferences', { customerId: 'cus_1', preferences: { language: 'da' } });
    const [events, preferences] = [
      'events-without-consent Customer:cus_1',
      'preferences-without-consent Customer:cus_1',
    ];
    expect((await check('analytics', inDays(1))).broken).toEqual([events, preferences]);
    await send('analytics', 'recordConsent', consent(true, 'ANALYTICS'));
    expect((await check('analytics', inDays(1))).broken).toEqual([preferences]);
    await send('analytics', 'recordConsent', consent(true, 'PERSONALISATION'));
    expect(await check('analytics', inDays(1))).toMatchObject({ broken: [], compliant: true });
    const changes = await publishedBy(appOf('analytics'), () =>
      send('analytics', 'recordConsent', consent(false, 'ANALYTICS')),
    );
    const data = { ...consent(false, 'ANALYTICS'), recordedAt: expect.any(String) };
    expect(changes).toMatchObject([{ type: 'CONSENT_RECORDED', entityId: 'cus_1', version: 5, data }]);
    expect((await check('analytics', inDays(1))).broken).toEqual([events]);
  });

  test('shows what they have agreed to', async () => {
    const query = `query ($of: [_Any!]!) { _entities(representations: $of) {
      ... on Customer { behavior { consents { purpose granted } } }
    } }`;
    const of = [
      { __typename: 'Customer', id: 'cus_1' },
      { __typename: 'Customer', id: 'cus_3' },
    ];
    const analytics = appOf('analytics');
    expect((await analytics.execute(query, { of })).data).toEqual({
      _entities: [
        {
          behavior: {
            consents: [
              { purpose: 'ANALYTICS', granted: false },
              { purpose: 'PERSONALISATION', granted: true },
            ],
          },
        },
        { behavior: { consents: [] } },
      ],
    });
    const { errors } = await analytics.execute(query, { of }, { permissions: ['read:analytics'] });
    expect(errors).toMatchObject([
      { extensions: { code: 'FORBIDDEN', permission: 'read:users' } },
      { extensions: { code: 'FORBIDDEN' } },
    ]);
  });
});

test('documents are kept as long as they say, or seven years, and processed before long', async () => {
  const owner = { ownerId: 'cus_1', type: 'NOTE' };
  await send('documents', 'uploadDocument', {
    ...owner,
    id: 'own',
    title: 'a',
    size: 1,
    retentionUntil: inDays(20_000),
  });
  await send('documents', 'uploadDocument', { ...owner, id: 'short', title: 'b', size: 1 });
  await send('documents', 'updateDocument', { id: 'short', retentionUntil: inDays(30) });
  await send('documents', 'uploadDocument', { ...owner, id: 'text', title: 'c', text: 'Dear' });
  expect(await check('documents')).toMatchObject({ broken: [], compliant: true });
  const later = await check('documents', inDays(100));
  expect(later.broken).toEqual(['document-past-retention Document:short', 'document-left-unprocessed Document:text']);
  await send('documents', 'updateDocument', { id: 'short', retentionUntil: null });
  await send('documents', 'processDocument', { id: 'text' });
  expect((await check('documents', inDays(100))).broken).toEqual([]);
  const both = ['document-past-retention Document:short', 'document-past-retention Document:text'];
  expect((await check('documents', inDays(7 * 366))).broken).toEqual(both);
  await send('documents', 'setRetentionRule', { type: 'NOTE', years: 10 });
  expect((await check('documents', inDays(7 * 366))).broken).toEqual([]);
  expect((await check('documents', inDays(10 * 366))).broken).toEqual(both);
  const rules = (await appOf('documents').execute('{ retentionRules { type years } }')).data;
  expect(rules).toMatchObject({
    retentionRules: expect.arrayContaining([
      { type: 'CONTRACT', years: 7 },
      { type: 'NOTE', years: 10 },
    ]),
  });
  const { data } = await appOf('documents').execute<{ document: { retentionUntil: string } }>(
    '{ document(id: "own") { retentionUntil } }',
  );
  expect(Date.parse(data.document.retentionUntil)).toBeGreaterThan(Date.now());
});

test('contacts and leads are found with whom nothing has happened for three years', async () => {
  const person = { firstName: 'Ada', lastName: 'Byron' };
  await send('crm', 'createContact', { ...person, id: 'quiet' });
  await send('crm', 'createContact', { ...person, id: 'met' });
  const meeting = { type: 'MEETING', entityType: 'CONTACT', entityId: 'met', dueAt: inDays(400) };
  await send('crm', 'logActivity', meeting);
  await send('crm', 'createLead', { ...person, id: 'lead', email: 'ada@example.com' });
  expect((await check('crm', inDays(1_000))).broken).toEqual([]);
  const later = await check('crm', inDays(1_200));
  const [contact, ...others] = later.broken;
  // The contact that the lead made has an id of its own.
  expect(contact).toBe('contact-without-activity Contact:quiet');
  expect(others).toEqual([expect.stringMatching(/^contact-without-activity/), 'lead-without-activity Lead:lead']);
  expect(later.broken).not.toContain('contact-without-activity Contact:met');
});

test('only some findings of a rule are told one by one', async () => {
  const many = { ...auditor, tenant: 'many' };
  const rows = `SELECT 'many', 'd' || n, 'c', 't', 't', 'NOTE', 'text/plain', 1, '2000-01-01' FROM generate_series(1, 60) n`;
  await runStatements(
    database.ownerUrl,
    `INSERT INTO documents.documents (tenant_id, id, owner_id, title, title_key, type, mime_type, size, created_at) ${rows}`,
  );
  const { findings, omitted } = await check('documents', undefined, many);
  expect([findings.length, omitted]).toEqual([50, 10]);
});

test('every rule is documented', () => {
  const read = (file: string) => readFileSync(join(root, file), 'utf8');
  const rules = ['users', 'analytics', 'documents', 'crm'].flatMap((app) =>
    [...read(`subgraphs/${app}/compliance.ts`).matchAll(/name: '(.+)',\n\s+severity: '(.+)'/g)].map(
      ([, name, severity]) => `| ${app} | \`${name}\` | ${severity} |`,
    ),
  );
  expect(rules.length).toBeGreaterThan(10);
  const documented = read('docs/compliance.md').match(/^\| \w+ \| `.+` \| [A-Z]+ \|/gm);
  expect(documented).toEqual(rules);
});

test('checks need a permission of their own', async () => {
  for (const app of ['users', 'analytics', 'documents', 'crm']) {
    const caller = { permissions: ['read:security', 'write:compliance'] };
    const { errors } = await appOf(app).execute('{ complianceFindings { compliant } }', {}, caller);
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', permission: 'read:compliance' } }]);
  }
});

describe('a report of an audit', () => {
  const finding = { app: 'users', rule: 'r', severity: 'HIGH', subject: 'User:u1', message: 'm' };
  const report = {
    id: 'rep_1',
    focus: 'COMPREHENSIVE',
    overallCompliance: false,
    appsAudited: ['users', 'documents'],
    findings: [finding, { ...finding, subject: 'User:u2' }, { ...finding, app: 'documents', severity: 'MEDIUM' }],
    omitted: 3,
    recommendations: ['Do something.'],
    runId: 'run_1',
  };

  test('is kept with a score, and told', async () => {
    const coordination = { permissions: ['write:compliance'], credentialId: 'app:coordination' };
    const changes = await publishedBy(appOf('security'), () =>
      send('security', 'recordComplianceReport', report, coordination),
    );
    // 100 x 0.7 x 0.85: a rule counts once.
    const told = { id: 'rep_1', focus: 'COMPREHENSIVE', score: 59.5, overallCompliance: false, findingCount: 6 };
    expect(changes).toMatchObject([{ type: 'COMPLIANCE_CHECK_COMPLETED', entityId: 'rep_1', data: told }]);
    const { data } = await appOf('security').execute(
      `{ complianceReports(filter: { focus: COMPREHENSIVE, overallCompliance: false }) { totalCount nodes {
        id score overallCompliance appsAudited omitted recommendations runId requestedBy findings { app subject }
      } } }`,
      {},
      { permissions: ['read:compliance'] },
    );
    expect(data).toMatchObject({
      complianceReports: {
        totalCount: 1,
        nodes: [
          {
            ...{ id: 'rep_1', score: 59.5, appsAudited: ['users', 'documents'], omitted: 3, runId: 'run_1' },
            requestedBy: 'app:coordination',
            findings: [
              { app: 'users', subject: 'User:u1' },
              { app: 'users', subject: 'User:u2' },
              { app: 'documents', subject: 'User:u1' },
            ],
          },
        ],
      },
    });
    const foreign = await appOf('security').execute(
      '{ complianceReport(id: "rep_1") { id } }',
      {},
      { tenant: 'globex', permissions: ['read:compliance'] },
    );
    expect(foreign.data).toEqual({ complianceReport: null });
  });

  test('is refused with what it cannot hold, and to whoever may only read', async () => {
    const text = `mutation ($input: RecordComplianceReportInput!) {
      recordComplianceReport(input: $input) { userErrors { field code } }
    }`;
    const wrong = { ...report, id: 'rep_2', appsAudited: [], findings: [{ ...finding, app: 'No App' }], omitted: -1 };
    const { data } = await appOf('security').execute<Record<string, { userErrors: { field: string }[] }>>(text, {
      input: wrong,
    });
    const fields = data.recordComplianceReport?.userErrors.map(({ field }) => field);
    expect(fields).toEqual(['appsAudited', 'findings.0.app', 'omitted']);
    const { errors } = await appOf('security').execute(text, { input: report }, { permissions: ['read:*'] });
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', permission: 'write:compliance' } }]);
  });
});
