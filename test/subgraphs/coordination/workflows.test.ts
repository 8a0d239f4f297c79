import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import { readPublished } from '../../support/published-changes.ts';
import { runStatements } from '../../support/run-statements.ts';
import { beginRun, endOfRun, type readRun, startWorkflowApps, type WorkflowApps } from '../../support/workflow-apps.ts';

let apps: WorkflowApps;

beforeAll(async () => {
  apps = await startWorkflowApps();
}, 120_000);
afterEach(() => apps.interfere(undefined));
afterAll(() => apps.stop());

const unavailable = () => new PanoramaError('SUBGRAPH_UNAVAILABLE', 'Away for now.', { app: 'documents' });
const stepsOf = ({ steps }: Awaited<ReturnType<typeof readRun>>) =>
  Object.fromEntries(steps.map(({ name, status }) => [name, status]));

/** How many accounts, and folders and trackings of whoever has one, there are for an address. */
async function traces(email: string): Promise<{ users: number; folders: number; tracked: number; welcomes: string[] }> {
  const rows = await runStatements(
    apps.database.ownerUrl,
    `WITH u AS (SELECT id FROM users.users WHERE email = '${email}')
     SELECT (SELECT count(*)::integer FROM u) AS users,
       (SELECT count(*)::integer FROM documents.folders f WHERE f.owner_id IN (SELECT id FROM u)) AS folders,
       (SELECT count(*)::integer FROM analytics.customer_behavior b WHERE b.customer_id IN (SELECT id FROM u)) AS tracked,
       (SELECT coalesce(array_agg(message), '{}') FROM coordination.notifications n
        WHERE n.type = 'USER_ONBOARDED' AND n.user_id IN (SELECT id FROM u)) AS welcomes`,
  );
  return rows[0] as Awaited<ReturnType<typeof traces>>;
}

async function send(mutation: string, input: object) {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const text = `mutation ($input: ${type}!) { ${mutation}(input: $input) {
    run { id status attempt } userErrors { field code message } } }`;
  const { data } = await apps.coordination.execute<Record<string, Sent>>(text, { input });
  return data[mutation] as Sent;
}

interface Sent {
  readonly run: { readonly id: string; readonly status: string; readonly attempt: number } | null;
  readonly userErrors: readonly { field: string | null; code: string; message: string }[];
}

