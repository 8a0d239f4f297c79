import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { appMatrix } from '../../kernel/permissions/app-matrix.ts';
import { eventually } from '../support/eventually.ts';
import { type FlowClient, openFlowClient } from '../support/flow-client.ts';
import { type DemoPlatform, type Sender, startDemoPlatform } from '../support/platform.ts';
import { matrixOperations } from './flow-tables.ts';

let platform: DemoPlatform;
let acme: FlowClient;
/** The addresses that e-mail came for, with what it says. */
const mails: { readonly to: readonly string[]; readonly raw: string }[] = [];
const mailServer = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onData(stream, session, done) {
    text(stream).then((raw) => {
      mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw });
      done();
    }, done);
  },
});

beforeAll(async () => {
  await new Promise<void>((resolve) => mailServer.listen(0, '127.0.0.1', resolve));
  const { port } = mailServer.server.address() as AddressInfo;
  platform = await startDemoPlatform({ SMTP_URL: `smtp://127.0.0.1:${port}`, MAIL_FROM: 'panorama@example.com' });
  acme = openFlowClient(platform);
}, 120_000);

afterAll(async () => {
  await acme?.close();
  await platform?.stop();
  await new Promise<void>((resolve) => mailServer.close(resolve));
});

interface Notification {
  readonly id: string;
  readonly app: string;
  readonly type: string;
  readonly message: string;
  readonly priority: string;
  readonly isRead: boolean;
}

const inbox = '{ notifications(unreadOnly: true, first: 100) { nodes { id app type title message priority isRead } } }';

/** What somebody has not read. */
async function unread(sender?: Sender): Promise<readonly Notification[]> {
  return (await acme.query<{ notifications: { nodes: Notification[] } }>(inbox, {}, sender)).notifications.nodes;
}

/** The same, once something of a type is among it. */
async function untilTold(type: string, sender?: Sender): Promise<readonly Notification[]> {
  await eventually(async () => (await unread(sender)).some((one) => one.type === type));
  return await unread(sender);
}

/** A user as a sender: a token in its name, with nothing but what every user may do. */
async function actAs(userId: string): Promise<Sender> {
  const input = { app: 'crm-web', permissions: [], userId };
  const { token } = await acme.mutate<{ token: string }>('issueToken', 'token', input);
  return { key: '', headers: { authorization: `Bearer ${token}`, 'x-source-app': 'crm-web' } };
}

async function keyOf(app: string): Promise<{ key: string; app: string }> {
  const { key } = await acme.mutate<{ key: string }>('createApiKey', 'key', { name: app, allowedApps: [app] });
  return { key, app };
}

/** A user who looks after incidents, by a role. */
async function makeGuard(): Promise<{ readonly id: string; readonly email: string }> {
  const account = { username: 'guard', email: 'guard@example.com' };
  const { user } = await acme.mutate<{ user: { id: string; email: string } }>(
    'createUser',
    'user { id email }',
    account,
  );
  const role = { name: 'guard', permissions: ['read:security'] };
  const made = await acme.mutate<{ role: { id: string } }>('createRole', 'role { id }', role);
  await acme.mutate('assignRole', 'assignment { id }', { roleId: made.role.id, userId: user.id });
  return user;
}

const lead = { lastName: 'Byron', source: 'website' };

