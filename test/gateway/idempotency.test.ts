import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { signCalls } from '../../gateway/connections/sign-calls.ts';
import { composeSupergraph } from '../../gateway/supergraph/compose.ts';
import { serveAlways } from '../../gateway/supergraph/served-supergraph.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import type { Connection } from '../../kernel/subgraph/connection.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { createCallSigner } from '../../kernel/tenancy/subgraph-token.ts';
import { crm } from '../../subgraphs/crm/index.ts';
import { documents } from '../../subgraphs/documents/index.ts';
import { users } from '../../subgraphs/users/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { secretOfTests } from '../support/call-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type AnonymousGateway, openAnonymousGateway } from '../support/federation/anonymous-gateway.ts';
import { accessWith } from '../support/federation/guarded-gateway.ts';
import { runStatements } from '../support/run-statements.ts';

let database: TestDatabase;
let apps: TestApp[];
let gateway: AnonymousGateway;
/** How many answers of apps to mutations are lost from now on, after they are done. */
let answersToLose = 0;

const keys = {
  acme: { tenant: 'acme', app: 'crm-web' },
  colleague: { tenant: 'acme', app: 'crm-web' },
  globex: { tenant: 'globex', app: 'crm-web' },
};

function connect({ running: { name, execute } }: TestApp): Connection {
  const signed = signCalls(execute, createCallSigner(secretOfTests, name));
  return async (request) => {
    const answer = await signed(request);
    if (request.operationKind === 'mutation' && answersToLose > 0) {
      answersToLose -= 1;
      throw new Error('The answer was lost on its way.');
    }
    return answer;
  };
}

beforeAll(async () => {
  database = await createTestDatabase();
  apps = [];
  for (const app of [users, documents, crm]) apps.push(await startTestApp(app, database));
  await apps[0]?.insertDemo({ id: parseTenantId('acme'), name: 'The company', people: [], keys: [] });
  const parts = apps.map(({ running: { name, sdl } }) => ({ name, sdl, url: `http://${name}.invalid` }));
  const connections = new Map(apps.map((app) => [app.running.name, connect(app)]));
  gateway = await openAnonymousGateway(serveAlways(composeSupergraph(parts), connections), {
    access: accessWith(keys),
  });
});
afterAll(async () => {
  await gateway?.stop();
  for (const app of apps) await app.stop();
  await database.drop();
});

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly data: Readonly<Record<string, Readonly<Record<string, unknown>> | null>> | null;
  readonly errors?: readonly { readonly extensions: Readonly<Record<string, unknown>> }[];
}

async function send(
  query: string,
  variables: object,
  idempotencyKey?: string,
  key: keyof typeof keys = 'acme',
): Promise<Answer> {
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-tenant-key': key,
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  return { status: response.status, text, ...JSON.parse(text) };
}

const createLead = `mutation ($input: CreateLeadInput!) {
  createLead(input: $input) { lead { id firstName createdAt contact { email } } userErrors { code } } }`;
const leadInput = (email: string) => ({ input: { firstName: 'Ada', lastName: 'Byron', email } });

async function countLeads(email: string, key: keyof typeof keys = 'acme'): Promise<unknown> {
  const query = 'query ($email: String) { leads(filter: { email: $email }) { totalCount } }';
  return (await send(query, { email }, undefined, key)).data?.leads?.totalCount;
}

