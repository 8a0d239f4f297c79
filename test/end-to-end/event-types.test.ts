import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createFeedCursors } from '../../kernel/changes/feed-cursor.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { type DemoPlatform, startDemoPlatform } from '../support/platform.ts';
import { root } from '../support/source-files.ts';
import { openSocket, type SocketClient } from '../support/streams/socket-client.ts';

type Input = Readonly<Record<string, unknown>>;

/** What the platform knows by a name, the client app that it comes from, and what that app asks for. */
interface Row {
  readonly types: readonly string[];
  readonly from: string;
  readonly asks: readonly (readonly [mutation: string, input: Input])[];
  /** The app that the log names, where a workflow has done it. */
  readonly by?: string;
}

const soon = { startsAt: '2099-01-01T01:00:00.000Z', endsAt: '2099-01-01T02:00:00.000Z' };
const ada = { firstName: 'Ada', lastName: 'Byron' };

/** In an order in which each finds what it needs. */
const table: readonly Row[] = [
  row('USER_CREATED', 'flow-web', ['createUser', { id: 'usr_e', username: 'ada.e', email: 'ada.e@example.com' }]),
  row('USER_UPDATED', 'flow-web', ['updateUser', { id: 'usr_e', username: 'ada.f' }]),
  row('USER_LOGGED_IN', 'crm-web', [
    'createSession',
    { userId: 'usr_e', app: 'crm-web', sessionType: 'customer_care' },
  ]),
  row('LEAD_CREATED', 'flow-web', ['createLead', { ...ada, id: 'lea_e', email: 'ada.e@example.com' }]),
  row('LEAD_UPDATED', 'flow-web', ['updateLead', { id: 'lea_e', company: 'Engines' }]),
  row('LEAD_STATUS_CHANGED', 'flow-web', ['updateLead', { id: 'lea_e', status: 'CONTACTED' }]),
  row('LEAD_ASSIGNED', 'flow-web', ['updateLead', { id: 'lea_e', assigneeId: 'usr_e' }]),
  row('CONTACT_CREATED', 'crm-web', ['createContact', { ...ada, id: 'con_e' }]),
  row('CONTACT_UPDATED', 'crm-web', ['updateContact', { id: 'con_e', phone: '+45 12345678' }]),
  row('ACTIVITY_CREATED', 'voice-agent', ['logActivity', { ...about('CALL'), id: 'act_e' }]),
  row('ACTIVITY_COMPLETED', 'voice-agent', ['completeActivity', { id: 'act_e' }]),
  row('MEETING_SCHEDULED', 'voice-agent', ['logActivity', { ...about('MEETING'), dueAt: '2099-01-01T10:00:00Z' }]),
  row(
    'CONTACT_MERGED',
    'crm-web',
    ['createContact', { ...ada, id: 'con_f' }],
    ['mergeContacts', { sourceId: 'con_e', targetId: 'con_f' }],
  ),
  row('DEAL_CREATED', 'crm-web', ['createDeal', { id: 'dea_e', title: 'An engine', amount: 700, currency: 'SEK' }]),
  row(
    'DEAL_WON REVENUE_MILESTONE',
    'crm-web',
    ['setRevenueMilestones', { currency: 'SEK', amounts: [700] }],
    ['updateDeal', { id: 'dea_e', stage: 'WON' }],
  ),
  row('DEAL_LOST', 'crm-web', ['updateDeal', { id: 'dea_e', stage: 'LOST' }]),
  row(
    'ANALYTICS_THRESHOLD_REACHED',
    'business-dashboard',
    ['trackEvent', { customerId: 'usr_e', type: 'page.viewed' }],
    ['setThreshold', { metric: 'behaviorScore', value: 1.5 }],
    ['trackEvent', { customerId: 'usr_e', type: 'page.left' }],
  ),
  row(
    'DOCUMENT_PROCESSED',
    'flow-web',
    ['uploadDocument', { id: 'doc_e', ownerId: 'usr_e', title: 'A letter', text: 'Dear' }],
    ['processDocument', { id: 'doc_e' }],
  ),
  row('VOICE_PROCESSING_STARTED VOICE_PROCESSING_COMPLETED VOICE_COMMAND_EXECUTED', 'voice-agent', [
    'executeVoiceCommand',
    { command: 'get_leads', parameters: { status: 'NEW', limit: 5 } },
  ]),
  row('SECURITY_INCIDENT', 'secure-platform', [
    'reportIncident',
    { type: 'data_breach', severity: 'HIGH', description: 'A list was sent to the wrong people.' },
  ]),
  row('SYSTEM_MAINTENANCE', 'secure-platform', ['announceMaintenance', { message: 'New disks', ...soon }]),
  {
    ...row('COMPLIANCE_CHECK_COMPLETED', 'secure-platform', ['runComplianceAudit', { focus: 'USERS' }]),
    by: 'coordination',
  },
  { ...row('BACKUP_COMPLETED', 'secure-platform', ['requestBackup', {}]), by: 'coordination' },
];

