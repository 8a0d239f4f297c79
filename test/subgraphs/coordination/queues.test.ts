import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { PrismaClient } from '../../../generated/prisma/coordination/client.ts';
import { createTenantDatabase } from '../../../kernel/data/tenant-database.ts';
import { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { coordination } from '../../../subgraphs/coordination/index.ts';
import {
  findTenantsWithPast,
  forgetPastJobs,
  measureQueues,
} from '../../../subgraphs/coordination/store/queue-work.ts';
import { startTestApp, type TestApp, type TestCaller } from '../../support/app.ts';
import { eventually } from '../../support/eventually.ts';
import { readPublished } from '../../support/published-changes.ts';
import { runStatements } from '../../support/run-statements.ts';
import { endOfRun, startWorkflowApps, type WorkflowApps } from '../../support/workflow-apps.ts';

let apps: WorkflowApps;
/** The same app again, which reacts to events and does no jobs. */
let reacting: TestApp;

beforeAll(async () => {
  apps = await startWorkflowApps();
  reacting = await startTestApp(coordination, apps.database, [], { times: { pollMs: 50, discoverMs: 50 } });
});
afterEach(() => apps.interfere(undefined));
afterAll(async () => {
  await reacting.stop();
  await apps.stop();
});

interface Job {
  readonly id: string;
  readonly status: string;
  readonly attempts: number;
  readonly result: Record<string, unknown> | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

interface Sent {
  readonly job: Job | null;
  readonly count: number | null;
  readonly userErrors: readonly { field: string | null; code: string; message: string }[];
}

const ended = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED']);
const jobFields = 'id status attempts result error { code message }';

async function send(mutation: string, input: object, caller?: TestCaller): Promise<Sent> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const what = mutation === 'redriveQueue' ? 'count' : `job { ${jobFields} }`;
  const text = `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${what} userErrors { field code message } } }`;
  const { data, errors } = await apps.coordination.execute<Record<string, Sent>>(text, { input }, caller);
  expect(errors).toBeUndefined();
  return data[mutation] as Sent;
}

async function queueJob(queue: string, type: string, data: object, more: object = {}, caller?: TestCaller) {
  const { job, userErrors } = await send('enqueueJob', { queue, type, data, ...more }, caller);
  expect(userErrors).toEqual([]);
  return job?.id ?? '';
}

async function readJob(id: string, caller?: TestCaller): Promise<Job | null> {
  const text = `query ($id: ID!) { job(id: $id) { ${jobFields} } }`;
  return (await apps.coordination.execute<{ job: Job | null }>(text, { id }, caller)).data.job;
}

async function untilIs(id: string, status: string, caller?: TestCaller): Promise<Job> {
  let job = await readJob(id, caller);
  await eventually(async () => {
    job = await readJob(id, caller);
    return job !== null && job.status !== 'RUNNING' && (job.status === status || ended.has(job.status));
  });
  if (job?.status !== status) throw new Error(`The job is ${JSON.stringify(job)}`);
  return job as Job;
}

async function figuresOf(name: string) {
  const text = '{ queues { name priority maxRetries size running failed oldest processed } }';
  const { data } = await apps.coordination.execute<{ queues: { name: string; running: number; processed: number }[] }>(
    text,
  );
  return data.queues.find((queue) => queue.name === name);
}

async function createLead(email: string, caller?: TestCaller): Promise<string> {
  const text = 'mutation ($input: CreateLeadInput!) { createLead(input: $input) { lead { id } } }';
  const input = { firstName: 'Lea', lastName: 'Dahl', email };
  const { data } = await apps.others.crm.execute<{ createLead: { lead: { id: string } } }>(text, { input }, caller);
  return data.createLead.lead.id;
}

const sql = <Row>(text: string) => runStatements(apps.database.ownerUrl, text) as Promise<Row[]>;
const unavailable = () => new PanoramaError('SUBGRAPH_UNAVAILABLE', 'Away for now.', { app: 'analytics' });
const tracked = (customerId: string) => ({ events: [{ customerId, type: 'PAGE_VIEWED' }] });

describe('the queues', () => {
  test('are there with their priorities and retries, for whoever may see figures', async () => {
    const text = '{ queues { name priority maxRetries size running failed } }';
    type Listed = { queues: { name: string }[] };
    const caller = { tenant: 'empty', permissions: ['read:metrics'] };
    const { data } = await apps.coordination.execute<Listed>(text, {}, caller);
    const queue = (name: string, priority: string, maxRetries: number) => {
      return { name, priority, maxRetries, size: 0, running: 0, failed: 0 };
    };
    expect(data.queues.filter(({ name }) => name !== 'notification-delivery')).toEqual([
      queue('lead-processing', 'HIGH', 3),
      queue('email-sync', 'NORMAL', 5),
      queue('voice-processing', 'HIGH', 2),
      queue('backup-operations', 'LOW', 3),
      queue('compliance-checks', 'NORMAL', 3),
      queue('analytics-processing', 'LOW', 1),
    ]);
  });

  test('do their work in the apps', async () => {
    const leadId = await createLead('lea@example.com');
    await sql(`DELETE FROM crm.activities WHERE entity_id = '${leadId}'`);
    const messages = [{ from: 'Joan Clarke <joan@example.com>', subject: 'Bombe', messageId: 'm1@example.com' }];
    const told = { title: 'Hello', message: 'There is news.', event: 'NEWS' };
    const ids = [
      await queueJob('lead-processing', 'LEAD_CREATED', { leadId, notifyByVoice: true }),
      await queueJob('email-sync', 'SYNC_MESSAGES', { messages }),
      await queueJob('voice-processing', 'VOICE_NOTIFICATION', told),
      await queueJob('compliance-checks', 'COMPLIANCE_AUDIT', { focus: 'USERS' }),
      await queueJob('analytics-processing', 'TRACK_EVENTS', tracked('cus_1')),
      await queueJob('analytics-processing', 'RECOMPUTE', {}),
      await queueJob('backup-operations', 'BACKUP', {}),
    ];
    const [lead, sync, voice, audit, events, figures, backup] = await Promise.all(
      ids.map((id) => untilIs(id, 'SUCCEEDED')),
    );
    expect(lead?.result).toMatchObject({ isNewContact: false });
    expect(sync?.result).toEqual({ failed: 0, created: 1, updated: 0, unchanged: 0 });
    expect(voice?.result).toEqual({ notificationId: voice?.id });
    expect(events?.result).toEqual({ tracked: 1 });
    expect(figures?.result).toMatchObject({ processedCount: expect.any(Number) });
    expect(await endOfRun(apps, String(backup?.result?.runId))).toMatchObject({ attempt: 1 });
    expect(await endOfRun(apps, String(audit?.result?.runId))).toMatchObject({ status: 'SUCCEEDED' });
    await eventually(async () => ((await figuresOf('voice-processing'))?.processed ?? 0) >= 2);
    const notifications = `SELECT n.title FROM coordination.notifications n
      JOIN coordination.queue_jobs j USING (tenant_id, id) WHERE j.queue = 'voice-processing' ORDER BY title`;
    expect(await sql(notifications)).toEqual([{ title: 'Hello' }, { title: 'New lead' }]);
    // The first activity of the lead; the other is that of the message.
    expect(await sql(`SELECT count(*)::integer AS n FROM crm.activities WHERE tenant_id = 'acme'`)).toEqual([{ n: 2 }]);
    const kept = ids.map((id) => `'${id}'`).join();
    expect(await sql(`SELECT * FROM coordination.queue_job_data WHERE job_id IN (${kept})`)).toEqual([]);
    const audited = `SELECT DISTINCT operation_name AS op FROM platform.audit_records
      WHERE credential_id = 'app:coordination' AND operation_name IN ('LEAD_CREATED', 'TRACK_EVENTS') ORDER BY 1`;
    expect(await sql(audited)).toEqual([{ op: 'LEAD_CREATED' }, { op: 'TRACK_EVENTS' }]);
  });

  test('are measured over all tenants, and forget what ended a week ago', async () => {
    const data = { events: [{ customerId: 'cus_9', type: 'PAGE_VIEWED' }] };
    for (const tenant of ['cyberdyne', 'tyrell']) {
      await queueJob('analytics-processing', 'TRACK_EVENTS', data, { delay: 3_600_000 }, { tenant });
      await untilIs(await queueJob('analytics-processing', 'TRACK_EVENTS', data, {}, { tenant }), 'SUCCEEDED', {
        tenant,
      });
    }
    const database = createTenantDatabase({
      connectionString: apps.database.urlFor('coordination'),
      createClient: (adapter) => new PrismaClient({ adapter }),
      poolSize: 1,
    });
    await sql(`SET panorama.operator = 'yes'; UPDATE coordination.queue_jobs SET ended_at = now() - interval '8 days'
      WHERE tenant_id = 'tyrell' AND ended_at IS NOT NULL`);
    expect(await findTenantsWithPast(database)).toEqual(['tyrell']);
    const tyrell = { tenantId: parseTenantId('tyrell') };
    expect(await database.write(tyrell, (tx) => forgetPastJobs(tx, 10))).toBe(1);
    const measured = await measureQueues(database);
    await database.stop();
    const { size = 0, succeeded = 0 } = measured.find(({ queue }) => queue === 'analytics-processing') ?? {};
    expect(size).toBeGreaterThanOrEqual(2);
    expect(succeeded).toBeGreaterThanOrEqual(2);
  });

  test('take what follows from events, once for each', async () => {
    const caller = { tenant: 'initech' };
    const leadId = await createLead('lead@example.com', caller);
    const update = 'mutation ($input: UpdateLeadInput!) { updateLead(input: $input) { userErrors { code } } }';
    await apps.others.crm.execute(update, { input: { id: leadId, status: 'QUALIFIED' } }, caller);
    const report = 'mutation ($input: ReportIncidentInput!) { reportIncident(input: $input) { userErrors { code } } }';
    const incident = { type: 'data_breach', severity: 'CRITICAL', description: 'A leak' };
    await apps.others.security.execute(report, { input: incident }, caller);
    const list = '{ jobs(status: [SUCCEEDED], orderBy: {direction: ASC}) { nodes { queue type queuedBy } } }';
    type Listed = { jobs: { nodes: { queue: string; type: string; queuedBy: string }[] } };
    const read = async () => {
      const { data } = await apps.coordination.execute<Listed>(list, {}, caller);
      return data.jobs.nodes.filter(({ queue }) => queue !== 'notification-delivery');
    };
    await eventually(async () => (await read()).length === 2);
    expect((await read()).map(({ queue, type, queuedBy }) => [queue, type, queuedBy])).toEqual([
      ['lead-processing', 'LEAD_QUALIFIED', 'app:coordination'],
      ['voice-processing', 'VOICE_NOTIFICATION', 'app:coordination'],
    ]);
    const activities = `SELECT type FROM crm.activities WHERE entity_id = '${leadId}' ORDER BY created_at`;
    expect(await sql(activities)).toEqual([{ type: 'LEAD_CREATED' }, { type: 'LEAD_QUALIFIED' }]);
  });
});

describe('a job', () => {
  test('is tried again where an app does not answer, and done once though the answer was lost', async () => {
    let lost = 0;
    apps.interfere(async (app, call) => {
      if (app !== 'analytics' || lost > 0) return await call();
      lost += 1;
      await call();
      throw unavailable();
    });
    const id = await queueJob('analytics-processing', 'TRACK_EVENTS', tracked('cus_2'));
    expect(await untilIs(id, 'SUCCEEDED')).toMatchObject({ attempts: 2, error: null });
    const events = `SELECT count(*)::integer AS n FROM analytics.tracked_events WHERE customer_id = 'cus_2'`;
    expect(await sql(events)).toEqual([{ n: 1 }]);
  });

  test('is given up when it was tried often enough, at once when it is refused, and can be redriven', async () => {
    apps.interfere(async (app, call) => {
      if (app === 'analytics') throw unavailable();
      return await call();
    });
    const failing = await queueJob('analytics-processing', 'TRACK_EVENTS', tracked('cus_3'));
    const refused = await queueJob('lead-processing', 'LEAD_CREATED', { leadId: 'nobody' });
    const { error } = await untilIs(failing, 'FAILED');
    expect(error).toEqual({ code: 'SUBGRAPH_UNAVAILABLE', message: 'Away for now.' });
    expect((await readJob(failing))?.attempts).toBe(2);
    apps.interfere(undefined);
    expect((await untilIs(refused, 'FAILED')).error).toMatchObject({ code: 'NOT_FOUND' });
    expect(await figuresOf('analytics-processing')).toMatchObject({ failed: 1 });
    const own = { queue: 'analytics-processing', ids: [failing] };
    expect((await send('redriveQueue', own, { tenant: 'globex' })).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect(await send('redriveQueue', own)).toMatchObject({ count: 1, userErrors: [] });
    expect(await untilIs(failing, 'SUCCEEDED')).toMatchObject({ attempts: 1, error: null });
    await sql(`DELETE FROM coordination.queue_job_data WHERE job_id = '${refused}'`); // as an erasure does
    expect(await send('redriveQueue', { queue: 'lead-processing', all: true })).toMatchObject({ count: 1 });
    const { error: gone } = await untilIs(refused, 'FAILED');
    expect(gone?.message).toContain('is gone');
    const told = (await readPublished(apps.database)).filter(({ entityId }) => entityId === refused);
    expect(told.map(({ type, version }) => `${type} ${version}`).slice(0, 4)).toEqual([
      ...['JOB_QUEUED 1', 'JOB_FAILED 2', 'JOB_REDRIVEN 3', 'JOB_FAILED 4'],
    ]);
  });

  test('waits for its time, is the same under the same key, and can be cancelled while it waits', async () => {
    const later = { delay: 3_600_000, key: 'once' };
    const data = { events: [{ customerId: 'cus_4', type: 'PAGE_VIEWED' }] };
    const id = await queueJob('analytics-processing', 'TRACK_EVENTS', data, later);
    expect(await queueJob('analytics-processing', 'TRACK_EVENTS', data, later)).toBe(id);
    const other = { queue: 'analytics-processing', type: 'RECOMPUTE', data: {}, key: 'once' };
    expect((await send('enqueueJob', other)).userErrors).toMatchObject([{ code: 'CONFLICT', field: 'key' }]);
    expect(await figuresOf('analytics-processing')).toMatchObject({ size: 1, oldest: expect.any(String) });
    expect((await send('cancelJob', { id }, { tenant: 'globex' })).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect(await readJob(id, { tenant: 'globex' })).toBeNull();
    expect((await send('cancelJob', { id })).job).toMatchObject({ status: 'CANCELLED' });
    expect((await send('cancelJob', { id })).userErrors).toMatchObject([{ code: 'CONFLICT', field: 'id' }]);
    expect(await send('redriveQueue', { queue: 'analytics-processing', ids: [id] })).toMatchObject({ count: 1 });
    await untilIs(id, 'SUCCEEDED');
  });

  test('goes on in another process where its own has ended, but not for ever', async () => {
    const lose = (id: string, losses: number) =>
      sql(`SET panorama.operator = 'yes'; UPDATE coordination.queue_jobs
        SET status = 'RUNNING', losses = ${losses}, attempts = 1, next_at = now() WHERE id = '${id}'`);
    const queue = (customer: string) =>
      queueJob('analytics-processing', 'TRACK_EVENTS', tracked(customer), { delay: 3_600_000 });
    const [lost, deadly] = [await queue('cus_5'), await queue('cus_6')];
    await lose(lost, 0);
    await lose(deadly, 5);
    expect(await untilIs(lost, 'SUCCEEDED')).toMatchObject({ attempts: 1 });
    expect((await untilIs(deadly, 'FAILED')).error).toMatchObject({ code: 'CONFLICT' });
  });

  test('of one tenant does not wait for those of another, however many and long they are', async () => {
    const release = Promise.withResolvers<void>();
    let held = 0;
    apps.interfere(async (app, call) => {
      if (app !== 'analytics') return await call();
      held += 1;
      await release.promise;
      return await call();
    });
    const flood: string[] = [];
    for (let n = 0; n < 12; n += 1)
      flood.push(await queueJob('analytics-processing', 'TRACK_EVENTS', tracked('cus_7')));
    await eventually(() => held === 4);
    const caller = { tenant: 'umbrella' };
    const id = await queueJob('analytics-processing', 'TRACK_EVENTS', tracked('cus_8'), {}, caller);
    await eventually(() => held === 5);
    expect(await readJob(id, caller)).toMatchObject({ status: 'RUNNING' });
    release.resolve();
    await untilIs(id, 'SUCCEEDED', caller);
    for (const one of flood) await untilIs(one, 'SUCCEEDED');
  });

  test('is refused with a clear error', async () => {
    const errorsOf = async (input: object, permissions = ['*']) =>
      (await send('enqueueJob', input, { permissions })).userErrors;
    const lead = { queue: 'lead-processing', type: 'LEAD_CREATED', data: { leadId: 'lea_1' } };
    expect(await errorsOf({ ...lead, queue: 'letters' })).toEqual([
      { field: 'queue', code: 'NOT_FOUND', message: expect.stringContaining('lead-processing, email-sync') },
    ]);
    expect(await errorsOf({ ...lead, type: 'LEAD_LOST' })).toEqual([
      { field: 'type', code: 'NOT_FOUND', message: expect.stringContaining('LEAD_CREATED, LEAD_QUALIFIED') },
    ]);
    expect(await errorsOf({ ...lead, data: {} })).toMatchObject([{ field: 'data.leadId', code: 'BAD_USER_INPUT' }]);
    expect(await errorsOf({ ...lead, delay: 5, runAt: '2020-01-01T00:00:00Z' })).toMatchObject([{ field: 'runAt' }]);
    expect(await errorsOf(lead, ['write:queues'])).toMatchObject([{ field: 'type', code: 'FORBIDDEN' }]);
    const neither = await send('redriveQueue', { queue: 'lead-processing' });
    expect(neither.userErrors).toMatchObject([{ field: 'ids', code: 'BAD_USER_INPUT' }]);
    const text = 'mutation { enqueueJob(input: {queue: "a", type: "b"}) { job { id } } }';
    const forbidden = await apps.coordination.execute(text, {}, { permissions: ['read:queues'] });
    expect(forbidden.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});