describe('a mutation with an idempotency key', () => {
  test('is done once however often it is sent, and answered alike', async () => {
    const answers = [];
    for (let time = 0; time < 3; time++) answers.push(await send(createLead, leadInput('once@example.com'), 'once'));
    expect(answers[0]?.data?.createLead?.lead).toMatchObject({
      firstName: 'Ada',
      contact: { email: 'once@example.com' },
    });
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await countLeads('once@example.com')).toBe(1);
  });

  test('is done once when it is sent several times at once', async () => {
    const many = Array.from({ length: 4 }, () => send(createLead, leadInput('race@example.com'), 'race'));
    const texts = (await Promise.all(many)).map(({ text }) => text);
    expect(new Set(texts).size).toBe(1);
    expect(await countLeads('race@example.com')).toBe(1);
  });

  test('is done once when its answer was lost after it was done', async () => {
    answersToLose = 1;
    const lost = await send(createLead, leadInput('lost@example.com'), 'lost');
    expect(lost.errors?.[0]?.extensions.code).toBe('SUBGRAPH_UNAVAILABLE');
    const found = await send(createLead, leadInput('lost@example.com'), 'lost');
    expect(found.data?.createLead?.lead).toMatchObject({ firstName: 'Ada' });
    expect(await countLeads('lost@example.com')).toBe(1);
  });

  test('goes on with the fields that were not done, whichever apps they belong to', async () => {
    const several = `mutation ($lead: CreateLeadInput!, $other: CreateLeadInput!, $folder: CreateFolderInput!) {
      first: createLead(input: $lead) { lead { id } userErrors { code } }
      createFolder(input: $folder) { folders { id name } userErrors { code } }
      second: createLead(input: $other) { lead { id } userErrors { code } } }`;
    const variables = {
      lead: leadInput('several@example.com').input,
      other: leadInput('several@example.com').input,
      folder: { ownerId: 'someone', name: newEntityId() },
    };
    answersToLose = 1;
    const begun = await send(several, variables, 'several');
    expect(begun.errors).toBeDefined();
    const whole = await send(several, variables, 'several');
    expect(whole.errors).toBeUndefined();
    expect(await send(several, variables, 'several')).toMatchObject({ data: whole.data });
    const { first, second, createFolder } = whole.data ?? {};
    expect(new Set([first, second].map((payload) => JSON.stringify(payload?.lead))).size).toBe(2);
    expect(createFolder).toMatchObject({ userErrors: [] });
    expect(await countLeads('several@example.com')).toBe(2);
  });

  test('gives a key of the platform again that it made, which nobody finds in the database', async () => {
    const createApiKey = `mutation ($input: CreateApiKeyInput!) {
      createApiKey(input: $input) { key apiKey { prefix } userErrors { code } } }`;
    const input = { name: 'made once', permissions: ['read:leads'], allowedApps: ['crm-web'] };
    const made = await send(createApiKey, { input }, 'make-a-key');
    const again = await send(createApiKey, { input }, 'make-a-key');
    expect(made.data?.createApiKey?.key).toMatch(/^pk_/);
    expect(again.text).toBe(made.text);
    const kept: readonly object[] = await runStatements(
      database.ownerUrl,
      `SET panorama.operator = 'yes'`,
      'SELECT result FROM platform.idempotent_results',
    );
    const texts = kept.map((row) => Buffer.from((row as { result: string }).result, 'base64').toString('latin1'));
    expect(texts.length).toBeGreaterThan(0);
    expect(texts.join()).not.toContain(String(made.data?.createApiKey?.key).slice(3, 20));
  });

  test('is tried again when it was refused', async () => {
    const id = newEntityId();
    const updateLead = `mutation ($input: UpdateLeadInput!) {
      updateLead(input: $input) { lead { phone } userErrors { code } } }`;
    const variables = { input: { id, phone: '123 456' } };
    const early = await send(updateLead, variables, 'early');
    expect(early.data?.updateLead).toMatchObject({ userErrors: [{ code: 'NOT_FOUND' }] });
    await send(createLead, { input: { ...leadInput('early@example.com').input, id } });
    const late = await send(updateLead, variables, 'early');
    expect(late.data?.updateLead).toMatchObject({ lead: { phone: '123 456' }, userErrors: [] });
  });

  test('refuses another request under its key, with the status for that', async () => {
    await send(createLead, leadInput('mine@example.com'), 'reused');
    const otherVariables = await send(createLead, leadInput('other@example.com'), 'reused');
    expect(otherVariables).toMatchObject({
      status: 422,
      errors: [{ extensions: { code: 'IDEMPOTENCY_MISMATCH' } }],
    });
    expect(otherVariables.data).toBeUndefined();
    const createFolder = `mutation ($input: CreateFolderInput!) { createFolder(input: $input) { folders { id } } }`;
    const otherApp = await send(createFolder, { input: { ownerId: 'someone', name: newEntityId() } }, 'reused');
    expect(otherApp).toMatchObject({ status: 422, errors: [{ extensions: { code: 'IDEMPOTENCY_MISMATCH' } }] });
    expect(await countLeads('other@example.com')).toBe(0);
  });

  test('has its key to itself: others use the same one for their own', async () => {
    for (const key of ['acme', 'colleague', 'globex'] as const) {
      const answer = await send(createLead, leadInput('shared@example.com'), 'shared', key);
      expect(answer.data?.createLead).toMatchObject({ userErrors: [] });
    }
    expect(await countLeads('shared@example.com')).toBe(2);
    expect(await countLeads('shared@example.com', 'globex')).toBe(1);
  });

  test('leaves one record in the audit', async () => {
    const before = await countRecords();
    await send(createLead, leadInput('audited@example.com'), 'audited');
    await send(createLead, leadInput('audited@example.com'), 'audited');
    expect((await countRecords()) - before).toBe(1);
  });

  test.each(['', 'two words', 'x'.repeat(129), 'caf\u00e9'])('refuses %j as a key', async (key) => {
    const answer = await send(createLead, leadInput('never@example.com'), key);
    expect(answer).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'BAD_USER_INPUT', field: 'idempotency-key' } }],
    });
  });
});

async function countRecords(): Promise<number> {
  const rows: readonly object[] = await runStatements(
    database.ownerUrl,
    `SET panorama.operator = 'yes'`,
    `SELECT count(*)::integer AS count FROM platform.audit_records WHERE mutation = 'createLead'`,
  );
  return (rows[0] as { count: number }).count;
}