function row(types: string, from: string, ...asks: Row['asks']): Row {
  return { types: types.split(' '), from, asks };
}

function about(type: string): Input {
  return { type, entityType: 'CONTACT', entityId: 'con_e' };
}

interface Told {
  readonly type: string;
  readonly entityId: string;
  readonly sourceApp: string;
  readonly correlationId: string | null;
  readonly cursor: string;
}

interface Event {
  readonly data: { readonly changes: { readonly reason?: string; readonly changes?: readonly Told[] } };
}

let platform: DemoPlatform;
beforeAll(async () => {
  platform = await startDemoPlatform();
}, 120_000);
afterAll(async () => {
  await platform?.stop();
});

/** Follows changes as a client does, and gives them one by one; `undefined` where the feed ends for a `Resync`. */
async function follow(variables: Input, key = 'demo-acme-admin') {
  const socket: SocketClient = await openSocket(`${platform.url}/graphql`);
  await socket.init({ 'x-tenant-key': key, 'x-source-app': 'business-dashboard' });
  const query = `subscription ($types: [String!], $after: Cursor) { changes(types: $types, after: $after) {
    ... on ChangeBatch { changes { type entityId sourceApp correlationId cursor } } ... on Resync { reason } } }`;
  socket.subscribe('1', query, { variables });
  const arrived: Told[] = [];
  let reason: string | undefined;
  const read = async () => {
    const { type, payload } = await socket.next();
    if (type !== 'next') throw new Error(`No event: ${JSON.stringify({ type, payload })}`);
    const { changes } = (payload as Event).data;
    arrived.push(...(changes.changes ?? []));
    reason = changes.reason;
  };
  await read();
  return {
    async next(): Promise<Told | undefined> {
      while (arrived.length === 0 && reason === undefined) await read();
      return arrived.shift();
    },
    reason: () => reason,
    close: () => socket.ws.close(),
  };
}

async function ask(mutation: string, input: Input, app: string, correlationId: string): Promise<void> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const text = `mutation ($input: ${type}!) { ${mutation}(input: $input) { userErrors { field message } } }`;
  const headers = { 'x-correlation-id': correlationId };
  const answer = await platform.post(text, { input }, { app, headers });
  expect([mutation, answer.data, answer.errors]).toEqual([mutation, { [mutation]: { userErrors: [] } }, undefined]);
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `panorama` on the data of the platform, to its end. */
function run(...args: readonly string[]): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const options = { cwd: platform.directory, env: { PATH: process.env.PATH } };
  const command = [join(root, 'cli/panorama.ts'), ...args, '--data-dir', platform.directory];
  const child = execFile(process.execPath, command, options, (_, stdout, stderr) => {
    resolve({ code: child.exitCode, stdout, stderr });
  });
  return promise;
}

