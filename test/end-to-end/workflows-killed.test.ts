import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { findEmbeddedPostgres } from '../../kernel/data/postgres/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { createDataDirectory, type PlatformProcess, startPlatformProcess } from '../support/platform.ts';

/** Each flow, the table that its step writes before which everything has to wait, and the name under which it is kept here. */
const flows = [
  {
    name: 'onboarding',
    begin: 'onboardUser(input: {username: "kill", email: "kill@example.com"}) { run { id } userErrors { message } }',
    stuck: 'createFolders',
    table: 'documents.folders',
  },
  {
    name: 'pipeline',
    begin: 'runDataPipeline(input: {}) { run { id } userErrors { message } }',
    stuck: 'processDocuments',
    table: 'documents.documents',
  },
  {
    name: 'audit',
    begin: 'runComplianceAudit(input: {focus: DATA}) { run { id } userErrors { message } }',
    stuck: 'recordReport',
    table: 'security.compliance_reports',
  },
  {
    name: 'lead',
    begin: 'processLead(input: {leadId: "$lead", notifyByVoice: true}) { run { id } userErrors { message } }',
    stuck: 'notifyByVoice',
    table: 'coordination.notifications',
  },
  {
    name: 'export',
    begin: 'exportCustomer(input: {customerId: "cus_acme_0021"}) { run { id } userErrors { message } }',
    stuck: 'gatherCoordination',
    table: 'coordination.customer_export_parts',
  },
  {
    name: 'erasure',
    begin: 'eraseCustomer(input: {customerId: "cus_acme_0022", reason: "Asked"}) { run { id } userErrors { message } }',
    stuck: 'eraseCoordination',
    table: 'coordination.customer_export_parts',
  },
  {
    name: 'report',
    begin: 'requestReport(input: {kind: CUSTOMERS}) { run: report { id } userErrors { message } }',
    stuck: 'gather',
    table: 'coordination.report_pages',
  },
  {
    name: 'backup',
    begin: 'requestBackup(input: {}) { run { id } userErrors { message } }',
    stuck: 'announce',
    table: 'security.backups',
  },
] as const;

type FlowName = (typeof flows)[number]['name'];

interface Run {
  readonly id: string;
  readonly status: string;
  readonly steps: readonly { readonly name: string; readonly status: string }[];
}

let directory: Awaited<ReturnType<typeof createDataDirectory>>;
let platform: PlatformProcess;
let owner: pg.Client;

