import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import type { TestApp, TestCaller } from '../support/app.ts';
import { runStatements } from '../support/run-statements.ts';
import { beginRun, type EndedRun, endOfRun, startWorkflowApps, type WorkflowApps } from '../support/workflow-apps.ts';
import { createIn, createLeadIn, type Refused, sendTo } from './crm/arrange.ts';

let ada = '';
const bo = 'cus_bo';
/** All that says who Ada is, wherever it may be kept. */
const traces = /byron|enchantress|ada\.(old|new)@|augusta/i;

let apps: WorkflowApps;
const ids = { deal: '', incident: '', run: '' };

const send = (app: TestApp, mutation: string, input: object, selection: string, caller?: TestCaller) =>
  sendTo(app, mutation, input, selection, caller);

/** What is kept of a customer, in every app and in every way. */
async function arrangeUsers({ others: { users } }: WorkflowApps): Promise<void> {
  await users.insertDemo({ id: parseTenantId('acme'), name: 'Acme', people: [], keys: [] });
  await createIn(users, 'User', { id: bo, username: 'bo', email: 'bo@example.com' });
  const profileData = { nickname: 'Enchantress of Numbers' };
  const account = { username: 'ada.byron', email: 'ada.old@example.com', profileData };
  const onboarded = await endOfRun(apps, await beginRun(apps, 'onboardUser', account));
  ada = String(onboarded.result?.userId);
  // What it was begun with is kept, because it can be begun anew.
  expect(await endOfRun(apps, await beginRun(apps, 'onboardUser', account))).toMatchObject({ status: 'FAILED' });
  await send(users, 'updateUser', { id: ada, email: 'ada.new@example.com' }, 'user { id }');
  const session = { userId: ada, app: 'crm-web', sessionType: 'customer_care', metadata: { of: 'Ada Byron' } };
  await send(users, 'createSession', session, 'session { id }');
  const key = { name: "Ada Byron's phone", allowedApps: ['crm-web'], permissions: ['read:leads'] };
  await send(users, 'createApiKey', key, 'apiKey { id }', { userId: ada });
}

async function arrangeUse({ others: { analytics, documents } }: WorkflowApps): Promise<void> {
  const event = { customerId: ada, type: 'PAGE_VIEWED', properties: { title: 'Byron' } };
  await send(analytics, 'trackEvent', event, 'event { id }');
  await send(analytics, 'trackEvent', { ...event, customerId: bo, properties: { title: 'Bo' } }, 'event { id }');
  await send(analytics, 'updatePreferences', { customerId: ada, preferences: { as: 'Byron' } }, 'customer { id }');
  const folder = await createIn(documents, 'Folder', { ownerId: ada, name: 'Byron' });
  const letter = { ownerId: ada, folderId: folder, title: 'Byron, a letter', text: 'Dear Ada Byron,\nno.' };
  const { document } = await sendTo<{ document: { id: string } }>(
    documents,
    'uploadDocument',
    letter,
    'document { id }',
  );
  await send(documents, 'processDocument', { id: document.id }, 'document { id }');
  await createIn(documents, 'Folder', { ownerId: bo, name: 'Letters' });
}

async function arrangeSales({ others: { crm, security }, coordination }: WorkflowApps): Promise<void> {
  const lead = await createLeadIn(crm, { email: 'ada.old@example.com', note: 'Ada Byron writes' });
  const sale = { title: 'An engine for Byron', amount: 700, currency: 'EUR' };
  const converted = await sendTo<{ deal: { id: string } }>(
    crm,
    'convertLead',
    { id: lead.id, deal: sale },
    'deal { id }',
  );
  ids.deal = converted.deal.id;
  await createLeadIn(crm, { email: 'ada.old@example.com', source: 'fair' });
  const second = await createIn(crm, 'Contact', { firstName: 'Augusta', lastName: 'King' });
  await send(crm, 'mergeContacts', { sourceId: second, targetId: lead.contact.id }, 'contact { id }');
  await createLeadIn(crm, { firstName: 'Bo', lastName: 'Ek', email: 'bo@example.com' });
  const refusedPatch = { firstName: 'Ada', lastName: 'Byron', email: 'ada.new@example.com', status: 'NO' };
  const mutations = [{ id: 1, entity: 'Lead', entityId: 'lea_x', op: 'PUT', patch: refusedPatch }];
  await send(coordination, 'push', { clientId: 'c1', mutations }, 'lastMutationId');
  const incident = { type: 'data_breach', severity: 'LOW', description: 'Ada Byron lost her letters.' };
  const reported = await sendTo<{ incident: { id: string } }>(
    security,
    'reportIncident',
    { ...incident, affectedCustomerIds: [ada, bo] },
    'incident { id }',
  );
  ids.incident = reported.incident.id;
  const spoken = { command: 'search_contacts', parameters: { query: 'Byron' } };
  await send(coordination, 'requestReport', { id: 'rep_1', kind: 'LEADS' }, 'report { id }');
  await endOfRun(apps, 'rep_1');
  await send(coordination, 'executeVoiceCommand', spoken, 'success speech', { userId: ada });
}

