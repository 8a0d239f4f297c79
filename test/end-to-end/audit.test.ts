import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createDataDirectory, type PlatformProcess, type Sender, startPlatformProcess } from '../support/platform.ts';

interface AuditRecord {
  readonly kind: string;
  readonly outcome: string;
  readonly [field: string]: string | null;
}

interface Records {
  readonly auditRecords: { readonly nodes: readonly AuditRecord[] };
}

const recordsQuery = `query ($filter: AuditRecordFilter) {
  auditRecords(first: 100, filter: $filter) {
    nodes {
      kind outcome sourceApp targetApp credentialId userId operationName mutation entity entityId code reason permission
      correlationId
    }
  }
}`;

const createLead = `mutation CreateOne($email: String!) {
  createLead(input: {firstName: "Ada", lastName: "Byron", email: $email, source: "website"}) {
    lead { id } userErrors { code }
  }
}`;

let directory: Awaited<ReturnType<typeof createDataDirectory>>;
let platform: PlatformProcess;
beforeAll(async () => {
  directory = await createDataDirectory({ demo: true });
  platform = await startPlatformProcess(directory.path);
}, 120_000);
afterAll(async () => {
  await platform.end('SIGTERM');
  await directory.remove();
});

/** Sends an operation under a correlation id of its own. */
function send<Data = Record<string, unknown>>(id: string, query: string, variables: object, sender: Sender = {}) {
  return platform.post<Data>(query, variables, { ...sender, headers: { 'x-correlation-id': id } });
}

/** What is written at some time, beside what a test looks for; as is what apps do by themselves in answer to a change. */
const unawaited = new Set(['CROSS_APP_ACCESS', 'KEY_FIRST_USED']);
const isOfApp = ({ credentialId }: AuditRecord) => credentialId?.startsWith('app:') === true;

/** The records that a filter finds, the newest first, without what is null. */
async function find(filter: object, key = 'demo-acme-admin'): Promise<Partial<AuditRecord>[]> {
  const { data, errors } = await platform.post<Records>(recordsQuery, { filter }, { key });
  expect(errors).toBeUndefined();
  const asksForAll = 'kind' in filter || 'entityId' in filter;
  const nodes = data.auditRecords.nodes.filter((one) => !isOfApp(one) && (asksForAll || !unawaited.has(one.kind)));
  return nodes.map((node) => Object.fromEntries(Object.entries(node).filter(([, value]) => value !== null)));
}

/** Finds records that are written without anybody waiting for them. */
async function findSoon(filter: object): Promise<Partial<AuditRecord>[]> {
  let found = await find(filter);
  for (; found.length === 0; found = await find(filter)) await sleep(20);
  return found;
}

const keyOf = async (name: string): Promise<string> => {
  const { data } = await platform.post<{ apiKeys: { nodes: { id: string; name: string }[] } }>(
    '{ apiKeys(first: 100) { nodes { id name } } }',
  );
  return data.apiKeys.nodes.find((one) => one.name === name)?.id ?? '';
};

