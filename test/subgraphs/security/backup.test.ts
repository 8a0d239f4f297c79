import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeDemoTenants } from '../../../cli/demo/tenants.ts';
import { backupSchemas } from '../../../cli/open-backups.ts';
import { type RestoreRequest, restoreTenant } from '../../../kernel/data/backup/restore-tenant.ts';
import { writeBackup } from '../../../kernel/data/backup/write-backup.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { apps as suite } from '../../../subgraphs/index.ts';
import type { TestApp, TestStream } from '../../support/app.ts';
import { testSecret } from '../../support/database.ts';
import { runStatements } from '../../support/run-statements.ts';
import { beginRun, endOfRun, readRun, startWorkflowApps, type WorkflowApps } from '../../support/workflow-apps.ts';
import { createIn, createLeadIn, sendTo } from '../crm/arrange.ts';

const acme = parseTenantId('acme');
let apps: WorkflowApps;
let crm: TestApp;
let security: TestApp;
let folder: string;
const ownerUrl = () => apps.database.ownerUrl;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panorama-restores-'));
  apps = await startWorkflowApps();
  ({ crm, security } = apps.others);
  for (const tenant of makeDemoTenants(testSecret())) {
    const few = { ...tenant, people: tenant.people.slice(0, 12) };
    for (const app of [...Object.values(apps.others), apps.coordination]) await app.insertDemo(few);
    const caller = { tenant: tenant.id };
    const { id } = await createLeadIn(crm, { email: 'ada@example.com', note: 'Wänts "two"\n{engines}' }, caller);
    await sendTo(crm, 'convertLead', { id, deal: { stage: 'WON', amount: 5 } }, 'lead { id }', caller);
  }
}, 120_000);
afterAll(async () => {
  await apps.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What is not brought back: who did what stays, as do keys and which backups there are; and the log begins another life. */
const notBroughtBack = ['platform.audit_records', 'platform.seal_keys', 'platform.log_floors', 'security.backups'];

/** What the tables of a tenant come to, those of triggers too; by their names. */
async function fingerprint(tenant: string): Promise<Record<string, unknown>> {
  const tables = await runStatements(
    ownerUrl(),
    `SELECT nspname || '.' || relname AS name FROM pg_class t JOIN pg_namespace n ON n.oid = relnamespace
     JOIN pg_attribute ON attrelid = t.oid AND attname = 'tenant_id' WHERE relkind IN ('r', 'p') AND NOT relispartition
     AND nspname IN ('platform', ${backupSchemas.map((name) => `'${name}'`).join()})`,
  );
  const sums = tables
    .map(({ name }) => String(name))
    .filter((name) => !notBroughtBack.includes(name))
    .map((name) => {
      const news = name === 'platform.change_log' ? `AND type <> 'TENANT_RESTORED'` : '';
      return `SELECT '${name}' AS name, count(*) || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS sum
        FROM ${name} t WHERE tenant_id = '${tenant}' ${news}`;
    });
  const rows = await runStatements(ownerUrl(), sums.join(' UNION ALL '));
  return Object.fromEntries(rows.map(({ name, sum }) => [name, sum]));
}

async function backUp(name: string): Promise<string> {
  const file = join(folder, name);
  await writeBackup({ ownerUrl: ownerUrl(), schemas: backupSchemas, tenantId: acme, file });
  return file;
}

const restore = (file: string, asked: Partial<RestoreRequest> = {}) =>
  restoreTenant({
    ...{ ownerUrl: ownerUrl(), schemas: backupSchemas, tenantId: acme, file, replaces: true },
    erasure: { type: 'CUSTOMER_ERASED', field: 'customerId' },
    news: { type: 'TENANT_RESTORED', app: 'users', entity: 'Tenant' },
    afterwards: suite.flatMap(({ afterRestore = [] }) => afterRestore),
    ...asked,
  });

interface Told {
  readonly changes: {
    readonly reason?: string;
    readonly to: string;
    readonly changes: { readonly type: string; readonly entityId: string; readonly data: Record<string, unknown> }[];
  };
}

const follow = (args = '') =>
  apps.coordination.subscribe<Told>(`subscription { changes${args} {
    ... on ChangeBatch { to changes { type entityId data } } ... on Resync { reason } } }`);

/** The next change of a feed, or its end. */
async function nextOf(feed: TestStream<Told>) {
  for (;;) {
    const { reason, changes = [] } = (await feed.next()).changes;
    if (reason !== undefined || changes.length > 0) return { reason, changes };
  }
}

describe('a backup', () => {
  test('is made by a run, and is then a file with the checksum that is told', async () => {
    const feed = await follow('(types: ["BACKUP_COMPLETED"])');
    await feed.next();
    const past = join(security.backupDirectory, 'acme', '2020-01-01T000000.000Z-old.ndjson.gz');
    await mkdir(dirname(past), { recursive: true });
    await writeFile(past, 'long past its time');
    const id = await beginRun(apps, 'requestBackup', {});
    const run = await endOfRun(apps, id);
    const { fileName, ...file } = run.result ?? {};
    const bytes = await readFile(join(security.backupDirectory, String(fileName)));
    const told = { size: bytes.length, checksum: createHash('sha256').update(bytes).digest('hex') };
    expect([run.status, file]).toEqual(['SUCCEEDED', expect.objectContaining(told)]);
    expect(await readdir(dirname(past))).toEqual([basename(String(fileName))]);
    const { changes } = await nextOf(feed);
    expect(changes).toMatchObject([{ type: 'BACKUP_COMPLETED', entityId: id, data: { ...told, fileName } }]);
    await feed.return();
    const list = `{ backups(first: 5) { totalCount nodes { id status fileName size checksum rowCount } } }`;
    const { data } = await security.execute(list);
    expect(data).toEqual({
      backups: { totalCount: 1, nodes: [{ id, status: 'COMPLETED', fileName, ...told, rowCount: file.rowCount }] },
    });
    const mode = (await stat(join(security.backupDirectory, String(fileName)))).mode & 0o777;
    expect(mode.toString(8)).toBe('600');
    const elsewhere = await security.execute(list, {}, { tenant: 'globex' });
    expect(elsewhere.data).toEqual({ backups: { totalCount: 0, nodes: [] } });
    const refused = await apps.coordination.execute(
      'mutation { requestBackup(input: {}) { run { id } } }',
      {},
      { permissions: ['write:workflows', 'read:*'] },
    );
    expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', permission: 'write:backups' });
  });

  test('that cannot be written ends as a failed run and a failed backup', async () => {
    const feed = await follow('(types: ["BACKUP_FAILED"])');
    await feed.next();
    let asked = 0;
    apps.interfere(async (_app, call) => {
      asked += 1;
      // It has begun; the folder is one that nobody may write to.
      return asked === 2 ? { errors: [{ message: 'No.', extensions: { code: 'CONFLICT' } }] } : await call();
    });
    const id = await beginRun(apps, 'requestBackup', { id: 'bak_failing' });
    const { status, steps } = await endOfRun(apps, id);
    apps.interfere(undefined);
    const ended = steps.map((step) => `${step.name} ${step.status}`);
    expect([status, ended]).toEqual([
      'FAILED',
      ['begin SUCCEEDED', 'announce COMPENSATED', 'write FAILED', 'complete SKIPPED'],
    ]);
    const { changes } = await nextOf(feed);
    expect(changes).toMatchObject([{ entityId: id, data: { status: 'FAILED', size: null } }]);
    await feed.return();
  });
});

describe('a restore', () => {
  test('brings back every row of the tenant, and touches no other', async () => {
    const file = await backUp('all.ndjson.gz');
    const before = await fingerprint('acme');
    const other = await fingerprint('globex');
    const feed = await follow();
    const { to: cursor } = (await feed.next()).changes;
    const { id } = await createLeadIn(crm, { email: 'late@example.com' });
    await sendTo(crm, 'updateLead', { id: 'lea_acme_0001', note: 'Changed later' }, 'lead { id }');
    await createIn(crm, 'Deal', { title: 'Late', amount: 1, currency: 'EUR' });
    await apps.others.users.execute(
      'mutation { createUser(input: {username: "late", email: "l@example.com"}) { user { id } } }',
    );
    await runStatements(ownerUrl(), `DELETE FROM documents.documents WHERE tenant_id = 'acme'`);
    await nextOf(feed);
    expect(await fingerprint('acme')).not.toEqual(before);

    const restored = await restore(file);
    expect(restored.rowCount).toBeGreaterThan(300);
    expect(await fingerprint('acme')).toEqual(before);
    expect(await fingerprint('globex')).toEqual(other);
    const { data } = await crm.execute('query ($id: ID!) { lead(id: $id) { id } }', { id });
    expect(data).toEqual({ lead: null });
    // Whoever follows, or comes back with a cursor of the other life, is to load what is there now.
    let last = await nextOf(feed);
    while (last.reason === undefined) last = await nextOf(feed);
    expect(last.reason).toBe('EPOCH_CHANGED');
    const pull = `query ($after: Cursor) { pull(after: $after, limit: 9) {
      ... on Resync { reason from } ... on ChangeBatch { changes { type } } } }`;
    const resync = await apps.coordination.execute<{ pull: { reason: string; from: string } }>(pull, { after: cursor });
    expect(resync.data.pull.reason).toBe('EPOCH_CHANGED');
    await createIn(crm, 'Company', { name: 'After' });
    const on = await apps.coordination.execute(pull, { after: resync.data.pull.from });
    expect(on.data).toEqual({ pull: { changes: [{ type: 'COMPANY_CREATED' }] } });
  }, 60_000);

  test('keeps destroyed the keys that were destroyed, and names who has to be erased again', async () => {
    const file = await backUp('erased.ndjson.gz');
    const person = 'cus_acme_0003';
    await apps.others.users.execute(
      `mutation { updateUser(input: {id: "${person}", username: "renamed"}) { user { id } } }`,
    );
    const later = await backUp('erased-later.ndjson.gz');
    await endOfRun(apps, await beginRun(apps, 'eraseCustomer', { customerId: person, reason: 'Asked for' }));
    const { erasedSince } = await restore(later);
    expect(erasedSince).toEqual([person]);
    const { data } = await apps.coordination.execute<{ events: { nodes: { data: object }[] } }>(
      '{ events(filter: {types: ["USER_UPDATED"]}, first: 1) { nodes { data } } }',
    );
    expect(data.events.nodes[0]?.data).toMatchObject({ id: person, erased: true });
    expect((await restore(file)).erasedSince).toEqual([]);
  }, 60_000);

  test('ends runs that were under way, which can be begun anew', async () => {
    const again = (id: string) =>
      apps.coordination.execute(`mutation { retryWorkflow(input: {id: "${id}"}) { userErrors { code } } }`);
    const set = (id: string, state: string) =>
      runStatements(ownerUrl(), `UPDATE coordination.workflow_runs SET ${state} WHERE id = '${id}' RETURNING id`);
    apps.interfere(async () => ({ errors: [{ message: 'No.', extensions: { code: 'CONFLICT' } }] }));
    const id = await beginRun(apps, 'runDataPipeline', {});
    expect((await endOfRun(apps, id)).status).toBe('FAILED');
    apps.interfere(undefined);
    await set(id, `status = 'RUNNING', ended_at = NULL`); // as it is in the middle of a run
    const file = await backUp('under-way.ndjson.gz');
    await set(id, `status = 'FAILED', ended_at = now()`);
    await again(id);
    expect(await endOfRun(apps, id)).toMatchObject({ status: 'SUCCEEDED', attempt: 2 });

    await restore(file);
    const message = 'The tenant was restored while the run was under way.';
    expect(await readRun(apps, id)).toMatchObject({
      status: 'FAILED',
      attempt: 1,
      error: { code: 'CONFLICT', message },
    });
    await again(id);
    expect(await endOfRun(apps, id)).toMatchObject({ status: 'SUCCEEDED', attempt: 2 });
  });
});

describe('a restore is refused', () => {
  let good: Buffer;
  let before: readonly object[];
  const fingerprints = async () => [await fingerprint('acme'), await fingerprint('globex')];
  beforeAll(async () => {
    good = await readFile(await backUp('good.ndjson.gz'));
    before = await fingerprints();
  });

  const edited = (pattern: RegExp, text: string) => (bytes: Buffer) =>
    gzipSync(gunzipSync(bytes).toString().replace(pattern, text));
  const same = (bytes: Buffer) => bytes;
  /** The same under a checksum of its own. */
  const signed = (change: (bytes: Buffer) => Uint8Array) => (bytes: Buffer) => {
    const lines = gunzipSync(change(bytes)).toString().split('\n');
    const body = `${lines.slice(0, -2).join('\n')}\n`;
    const end = { ...JSON.parse(lines.at(-2) ?? ''), sha256: createHash('sha256').update(body).digest('hex') };
    return gzipSync(`${body}${JSON.stringify(end)}\n`);
  };

  test.each<[string, (bytes: Buffer) => Uint8Array, Partial<RestoreRequest>, RegExp]>([
    [
      'of which a byte is another',
      (bytes) => bytes.map((byte, place) => (place === bytes.length >> 1 ? byte ^ 255 : byte)),
      {},
      /damaged/,
    ],
    ['that is cut off', (bytes) => bytes.subarray(0, bytes.length >> 1), {}, /damaged/],
    ['without some of its rows', edited(/\n\["acme","lea_acme_0002.*/, ''), {}, /checksum/],
    ['with other words', edited(/Byron/g, 'Biron'), {}, /checksum/],
    ['that is none', () => Buffer.from('{}'), {}, /damaged/],
    ['of another tenant', same, { tenantId: parseTenantId('globex') }, /of the tenant "acme"/],
    ['of another version', signed(edited(/20261202000000_backups/, '20261202000000_other')), {}, /version/],
    ['of a database with other columns', signed(edited(/"last_name"/, '"family_name"')), {}, /otherwise/],
    ['over rows that are not to give way', same, { replaces: false }, /--replace/],
  ])('of a file %s', async (_what, spoil, asked, message) => {
    const file = join(folder, 'spoilt.ndjson.gz');
    await writeFile(file, spoil(good));
    await expect(restore(file, asked)).rejects.toThrow(message);
  });

  test('of a file that is not there', async () => {
    await expect(restore(join(folder, 'none'))).rejects.toThrow(/cannot be read/);
  });

  test('with nothing written, and no unfinished file left behind', async () => {
    expect(await fingerprints()).toEqual(before);
    expect((await readdir(folder)).filter((name) => name.includes('unfinished'))).toEqual([]);
  });
});