describe('workflows over several apps', () => {
  test('onboardUser makes the account, its tracking and its folders, welcomes its user, and is watched to the end', async () => {
    const { told, last } = await acme.run('onboardUser', { username: 'wanda', email: 'wanda@example.com' });
    expect(last).toMatchObject({ status: 'SUCCEEDED', percent: 100, currentStep: null });
    expect(last.steps.map(({ name, status }) => [name, status])).toEqual([
      ['createUser', 'SUCCEEDED'],
      ['setUpTracking', 'SUCCEEDED'],
      ['createFolders', 'SUCCEEDED'],
      ['sendWelcome', 'SUCCEEDED'],
    ]);
    const percents = told.map(({ percent }) => percent);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    const id = String(last.result?.userId);
    const left = await acme.query(
      `query ($id: ID!) { customer360(id: $id) { profile { email } behavior { sessionCount engagementLevel } }
        folders(filter: {ownerId: $id}, first: 20) { nodes { name } } }`,
      { id },
    );
    expect(left).toMatchObject({
      customer360: { profile: { email: 'wanda@example.com' }, behavior: { sessionCount: 0, engagementLevel: 'LOW' } },
    });
    const names = (left as { folders: { nodes: { name: string }[] } }).folders.nodes.map(({ name }) => name);
    expect(names).toHaveLength(5);
    const [welcome] = (await untilTold('USER_ONBOARDED', await actAs(id))).filter(({ app }) => app === 'users');
    for (const name of names) expect(welcome?.message).toContain(name);
  });

  test.each([
    ['USERS', ['users']],
    ['DATA', ['analytics', 'crm']],
    ['DOCUMENTS', ['documents']],
    ['COMPREHENSIVE', ['users', 'analytics', 'crm', 'documents']],
  ])('runComplianceAudit on %s keeps a report of it, and tells it', async (focus, appsAudited) => {
    const completed = await acme.changes('COMPLIANCE_CHECK_COMPLETED');
    const { last } = await acme.run('runComplianceAudit', { focus });
    expect(last).toMatchObject({ status: 'SUCCEEDED', result: { focus, appsAudited } });
    const told = await completed.until(({ entityId }) => entityId === last.result?.reportId);
    const text = `query ($id: ID!) { complianceReport(id: $id) {
      focus appsAudited overallCompliance score recommendations findings { app rule } } }`;
    const { complianceReport: report } = await acme.query<{
      complianceReport: { appsAudited: string[]; overallCompliance: boolean; findings: { app: string }[] };
    }>(text, { id: told.entityId });
    expect(report).toMatchObject({ focus, appsAudited });
    for (const { app } of report.findings) expect(appsAudited).toContain(app);
  });

  test('a lead has its contact and its activity, is told by voice, and becomes contact, deal and activity at once', async () => {
    const fields = 'lead { id status contact { id email } }';
    const ada = { ...lead, firstName: 'Ada', email: 'ada.flow@example.com' };
    type Made = { lead: { id: string; contact: { id: string } } };
    const first = (await acme.mutate<Made>('createLead', fields, ada)).lead;
    const second = (await acme.mutate<Made>('createLead', fields, { ...ada, email: 'ADA.Flow@example.com' })).lead;
    expect(second.contact.id).toBe(first.contact.id);
    const { last } = await acme.run('processLead', { leadId: first.id, notifyByVoice: true });
    expect(last).toMatchObject({ status: 'SUCCEEDED', result: { contactId: first.contact.id, isNewContact: false } });
    expect(await untilTold('LEAD_RECEIVED')).toContainEqual(expect.objectContaining({ app: 'voice-agent' }));
    const deal = { title: 'An engine', amount: 5_000, currency: 'EUR' };
    const converted = await acme.mutate('convertLead', 'lead { status } contact { id } deal { title stage }', {
      ...{ id: first.id, deal },
    });
    const { id } = first.contact;
    expect(converted).toMatchObject({ lead: { status: 'CONVERTED' }, contact: { id }, deal: { stage: 'OPEN' } });
    const about = `query ($id: ID!) { activities(filter: {entityType: LEAD, entityId: $id}, first: 20) { nodes { type } } }`;
    const { activities } = await acme.query<{ activities: { nodes: { type: string }[] } }>(about, { id: first.id });
    expect(activities.nodes.map(({ type }) => type).sort()).toEqual(['LEAD_CONVERTED', 'LEAD_CREATED']);
  });
});