describe('a run of a workflow', () => {
  test('does its steps in order, tells how it goes, and leaves what it is for', async () => {
    const person = { id: 'run-ada', username: 'ada', email: 'ada@example.com' };
    const progress = await apps.coordination.subscribe<{
      workflowProgress: { to: string; run: { percent: number; status: string; currentStep: string | null } | null };
    }>(
      `subscription { workflowProgress(id: "run-ada") { ... on WorkflowProgress { to run { percent status currentStep } } } }`,
    );
    expect((await progress.next()).workflowProgress.run).toBeNull();
    await beginRun(apps, 'onboardUser', person);
    const run = await endOfRun(apps, 'run-ada');
    expect(run).toMatchObject({ status: 'SUCCEEDED', percent: 100, error: null });
    expect(run.steps.map(({ name, status, attempts }) => [name, status, attempts])).toEqual([
      ['createUser', 'SUCCEEDED', 1],
      ['setUpTracking', 'SUCCEEDED', 1],
      ['createFolders', 'SUCCEEDED', 1],
      ['sendWelcome', 'SUCCEEDED', 1],
    ]);
    const left = await traces('ada@example.com');
    expect(left).toMatchObject({ users: 1, folders: 5, tracked: 1 });
    expect(left.welcomes).toEqual([expect.stringContaining('Contracts, Correspondence, Invoices, Notes, Reports')]);
    let last = await progress.next();
    while (last.workflowProgress.run?.status !== 'SUCCEEDED') last = await progress.next();
    expect(last.workflowProgress.run).toEqual({ percent: 100, status: 'SUCCEEDED', currentStep: null });
    await progress.return();
    expect(await send('onboardUser', person)).toMatchObject({ run: { id: 'run-ada', status: 'SUCCEEDED' } });
    expect((await traces('ada@example.com')).users).toBe(1);
    const changes = (await readPublished(apps.database)).filter(({ entityId }) => entityId === 'run-ada');
    expect(changes.map(({ type, version }) => [type, version])).toEqual([
      ['WORKFLOW_STARTED', 1],
      ['WORKFLOW_STEP_ENDED', 2],
      ['WORKFLOW_STEP_ENDED', 3],
      ['WORKFLOW_STEP_ENDED', 4],
      ['WORKFLOW_STEP_ENDED', 5],
      ['WORKFLOW_ENDED', 6],
    ]);
  }, 120_000);

  test('tries a step again where an app does not answer, and does it once though the answer was lost', async () => {
    let lost = 0;
    apps.interfere(async (app, call) => {
      if (app !== 'documents' || lost === 2) return await call();
      lost += 1;
      if (lost === 2) await call();
      throw unavailable();
    });
    const id = await beginRun(apps, 'onboardUser', { username: 'bob', email: 'bob@example.com' });
    const run = await endOfRun(apps, id);
    expect(run.status).toBe('SUCCEEDED');
    expect(run.steps.find(({ name }) => name === 'createFolders')).toMatchObject({ status: 'SUCCEEDED', attempts: 3 });
    expect(await traces('bob@example.com')).toMatchObject({ users: 1, folders: 5, tracked: 1 });
    const made = (await readPublished(apps.database)).filter(({ type }) => type === 'FOLDER_CREATED');
    expect(new Set(made.map(({ entityId }) => entityId)).size).toBe(made.length);
  });

  test('undoes what was done when a step is refused, and can be begun anew', async () => {
    const id = await beginRun(apps, 'onboardUser', {
      username: 'eve',
      email: 'eve@example.com',
      folderTemplate: 'none',
    });
    const run = await endOfRun(apps, id);
    expect(run).toMatchObject({ status: 'FAILED', error: { code: 'NOT_FOUND' } });
    expect(run.result).toEqual({ undone: ['setUpTracking', 'createUser'] });
    expect(stepsOf(run)).toEqual({
      createUser: 'COMPENSATED',
      setUpTracking: 'COMPENSATED',
      createFolders: 'FAILED',
      sendWelcome: 'SKIPPED',
    });
    expect(await traces('eve@example.com')).toMatchObject({ users: 0, folders: 0, tracked: 0 });
    expect(await send('retryWorkflow', { id })).toMatchObject({ run: { status: 'PENDING', attempt: 2 } });
    expect(await endOfRun(apps, id)).toMatchObject({ status: 'FAILED', attempt: 2 });
  });

  test('ends CANCELLED where that is asked for, and undoes what was done', async () => {
    const reached = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    apps.interfere(async (app, call) => {
      if (app === 'analytics') {
        reached.resolve();
        await asked.promise;
      }
      return await call();
    });
    const id = await beginRun(apps, 'onboardUser', { username: 'kim', email: 'kim@example.com' });
    await reached.promise;
    expect(await send('cancelWorkflow', { id })).toMatchObject({ run: { status: 'RUNNING' }, userErrors: [] });
    apps.interfere(undefined);
    asked.resolve();
    const run = await endOfRun(apps, id);
    expect(run).toMatchObject({ status: 'CANCELLED', result: { undone: ['setUpTracking', 'createUser'] } });
    expect(await traces('kim@example.com')).toMatchObject({ users: 0, folders: 0, tracked: 0 });
    expect((await send('cancelWorkflow', { id })).userErrors).toMatchObject([{ code: 'CONFLICT', field: 'id' }]);
    expect((await send('retryWorkflow', { id })).userErrors).toMatchObject([{ code: 'CONFLICT', field: 'id' }]);
    expect((await send('cancelWorkflow', { id: 'nobody' })).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });

  test('ends CANCELLED where that is asked for within its last step, and undoes that too', async () => {
    const reached = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    let calls = 0;
    apps.interfere(async (app, call) => {
      if (app === 'documents') calls += 1;
      if (app === 'documents' && calls === 2) {
        reached.resolve();
        await asked.promise;
      }
      return await call();
    });
    const id = await beginRun(apps, 'onboardUser', { username: 'zoe', email: 'zoe@example.com' });
    await reached.promise;
    expect(await send('cancelWorkflow', { id })).toMatchObject({ run: { status: 'RUNNING' }, userErrors: [] });
    apps.interfere(undefined);
    asked.resolve();
    const run = await endOfRun(apps, id);
    const undone = ['sendWelcome', 'createFolders', 'setUpTracking', 'createUser'];
    expect(run).toMatchObject({ status: 'CANCELLED', result: { undone } });
    expect(await traces('zoe@example.com')).toMatchObject({ users: 0, folders: 0, tracked: 0 });
    const welcomes = `SELECT id FROM coordination.notifications WHERE id LIKE '${id}.%'`;
    expect(await runStatements(apps.database.ownerUrl, welcomes)).toEqual([]);
  });

  test('is refused with a bad input, under the id of another, and unseen by other tenants', async () => {
    const bad = await send('onboardUser', { username: ' ', email: 'nobody' });
    expect(bad.userErrors.map(({ field, code }) => [field, code])).toEqual([
      ['username', 'BAD_USER_INPUT'],
      ['email', 'BAD_USER_INPUT'],
    ]);
    const other = await apps.coordination.execute(
      'mutation { runDataPipeline(input: {id: "run-ada"}) { run { id } } }',
    );
    expect(other.errors).toMatchObject([{ extensions: { code: 'CONFLICT' } }]);
    const foreign = await apps.coordination.execute(
      '{ workflowRun(id: "run-ada") { id } workflowRuns { nodes { id } } }',
      {},
      { tenant: 'globex' },
    );
    expect(foreign.data).toEqual({ workflowRun: null, workflowRuns: { nodes: [] } });
    const refused = await apps.coordination.execute('{ workflowRun(id: "run-ada") { id } }', {}, { permissions: [] });
    expect(refused.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});

describe('the flows', () => {
  test('runDataPipeline has two apps work side by side, and adds up what they did', async () => {
    const upload = `mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) { document { id } } }`;
    for (const title of ['One', 'Two', 'Three']) {
      const input = { title, type: 'NOTE', ownerId: 'cus_1', text: 'Some words of a note.' };
      await apps.others.documents.execute(upload, { input });
    }
    const run = await endOfRun(apps, await beginRun(apps, 'runDataPipeline', {}));
    expect(run.status).toBe('SUCCEEDED');
    const {
      apps: figures,
      totalProcessed,
      processingTime,
    } = run.result as {
      apps: Record<'analytics' | 'documents', { processedCount: number; processingTime: number }>;
      totalProcessed: number;
      processingTime: number;
    };
    expect(figures.documents).toMatchObject({ processedCount: 3, failedCount: 0 });
    expect(totalProcessed).toBe(3 + figures.analytics.processedCount);
    expect(processingTime).toBe(Math.max(figures.analytics.processingTime, figures.documents.processingTime));
    const types = (await readPublished(apps.database)).map(({ type }) => type);
    expect(types.filter((type) => type === 'DOCUMENT_PROCESSED')).toHaveLength(3);
    expect(types.filter((type) => type === 'ANALYTICS_PROCESSED')).toHaveLength(1);
  });

  test.each([
    ['USERS', ['users']],
    ['DATA', ['analytics', 'crm']],
    ['DOCUMENTS', ['documents']],
    ['COMPREHENSIVE', ['users', 'analytics', 'crm', 'documents']],
  ])('runComplianceAudit looks at what the focus %s is on, and keeps a report', async (focus, audited) => {
    const id = await beginRun(apps, 'runComplianceAudit', { focus });
    const run = await endOfRun(apps, id);
    expect(run).toMatchObject({ status: 'SUCCEEDED', result: { focus, appsAudited: audited } });
    expect(run.steps.filter(({ status }) => status === 'SKIPPED')).toHaveLength(4 - audited.length);
    const text = 'query ($id: ID!) { complianceReport(id: $id) { focus appsAudited overallCompliance runId } }';
    const { data } = await apps.others.security.execute(text, { id: run.result?.reportId });
    const { overallCompliance } = run.result ?? {};
    expect(data).toEqual({ complianceReport: { focus, appsAudited: audited, overallCompliance, runId: id } });
  });

  test('processLead finds done what the CRM did with the lead, and does what is missing', async () => {
    const create = `mutation ($input: CreateLeadInput!) { createLead(input: $input) { lead { id contact { id } } } }`;
    const input = { firstName: 'Lea', lastName: 'Dahl', email: 'lea@example.com' };
    const { data } = await apps.others.crm.execute<{ createLead: { lead: { id: string; contact: { id: string } } } }>(
      create,
      { input },
    );
    const { lead } = data.createLead;
    const run = await endOfRun(apps, await beginRun(apps, 'processLead', { leadId: lead.id, notifyByVoice: true }));
    expect(run).toMatchObject({ status: 'SUCCEEDED', result: { contactId: lead.contact.id, isNewContact: false } });
    await runStatements(apps.database.ownerUrl, `DELETE FROM crm.activities WHERE entity_id = '${lead.id}'`);
    const again = await endOfRun(apps, await beginRun(apps, 'processLead', { leadId: lead.id }));
    expect(stepsOf(again)).toEqual({ settleLead: 'SUCCEEDED', notifyByVoice: 'SKIPPED' });
    const activities = await runStatements(
      apps.database.ownerUrl,
      `SELECT count(*)::integer AS count FROM crm.activities WHERE entity_id = '${lead.id}'`,
    );
    expect(activities).toEqual([{ count: 1 }]);
    const unknown = await endOfRun(apps, await beginRun(apps, 'processLead', { leadId: 'nobody' }));
    expect(unknown).toMatchObject({ status: 'FAILED', error: { code: 'NOT_FOUND' } });
  });
});