/** Every row of every table of the database that tells of her. */
async function scanDatabase(): Promise<readonly string[]> {
  const { ownerUrl } = apps.database;
  const tables = await runStatements(
    ownerUrl,
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1`,
  );
  const readings = tables.map(({ name }) => `SELECT '${name} ' || to_jsonb(t)::text AS row FROM ${name} t`);
  const rows = await runStatements(ownerUrl, readings.join(' UNION ALL '));
  return rows.map(({ row }) => String(row)).filter((row) => traces.test(row));
}

async function ask<Data = Record<string, unknown>>(
  app: TestApp,
  query: string,
  caller: TestCaller = {},
): Promise<Data> {
  const { data, errors } = await app.execute<Data>(query, {}, caller);
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

const requestErasure = (input: object, caller?: TestCaller) =>
  sendTo<Refused>(apps.coordination, 'eraseCustomer', input, 'run { id }', caller);

const stepsOf = ({ steps }: EndedRun) => [...new Set(steps.map(({ status }) => status))];

beforeAll(async () => {
  apps = await startWorkflowApps();
  await arrangeUsers(apps);
  await arrangeUse(apps);
  await arrangeSales(apps);
});
afterAll(() => apps.stop());

describe('what all apps hold on a customer', () => {
  let run: string;
  beforeAll(async () => {
    run = await beginRun(apps, 'exportCustomer', { customerId: ada });
  });

  test('is gathered in one document', async () => {
    const ended = await endOfRun(apps, run);
    expect(ended).toMatchObject({ status: 'SUCCEEDED', error: null });
    const { customerExport } = await ask<{ customerExport: { status: string; document: Record<string, object> } }>(
      apps.coordination,
      `{ customerExport(id: "${run}") { id customerId status document createdAt expiresAt } }`,
    );
    expect(customerExport).toMatchObject({ id: run, customerId: ada, status: 'SUCCEEDED' });
    expect(customerExport.document).toMatchObject({
      users: { User: [{ email: 'ada.new@example.com' }], Session: [{ metadata: { of: 'Ada Byron' } }], ApiKey: [{}] },
      analytics: { TrackedEvent: [{ properties: { title: 'Byron' } }], CustomerBehavior: [{ customerId: ada }] },
      documents: { Document: [{ text: 'Dear Ada Byron,\nno.' }], Folder: expect.anything() },
      crm: {
        Contact: [{ email: 'ada.old@example.com' }],
        Lead: expect.arrayContaining([expect.objectContaining({ note: 'Ada Byron writes' })]),
        Deal: [{ title: 'An engine for Byron', amount: 700 }],
      },
      security: { Incident: [{ description: 'Ada Byron lost her letters.' }], AuditRecord: expect.anything() },
      coordination: {
        VoiceCommand: [{ userId: ada, command: 'search_contacts' }],
        Notification: [{ type: 'USER_ONBOARDED' }],
        Report: [{ id: 'rep_1' }],
      },
    });
    expect(JSON.stringify(customerExport.document)).not.toMatch(/digest|bo@example/);
  });

  test('is shown to nobody else, and is not gathered of nobody', async () => {
    const query = `{ customerExport(id: "${run}") { id } }`;
    expect(await ask(apps.coordination, query, { tenant: 'globex' })).toEqual({ customerExport: null });
    const clerk = await apps.coordination.execute(query, {}, { permissions: ['read:*', 'write:*'] });
    expect(clerk.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', permission: 'execute:privacy' } }]);
    const unknown = await sendTo<Refused>(
      apps.coordination,
      'exportCustomer',
      { customerId: 'cus_none' },
      'run { id }',
    );
    expect(unknown).toMatchObject({ run: null, userErrors: [{ field: 'customerId', code: 'NOT_FOUND' }] });
  });
});

describe('a customer who is erased', () => {
  let ended: EndedRun;
  beforeAll(async () => {
    expect(await scanDatabase()).not.toEqual([]);
    const naming = { customerId: ada, reason: 'Asked for by ada.byron' };
    expect(await requestErasure(naming)).toMatchObject({ run: null, userErrors: [{ field: 'reason' }] });
    expect(await requestErasure({ customerId: ada, reason: 'x' }, { tenant: 'globex' })).toMatchObject({
      userErrors: [{ field: 'customerId', code: 'NOT_FOUND' }],
    });
    ids.run = await beginRun(apps, 'eraseCustomer', { customerId: ada, reason: 'Asked for in writing' });
    ended = await endOfRun(apps, ids.run);
  });

  test('is so by a run that proves it', async () => {
    expect(ended).toMatchObject({ status: 'SUCCEEDED', error: null });
    expect(stepsOf(ended)).toEqual(['SUCCEEDED']);
    const { customerErasure } = await ask<{ customerErasure: { proof: { app: string; found: number }[] } }>(
      apps.coordination,
      `{ customerErasure(id: "${ids.run}") {
        customerId reason status requestedBy erasedAt proof { app found records { type outcome count reason } } } }`,
    );
    expect(customerErasure).toMatchObject({ customerId: ada, reason: 'Asked for in writing', status: 'SUCCEEDED' });
    const { proof } = customerErasure;
    expect(proof.map(({ app }) => app)).toEqual(['coordination', 'security', 'documents', 'analytics', 'crm', 'users']);
    expect(proof.every(({ found }) => found === 0)).toBe(true);
    const records = (app: string) => proof.find((one) => one.app === app);
    expect(records('crm')).toMatchObject({
      records: expect.arrayContaining([
        { type: 'Lead', outcome: 'ERASED', count: 2, reason: null },
        { type: 'Deal', outcome: 'ANONYMISED', count: 1, reason: null },
      ]),
    });
    expect(records('security')).toMatchObject({
      records: expect.arrayContaining([expect.objectContaining({ type: 'AuditRecord', outcome: 'KEPT' })]),
    });
  });

  test('is nowhere in the database any more', async () => {
    expect(await scanDatabase()).toEqual([]);
  });

  test('is not found, and what is kept without them is', async () => {
    const { crm, users, documents, security } = apps.others;
    expect(await ask(users, `{ user(id: "${ada}") { id } customer360(id: "${ada}") { id } }`)).toEqual({
      user: null,
      customer360: null,
    });
    expect(await ask(documents, `{ documents(filter: { ownerId: "${ada}" }) { nodes { id } } }`)).toEqual({
      documents: { nodes: [] },
    });
    expect(
      await ask(crm, `{ deal(id: "${ids.deal}") { title amount contact { id } } leads { nodes { email } } }`),
    ).toEqual({
      deal: { title: 'Deal of an erased customer', amount: 700, contact: null },
      leads: { nodes: [{ email: 'bo@example.com' }] },
    });
    expect(await ask(security, `{ incident(id: "${ids.incident}") { severity affectedCustomerIds } }`)).toEqual({
      incident: { severity: 'LOW', affectedCustomerIds: [bo] },
    });
    expect(await requestErasure({ customerId: ada, reason: 'Again' })).toMatchObject({
      userErrors: [{ field: 'customerId', code: 'NOT_FOUND' }],
    });
  });

  test('is told of in the log without a word of who it was, and of others it tells as before', async () => {
    interface Told {
      readonly type: string;
      readonly entityId: string;
      readonly op: string;
      readonly data: Record<string, unknown>;
    }
    const selection = '{ nodes { type entityId op data } }';
    const all = '{ newest: events(first: 100) $ oldest: events(last: 100) $ erasures: events(filter: $types) $ }'
      .replace('$types', '{ types: ["CUSTOMER_ERASED"] }')
      .replaceAll('$', selection);
    const { newest, oldest, erasures } = await ask<Record<string, { nodes: Told[] }>>(apps.coordination, all);
    expect(erasures?.nodes).toMatchObject([{ data: { customerId: ada } }]);
    const told = [newest, oldest].flatMap((page) => page?.nodes ?? []);
    expect(JSON.stringify(told)).not.toMatch(traces);
    expect(told).toContainEqual(
      expect.objectContaining({
        type: 'USER_CREATED',
        entityId: ada,
        data: expect.objectContaining({ id: ada, erased: true }),
      }),
    );
    expect(told).toContainEqual(
      expect.objectContaining({
        type: 'USER_CREATED',
        entityId: bo,
        data: expect.objectContaining({ email: 'bo@example.com' }),
      }),
    );
    for (const type of ['USER_DELETED', 'DOCUMENT_DELETED', 'FOLDER_DELETED', 'LEAD_DELETED', 'CONTACT_DELETED']) {
      expect(told).toContainEqual(expect.objectContaining({ type, op: 'DELETE' }));
    }
    // Whoever keeps copies learns what the deal is called now.
    expect(told).toContainEqual(
      expect.objectContaining({
        type: 'DEAL_UPDATED',
        data: expect.objectContaining({ title: 'Deal of an erased customer', contactId: null }),
      }),
    );
  });
});