describe('what follows from what happens', () => {
  test('a voice command is done, answered in words, and told to who follows', async () => {
    const agent = await keyOf('voice-agent');
    const types = ['VOICE_PROCESSING_STARTED', 'VOICE_PROCESSING_COMPLETED', 'VOICE_COMMAND_EXECUTED'];
    const followed = await acme.changes(...types);
    const command = { command: 'get_leads', parameters: { status: 'NEW', limit: 5 } };
    type Said = { success: boolean; speech: string; data: { leads: { status: string }[] } };
    const said = await acme.mutate<Said>('executeVoiceCommand', 'success speech data', command, agent);
    expect(said).toMatchObject({ success: true, speech: expect.stringContaining('lead'), userErrors: [] });
    expect(said.data.leads.map(({ status }) => status)).toEqual(['NEW', 'NEW', 'NEW', 'NEW', 'NEW']);
    await followed.until(({ type }) => type === 'VOICE_COMMAND_EXECUTED');
    expect(followed.events.map(({ type }) => type)).toEqual(types);
  });

  test('an incident is told, counted on the dashboard, and announced to those who look after it', async () => {
    const officer = await keyOf('secure-platform');
    const guard = await makeGuard();
    const dashboard = { key: 'demo-acme-dashboard', app: 'business-dashboard' };
    const figures = '{ riskMetrics { riskScore openIncidents } metrics { incidents { open reported } } }';
    type Figures = {
      riskMetrics: { riskScore: number; openIncidents: number };
      metrics: { incidents: { open: number } };
    };
    const before = await acme.query<Figures>(figures, {}, dashboard);
    const followed = await acme.changes('SECURITY_INCIDENT');
    const input = { type: 'data_breach', severity: 'HIGH', description: 'A list was sent to the wrong address.' };
    type Reported = { incident: { id: string } };
    const { incident } = await acme.mutate<Reported>('reportIncident', 'incident { id status }', input, officer);
    expect(incident).toMatchObject({ status: 'REPORTED' });
    const { correlationId } = await followed.until(({ entityId }) => entityId === incident.id);
    const after = await acme.query<Figures>(figures, {}, dashboard);
    expect(after.riskMetrics.openIncidents).toBe(before.riskMetrics.openIncidents + 1);
    expect(after.riskMetrics.riskScore).toBeGreaterThan(before.riskMetrics.riskScore);
    expect(after.metrics.incidents.open).toBe(before.metrics.incidents.open + 1);
    const told = (await untilTold('SECURITY_INCIDENT')).filter(({ type }) => type === 'SECURITY_INCIDENT');
    expect(told).toContainEqual(expect.objectContaining({ app: 'security', priority: 'CRITICAL' }));
    const alerts = '{ jobs(queue: "voice-processing", first: 20) { nodes { status correlationId } } }';
    await eventually(async () => {
      const { jobs } = await acme.query<{ jobs: { nodes: { status: string; correlationId: string }[] } }>(alerts);
      return jobs.nodes.some((job) => job.status === 'SUCCEEDED' && job.correlationId === correlationId);
    });
    await eventually(() => mails.some(({ to }) => to.includes(guard.email)));
    expect(mails.find(({ to }) => to.includes(guard.email))?.raw).toContain('data_breach');
  });

  test('notifications of several apps come into one inbox, and are read there', async () => {
    const arrived = await acme.follow<{ notificationReceived: { notifications?: Notification[] } }, Notification>(
      `subscription ($after: Cursor) { notificationReceived(after: $after) {
        ... on NotificationBatch { from to notifications { id app type isRead } } ... on Resync { reason } } }`,
      ({ notificationReceived }) => notificationReceived.notifications ?? [],
    );
    const deal = { title: 'A mill', amount: 700, currency: 'DKK' };
    const made = await acme.mutate<{ deal: { id: string } }>('createDeal', 'deal { id }', deal);
    await acme.mutate('updateDeal', 'deal { stage }', { id: made.deal.id, stage: 'WON' });
    const maintenance = { startsAt: '2099-01-01T01:00:00Z', endsAt: '2099-01-01T02:00:00Z', message: 'New disks' };
    await acme.mutate('announceMaintenance', 'maintenance { id }', maintenance);
    const filled = { type: 'ORDER_FILLED', title: 'Order filled', message: 'All of it.', permission: 'read:leads' };
    await acme.mutate('createNotification', 'notificationId', filled, { app: 'canopy' });
    const types = ['DEAL_WON', 'SYSTEM_MAINTENANCE', 'ORDER_FILLED'];
    for (const type of types) await arrived.until((one) => one.type === type);
    const ofTypes = async () => (await unread()).filter(({ type }) => types.includes(type));
    const told = await ofTypes();
    const apps = Object.fromEntries(told.map(({ type, app }) => [type, app]));
    expect(apps).toMatchObject({ DEAL_WON: 'crm', ORDER_FILLED: 'canopy' });
    expect(new Set(told.map(({ isRead }) => isRead))).toEqual(new Set([false]));
    await acme.mutate('markRead', 'unreadCount', { ids: told.map(({ id }) => id) });
    expect(await ofTypes()).toEqual([]);
  });
});