describe('what is done on the platform', () => {
  test('is recorded: who, from which app, in which operation, to what; and other tenants see nothing of it', async () => {
    const sent = await send<{ createLead: { lead: { id: string } } }>('done-1', createLead, { email: 'a@example.com' });
    expect(await find({ correlationId: 'done-1' })).toEqual([
      {
        kind: 'MUTATION',
        outcome: 'DONE',
        sourceApp: 'crm-web',
        targetApp: 'crm',
        credentialId: await keyOf('Acme admin'),
        operationName: 'CreateOne',
        mutation: 'createLead',
        entity: 'Lead',
        entityId: sent.data.createLead.lead.id,
        correlationId: 'done-1',
      },
    ]);
    expect(await find({ correlationId: 'done-1' }, 'demo-globex-admin')).toEqual([]);
    expect(await find({ credentialId: await keyOf('Acme admin') }, 'demo-globex-admin')).toEqual([]);
  });

  test('and is not allowed in part is one record, whatever of the operation is refused', async () => {
    const query = 'query Overview { leads { totalCount } again: leads { totalCount } contacts { totalCount } }';
    const answer = await send('denied-1', query, {}, { key: 'demo-acme-crm-web' });
    expect(answer).toMatchObject({ status: 200, data: { leads: null, contacts: { totalCount: expect.any(Number) } } });
    expect(await find({ correlationId: 'denied-1', kind: 'DENIAL' })).toEqual([
      {
        kind: 'DENIAL',
        outcome: 'DENIED',
        sourceApp: 'crm-web',
        credentialId: await keyOf('Acme CRM web'),
        operationName: 'Overview',
        code: 'FORBIDDEN',
        permission: expect.stringContaining('read:leads'),
        correlationId: 'denied-1',
      },
    ]);
  });

  test('and is not allowed at all names the mutation, which reached no app', async () => {
    const answer = await send('denied-2', createLead, { email: 'b@example.com' }, { key: 'demo-acme-readonly' });
    expect(answer.status).toBe(403);
    expect(await find({ correlationId: 'denied-2' })).toMatchObject([
      { kind: 'DENIAL', mutation: 'createLead', operationName: 'CreateOne', permission: 'write:leads' },
    ]);
  });

  test('with a key from an app that it is not for is recorded, before there is a principal', async () => {
    const sender = { key: 'demo-acme-crm-web', app: 'voice-agent' };
    expect((await send('denied-3', '{ contacts { totalCount } }', {}, sender)).status).toBe(403);
    expect(await find({ correlationId: 'denied-3' })).toEqual([
      {
        kind: 'DENIAL',
        outcome: 'DENIED',
        sourceApp: 'voice-agent',
        credentialId: await keyOf('Acme CRM web'),
        code: 'FORBIDDEN',
        reason: 'APP_NOT_ALLOWED',
        correlationId: 'denied-3',
      },
    ]);
  });

  test('with keys is recorded from their making to their end', async () => {
    const input = { name: 'Short', permissions: ['read:contacts'], allowedApps: ['crm-web', 'flow-web'] };
    const made = await send<{ createApiKey: { key: string; apiKey: { id: string } } }>(
      'key-1',
      'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { key apiKey { id } userErrors { code } } }',
      { input },
    );
    const { key, apiKey } = made.data.createApiKey;
    const contacts = '{ contacts { totalCount } }';
    const issueToken = 'mutation { issueToken(input: {app: "flow-web"}) { token userErrors { code } } }';
    const issued = await send<{ issueToken: { token: string } }>('key-2', issueToken, {}, { key });
    const bearer = { authorization: `Bearer ${issued.data.issueToken.token}`, 'x-correlation-id': 'key-3' };
    expect((await platform.post(contacts, {}, { key: '', headers: bearer })).status).toBe(200);
    const elsewhere = { ...bearer, 'x-correlation-id': 'key-6' };
    expect((await platform.post(contacts, {}, { key: '', app: 'crm-web', headers: elsewhere })).status).toBe(403);
    await send('key-4', 'mutation ($id: ID!) { revokeApiKey(input: {id: $id}) { userErrors { code } } }', apiKey);
    for (let { status } = await send('key-5', contacts, {}, { key }); status === 200; await sleep(20)) {
      ({ status } = await send('key-5', contacts, {}, { key }));
    }

    const filter = { entity: 'ApiKey', entityId: apiKey.id };
    await findSoon({ ...filter, kind: 'KEY_FIRST_USED', app: 'flow-web' });
    await findSoon({ ...filter, kind: 'KEY_FIRST_USED', app: 'crm-web' });
    const ofKey = (await find(filter)).map(({ kind, sourceApp, correlationId }) => [kind, sourceApp, correlationId]);
    expect(ofKey.sort()).toEqual([
      ['KEY_CREATED', 'crm-web', 'key-1'],
      ['KEY_FIRST_USED', 'crm-web', 'key-2'],
      ['KEY_FIRST_USED', 'flow-web', 'key-3'],
      ['KEY_REVOKED', 'crm-web', 'key-4'],
    ]);
    expect(await find({ correlationId: 'key-2', kind: 'KEY_EXCHANGED' })).toMatchObject([{ credentialId: apiKey.id }]);
    expect(await find({ correlationId: 'key-5', kind: 'DENIAL' })).toMatchObject([
      { credentialId: apiKey.id, code: 'UNAUTHENTICATED', reason: 'KEY_REVOKED' },
    ]);
    // What its token does too.
    expect(await find({ correlationId: 'key-6' })).toMatchObject([
      { kind: 'DENIAL', reason: 'APP_NOT_ALLOWED', credentialId: expect.stringContaining(`${apiKey.id}/`) },
    ]);
    expect(await findSoon({ kind: 'CROSS_APP_ACCESS', app: 'flow-web', credentialId: apiKey.id })).toMatchObject([
      { targetApp: 'crm', credentialId: expect.stringContaining(`${apiKey.id}/`) },
    ]);
  }, 120_000);

  test('reaches other apps: that is recorded for credential, app and app', async () => {
    const credentialId = await keyOf('Acme dashboard');
    const query = '{ customer360(id: "cus_acme_0001") { behavior { behaviorScore } insights { healthScore } } }';
    for (const id of ['often-1', 'often-2', 'often-3']) await send(id, query, {}, { key: 'demo-acme-dashboard' });
    await findSoon({ kind: 'CROSS_APP_ACCESS', credentialId, app: 'coordination' });
    const accesses = await find({ kind: 'CROSS_APP_ACCESS', credentialId });
    // Should an hour have ended in between, each is there twice.
    const pairs = new Set(accesses.map(({ sourceApp, targetApp }) => `${sourceApp} ${targetApp}`));
    expect([...pairs].sort()).toEqual(
      ['analytics', 'coordination', 'documents', 'users'].map((target) => `business-dashboard ${target}`),
    );
  });

  test('is there after the process was killed, if it was acknowledged', async () => {
    const answer = await send('killed-1', createLead, { email: 'c@example.com' });
    await platform.end('SIGKILL');
    platform = await startPlatformProcess(directory.path);
    expect(answer.data).toMatchObject({ createLead: { userErrors: [] } });
    expect(await find({ correlationId: 'killed-1' })).toMatchObject([{ kind: 'MUTATION', outcome: 'DONE' }]);
  }, 120_000);
});