/** Reaches the database as its owner, who sees all tenants. */
async function openOwner(): Promise<pg.Client> {
  const url = await findEmbeddedPostgres(directory.path);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function readRuns(): Promise<readonly Run[]> {
  const { data } = await platform.post<{ workflowRuns: { nodes: Run[] } }>(
    '{ workflowRuns(first: 20) { nodes { id status steps { name status } } } }',
  );
  return data.workflowRuns.nodes;
}

/** A job that tracks two events, and waits to write the first when the process is killed. */
const killedJob = {
  table: 'analytics.tracked_events',
  queue: `enqueueJob(input: {queue: "analytics-processing", type: "TRACK_EVENTS", key: "killed-job", data: {events: [
    {customerId: "cus_killed", type: "PAGE_VIEWED"}, {customerId: "cus_killed", type: "PAGE_LEFT"}]}})`,
};

async function isJob(status: string): Promise<boolean> {
  const { data } = await platform.post<{ jobs: { nodes: { key: string; status: string }[] } }>(
    '{ jobs(queue: "analytics-processing") { nodes { key status } } }',
  );
  return data.jobs.nodes.some((job) => job.key === 'killed-job' && job.status === status);
}

/** The id of a run that is to be undone, and is: its account is in use by somebody, so it cannot go yet. */
async function beginUndoing(holder: pg.Client): Promise<string> {
  const [tracking, account] = ['analytics.customer_behavior', 'users.users'];
  const id = 'killed-undo';
  const blocker = await openOwner();
  await blocker.query('BEGIN');
  await blocker.query(`LOCK TABLE ${tracking} IN EXCLUSIVE MODE`);
  await platform.post(`mutation { onboardUser(input: {id: "${id}", username: "undo", email: "undo@example.com",
    folderTemplate: "none"}) { run { id } } }`);
  await untilSteps(id, { createUser: 'SUCCEEDED', setUpTracking: 'RUNNING' });
  await holder.query(`SELECT 1 FROM ${account} WHERE email = 'undo@example.com' FOR UPDATE`);
  await blocker.end();
  await untilSteps(id, { createUser: 'SUCCEEDED', setUpTracking: 'COMPENSATED', createFolders: 'FAILED' });
  return id;
}

/** Waits until steps of a run are as they should be. */
async function untilSteps(id: string, wanted: Readonly<Record<string, string>>): Promise<void> {
  await eventually(async () => {
    const steps = (await readRuns()).find((run) => run.id === id)?.steps ?? [];
    return Object.entries(wanted).every(([name, status]) =>
      steps.some((one) => one.name === name && one.status === status),
    );
  });
}

async function count(text: string): Promise<number> {
  const { rows } = await owner.query<{ count: number }>(`SELECT count(*)::integer AS count FROM ${text}`);
  return rows[0]?.count ?? -1;
}

beforeAll(async () => {
  directory = await createDataDirectory({ demo: true });
  platform = await startPlatformProcess(directory.path);
  owner = await openOwner();
}, 120_000);

afterAll(async () => {
  await owner?.end();
  await platform?.end('SIGTERM');
  await directory?.remove();
});

describe('kill -9 in the middle of every workflow', () => {
  test('leaves each step done once after a start on the same data', async () => {
    const made = await platform.post<{ createLead: { lead: { id: string } } }>(
      'mutation { createLead(input: {firstName: "K", lastName: "L", email: "kl@example.com"}) { lead { id } } }',
    );
    const leadId = made.data.createLead.lead.id;
    const blocker = await openOwner();
    await blocker.query('BEGIN');
    const undone = await beginUndoing(blocker);
    const tables = new Set([...flows.map(({ table }) => table), killedJob.table]);
    for (const table of tables) await blocker.query(`LOCK TABLE ${table} IN EXCLUSIVE MODE`);
    await platform.post(`mutation { ${killedJob.queue} { job { id } } }`);
    const ids = new Map<FlowName, string>();
    for (const { name, begin } of flows) {
      const { data } = await platform.post<Record<string, { run: { id: string } | null }>>(
        `mutation { ${begin.replace('$lead', leadId)} }`,
      );
      const [answer] = Object.values(data);
      expect(answer).toEqual({ run: expect.anything(), userErrors: [] });
      ids.set(name, answer?.run?.id ?? '');
    }
    await eventually(async () => {
      const runs = await readRuns();
      return flows.every(({ name, stuck }) => {
        const steps = runs.find((run) => run.id === ids.get(name))?.steps ?? [];
        const others = steps.slice(
          0,
          steps.findIndex(({ name }) => name === stuck),
        );
        const isStuck = steps.some(({ name, status }) => name === stuck && status === 'RUNNING');
        return isStuck && others.every(({ status }) => status === 'SUCCEEDED' || status === 'SKIPPED');
      });
    });
    await eventually(() => isJob('RUNNING'));
    await platform.end('SIGKILL');
    await blocker.end();

    platform = await startPlatformProcess(directory.path);
    await eventually(async () => {
      const runs = await readRuns();
      const statusOf = (id: string | undefined) => runs.find((run) => run.id === id)?.status;
      return flows.every(({ name }) => statusOf(ids.get(name)) === 'SUCCEEDED') && statusOf(undone) === 'FAILED';
    });
    await eventually(() => isJob('SUCCEEDED'));
    await owner.query(`SET panorama.operator = 'yes'`);
    expect(await count(`analytics.tracked_events WHERE customer_id = 'cus_killed'`)).toBe(2);
    const ofRuns = `entity_id = ANY ('{${[...ids.values(), undone].join(',')}}')`;
    const ended = `platform.change_log WHERE type = 'WORKFLOW_STEP_ENDED' AND ${ofRuns}`;
    const byStep = `entity_id, data->>'step', data->>'stepStatus'`;
    expect(await count(`(SELECT 1 FROM ${ended} GROUP BY ${byStep} HAVING count(*) > 1) AS repeated`)).toBe(0);
    const runs = (await readRuns()).filter(({ id }) => id === undone || [...ids.values()].includes(id));
    // What a failure left out is not told; what was undone had ended before, and was told then.
    const isTold = ({ id }: Run, status: string) => id !== undone || status !== 'SKIPPED';
    const told = runs.flatMap((run) => run.steps.map(({ status }) => status).filter((status) => isTold(run, status)));
    expect(await count(ended)).toBe(told.length + told.filter((status) => status === 'COMPENSATED').length);
    const once = async (type: string, id: string | undefined) =>
      expect([type, await count(`platform.change_log WHERE type = '${type}' AND entity_id = '${id}'`)]).toEqual([
        type,
        1,
      ]);
    for (const id of [...ids.values(), undone]) await once('WORKFLOW_ENDED', id);
    await once('CUSTOMER_EXPORTED', ids.get('export'));
    await once('CUSTOMER_ERASED', ids.get('erasure'));
    await once('REPORT_COMPLETED', ids.get('report'));
    await once('BACKUP_COMPLETED', ids.get('backup'));
    expect(await count(`users.users WHERE id = 'cus_acme_0022' OR email = 'undo@example.com'`)).toBe(0);
    const user = `(SELECT id FROM users.users WHERE email = 'kill@example.com')`;
    expect(await count(`platform.change_log WHERE type = 'USER_CREATED' AND entity_id IN ${user}`)).toBe(1);
    expect(await count(`documents.folders WHERE owner_id IN ${user}`)).toBe(5);
    expect(await count(`coordination.notifications WHERE type = 'USER_ONBOARDED' AND user_id IN ${user}`)).toBe(1);
    expect(await count(`platform.change_log WHERE type = 'ANALYTICS_PROCESSED'`)).toBe(1);
    const twice = `SELECT entity_id FROM platform.change_log
      WHERE type IN ('DOCUMENT_PROCESSED', 'DOCUMENT_PROCESSING_FAILED') GROUP BY 1 HAVING count(*) > 1`;
    expect(await count(`(${twice}) AS twice`)).toBe(0);
    expect(await count(`documents.documents WHERE tenant_id = 'acme' AND status = 'UPLOADED'`)).toBe(0);
    expect(await count(`security.compliance_reports WHERE run_id = '${ids.get('audit')}'`)).toBe(1);
    expect(await count(`coordination.notifications WHERE id = '${ids.get('lead')}.1'`)).toBe(1);
    expect(await count(`crm.activities WHERE type = 'LEAD_CREATED' AND entity_id = '${leadId}'`)).toBe(1);
  }, 240_000);
});