describe('the permission matrix', () => {
  test.each(Object.entries(appMatrix))(
    'a key of %s does what its row says, and nothing beyond it',
    async (app, row) => {
      const sender = await keyOf(app);
      const [some] = (await acme.query<{ leads: { nodes: { id: string }[] } }>('{ leads(first: 1) { nodes { id } } }'))
        .leads.nodes;
      const allowed: string[] = [];
      for (const { permission, text, input } of matrixOperations) {
        const sent = { input: input?.entityId === '$lead' ? { ...input, entityId: some?.id } : input };
        const { data, errors } = await acme.post<Record<string, { userErrors?: object[] }>>(text, sent, sender);
        if (!errors) allowed.push(permission);
        else expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
        if (!errors) expect(Object.values(data)[0]?.userErrors ?? []).toEqual([]);
      }
      expect(allowed.sort()).toEqual([...row].sort());
    },
  );
});

describe('all apps together', () => {
  test('a search finds records of every app, and of no other tenant', async () => {
    const name = 'Zephyrine';
    const { user } = await acme.mutate<{ user: { id: string } }>('createUser', 'user { id }', {
      ...{ username: name, email: 'z.marsh@example.com' },
    });
    const person = { firstName: name, lastName: 'Marsh', email: 'z.marsh@example.com' };
    await acme.mutate('createLead', 'lead { id }', person);
    await acme.mutate('createDeal', 'deal { id }', { title: `${name} mill`, amount: 1, currency: 'EUR' });
    await acme.mutate('uploadDocument', 'document { id }', {
      title: `Letter of ${name}`,
      ownerId: user.id,
      text: 'Dear',
    });
    const theft = { type: 'theft', severity: 'LOW', description: `${name} lost a key.` };
    await acme.mutate('reportIncident', 'incident { id }', theft);
    const text =
      'query ($query: String!) { search(query: $query, first: 20) { app type score entity { __typename } } }';
    const { search } = await acme.query<{ search: { app: string; type: string; score: number }[] }>(text, {
      query: name,
    });
    const found = search.map(({ app, type }) => `${app} ${type}`).sort();
    const expected = ['crm Contact', 'crm Deal', 'crm Lead', 'documents Document', 'security Incident', 'users User'];
    expect(found).toEqual(expected);
    const scores = search.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    const misspelt = await acme.query<{ search: unknown[] }>(text, { query: 'Zephirine' });
    expect(misspelt.search.length).toBeGreaterThan(0);
    expect(await acme.query(text, { query: name }, { key: 'demo-globex-admin' })).toEqual({ search: [] });
  });

  test('a report is requested, made, and given out as a file', async () => {
    const completed = await acme.changes('REPORT_COMPLETED');
    const ask = { kind: 'LEADS', from: '2020-01-01T00:00:00Z', to: '2020-12-01T00:00:00Z' };
    expect((await acme.mutate('requestReport', 'report { id }', ask)).userErrors).toEqual([]);
    const { report } = await acme.mutate<{ report: { id: string } }>('requestReport', 'report { id }', {
      kind: 'ACTIVITY_SUMMARY',
    });
    await completed.until(({ entityId }) => entityId === report.id);
    const text = `query ($id: ID!) { report(id: $id) { status rowCount columns download(format: CSV) { filename content } }
      exportReport(id: $id, format: JSON) { mediaType content } }`;
    type Files = {
      report: { status: string; rowCount: number; columns: string[]; download: { content: string } };
      exportReport: { mediaType: string; content: string };
    };
    const files = await acme.query<Files>(text, { id: report.id });
    expect(files.report.status).toBe('SUCCEEDED');
    const [head = '', ...lines] = files.report.download.content.trimEnd().split('\r\n');
    expect(head.split(',')).toEqual(files.report.columns);
    expect(lines).toHaveLength(files.report.rowCount);
    expect(JSON.parse(files.exportReport.content)).toHaveLength(files.report.rowCount);
  });

  test('a customer is exported, erased with a proof, and found by nobody any more', async () => {
    const id = 'cus_acme_0011';
    const who = 'query ($id: ID!) { customer360(id: $id) { profile { email } } }';
    const { customer360 } = await acme.query<{ customer360: { profile: { email: string } } }>(who, { id });
    const { email } = customer360.profile;
    const exported = await acme.run('exportCustomer', { customerId: id });
    expect(exported.last.status).toBe('SUCCEEDED');
    const file = await acme.query<{ customerExport: { document: object } }>(
      'query ($id: ID!) { customerExport(id: $id) { status document } }',
      { id: exported.last.id },
    );
    expect(JSON.stringify(file.customerExport.document)).toContain(email);
    const told = await acme.changes('CUSTOMER_ERASED');
    const erased = await acme.run('eraseCustomer', { customerId: id, reason: 'Asked for in writing' });
    expect(erased.last.status).toBe('SUCCEEDED');
    await told.until(({ entityId }) => entityId === erased.last.id);
    const proofOf = 'query ($id: ID!) { customerErasure(id: $id) { status proof { app found } } }';
    const { customerErasure } = await acme.query<{ customerErasure: { proof: { app: string; found: number }[] } }>(
      proofOf,
      {
        id: erased.last.id,
      },
    );
    expect(customerErasure.proof.map(({ found }) => found)).toEqual(customerErasure.proof.map(() => 0));
    const apps = customerErasure.proof.map(({ app }) => app);
    expect(apps).toEqual(
      expect.arrayContaining(['users', 'analytics', 'documents', 'crm', 'security', 'coordination']),
    );
    expect(await acme.query(who, { id })).toEqual({ customer360: null });
    const search = `query ($email: String!) { search(query: $email, first: 20) { highlight } }`;
    const found = await acme.query<{ search: { highlight: string }[] }>(search, { email });
    expect(JSON.stringify(found.search).replaceAll(/<\/?mark>/g, '')).not.toContain(email);
  });

  // Last, as those who are told of processed documents are busy with it for a while.
  test('runDataPipeline has two apps work side by side, and what they did stands in their figures', async () => {
    const upload = { type: 'NOTE', ownerId: 'cus_acme_0003', text: 'A note of some words.' };
    const { document } = await acme.mutate<{ document: { id: string } }>('uploadDocument', 'document { id }', {
      ...{ title: 'To be processed', ...upload },
    });
    const { last } = await acme.run('runDataPipeline', {});
    expect(last.status).toBe('SUCCEEDED');
    type Part = { processedCount: number; processingTime: number };
    const { apps, totalProcessed, processingTime } = last.result as {
      apps: Record<'analytics' | 'documents', Part>;
      totalProcessed: number;
      processingTime: number;
    };
    expect(apps.documents.processedCount).toBeGreaterThan(0);
    expect(totalProcessed).toBe(apps.analytics.processedCount + apps.documents.processedCount);
    expect(processingTime).toBe(Math.max(apps.analytics.processingTime, apps.documents.processingTime));
    const status = 'query ($id: ID!) { document(id: $id) { status } }';
    expect(await acme.query(status, document)).toEqual({ document: { status: 'PROCESSED' } });
  }, 120_000);
});