describe('an event type', () => {
  test('every type that the platform knows by name is published by a command and told to who follows', async () => {
    const feed = await follow({ types: table.flatMap(({ types }) => types) });
    for (const { types, from, asks, by = from } of table) {
      const correlationId = `story-${types[0]}`;
      for (const [mutation, input] of asks) await ask(mutation, input, from, correlationId);
      for (const type of types) {
        let told = await feed.next();
        // Apps react to what happened, and that is told too.
        while (told && (told.type !== type || told.correlationId !== correlationId)) told = await feed.next();
        expect([type, told?.sourceApp]).toEqual([type, by]);
      }
    }
    feed.close();
  }, 120_000);

  test('is that of a new tenant, told to who follows its log from the beginning', async () => {
    const made = await run(
      'keys',
      'create',
      '--tenant',
      'initech',
      '--new-tenant',
      'Initech',
      '--name',
      'Admin',
      '--app',
      '*',
      '--role',
      'admin',
    );
    expect([made.code, made.stderr]).toEqual([0, expect.stringContaining('The tenant initech')]);
    const key = made.stdout.trim();
    const here = await platform.post<{ pull: { to: string } }>(
      '{ pull { ... on ChangeBatch { to } } }',
      {},
      { key, app: 'crm-web' },
    );
    const tenantId = parseTenantId('initech');
    const cursors = createFeedCursors(await readFile(join(platform.directory, 'secret'), 'utf8'));
    const { epoch } = cursors.decode(tenantId, here.data.pull.to);
    const after = cursors.encode(tenantId, { epoch, seq: 0 });
    const feed = await follow({ types: ['TENANT_CREATED'], after }, key);
    expect(await feed.next()).toMatchObject({ type: 'TENANT_CREATED', entityId: 'initech' });
    feed.close();
  }, 60_000);
});

describe('an operator', () => {
  test('writes a backup of a tenant and brings it back, while the platform runs; who was erased since stays so', async () => {
    const file = join(platform.directory, 'acme.ndjson.gz');
    const written = await run('backup', '--tenant', 'acme', '--file', file);
    expect([written.code, written.stdout]).toEqual([
      0,
      expect.stringMatching(/^[0-9a-f]{64} {2}\/.*acme\.ndjson\.gz\n$/),
    ]);
    const feed = await follow({ types: ['CUSTOMER_ERASED', 'TENANT_RESTORED'] });
    await ask('createCompany', { id: 'com_late', name: 'Late' }, 'crm-web', 'late');
    await ask('eraseCustomer', { customerId: 'cus_acme_0005', reason: 'Asked for in writing' }, 'crm-web', 'late');
    expect(await feed.next()).toMatchObject({ type: 'CUSTOMER_ERASED' });

    const restored = await run('restore', '--tenant', 'acme', '--file', file, '--replace');
    expect([restored.code, restored.stderr, restored.stdout]).toEqual([0, '', expect.stringContaining('1 customers')]);
    expect([await feed.next(), feed.reason()]).toEqual([undefined, 'EPOCH_CHANGED']);
    feed.close();

    const erasedAgain = await follow({ types: ['CUSTOMER_ERASED'] });
    const read = `{ company(id: "com_late") { id } customer360(id: "cus_acme_0005") { profile { email } }
      events(filter: {types: ["TENANT_RESTORED", "CUSTOMER_ERASED"]}, first: 2) { nodes { type } } }`;
    type Seen = { company: unknown; customer360: unknown; events: { nodes: { type: string }[] } };
    let seen = (await platform.post<Seen>(read)).data;
    if (seen.events.nodes[0]?.type !== 'CUSTOMER_ERASED') {
      await erasedAgain.next();
      seen = (await platform.post<Seen>(read)).data;
    }
    erasedAgain.close();
    expect(seen).toMatchObject({
      company: null,
      events: { nodes: [{ type: 'CUSTOMER_ERASED' }, { type: 'TENANT_RESTORED' }] },
    });
    expect(seen.customer360).toBeNull();
  }, 120_000);
});
