import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectionStringFor } from '../../kernel/data/app-role.ts';
import { digestApiKey, makeApiKey } from '../../kernel/tenancy/api-key.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/database.ts';
import { findSecrets } from '../support/find-secrets.ts';
import { keep } from '../support/output-of-run.ts';
import { startPanorama } from '../support/panorama-process.ts';
import { createDataDirectory, type PlatformProcess, startPlatformProcess } from '../support/platform.ts';
import { runStatements } from '../support/run-statements.ts';

const secret = 'the secret of a platform that tells nothing';
const wrongKey = makeApiKey().key;
const wrongToken = `eyJhbGciOiJIUzI1NiJ9.eyJ0ZW5hbnQiOiJhY21lIn0.${'c2lnbmF0dXJl'.repeat(4)}`;

interface KeyAnswer {
  readonly createApiKey: { readonly key: string };
}

/** What a test kept in a folder of its own holds. */
async function secretsAmong(fill: (directory: string) => void): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'panorama-kept-'));
  try {
    fill(directory);
    return findSecrets(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe('a platform that is asked for trouble', () => {
  let directory: Awaited<ReturnType<typeof createDataDirectory>>;
  let database: TestDatabase;
  let platform: PlatformProcess;
  const texts: string[] = [];

  beforeAll(async () => {
    directory = await createDataDirectory();
    database = await createEmptyDatabase();
    const settings = { DATABASE_URL: database.ownerUrl, PANORAMA_SECRET: secret, PANORAMA_DEMO: 'true' };
    platform = await startPlatformProcess(directory.path, [], { ...settings, LOG_LEVEL: 'trace' });
  }, 120_000);
  afterAll(async () => {
    await platform?.end('SIGTERM');
    await database?.drop();
    await directory.remove();
  });

  /** Sends a body as it is, and keeps the whole answer. */
  async function send(body: string, headers: Record<string, string>): Promise<void> {
    const type = { 'content-type': 'application/json' };
    const response = await fetch(`${platform.url}/graphql`, { method: 'POST', headers: { ...type, ...headers }, body });
    texts.push(JSON.stringify([...response.headers]), await response.text());
  }

  test('repeats no credential, and tells none of its own', async () => {
    const ask = (query: string) => JSON.stringify({ query });
    const admin = { 'x-tenant-key': 'demo-acme-admin' };
    const input = '{name: "Made", permissions: ["read:leads"], allowedApps: ["crm-web"]}';
    const made = await platform.post<KeyAnswer>(`mutation { createApiKey(input: ${input}) { key } }`);
    const { key } = made.data.createApiKey;
    await send(ask('{ viewer { app } }'), { 'x-tenant-key': wrongKey });
    await send(ask('{ viewer { app } }'), { authorization: `Bearer ${wrongToken}` });
    await send(ask('{ viewer { app } }'), { authorization: `Bearer ${key}` });
    await send(ask('{ viewer { app } }'), { 'x-tenant-key': key, 'x-source-app': 'elsewhere' });
    await send(ask('{ deals { totalCount } }'), { 'x-tenant-key': key });
    await send(ask(`{ leads(search: 7, after: "${wrongToken}") { totalCount } }`), { 'x-tenant-key': key });
    await send(`{"query": "{ viewer { app } }", "key": "${key}`, { 'x-tenant-key': key });
    await send(ask('{ apiKeys(first: 50) { nodes { id name prefix } } }'), admin);
    // A resolver fails, and its statement with it.
    await runStatements(database.ownerUrl, 'ALTER TABLE users.api_keys RENAME COLUMN created_by TO made_by');
    await send(ask('{ apiKeys(first: 50) { nodes { id name prefix createdBy } } }'), admin);
    await send(ask(`mutation { createApiKey(input: ${input}) { key } }`), admin);

    const digest = digestApiKey(secret, key).toString('hex');
    const roleUrl = connectionStringFor(database.ownerUrl, { app: 'users', secret });
    const written = `${texts.join('\n')}\n${platform.stderr()}`;
    expect(written).toContain('A resolver failed');
    for (const text of [key, digest, wrongKey, wrongToken, secret, new URL(roleUrl).password]) {
      expect(written).not.toContain(text);
    }
  });

  test('says nothing of how it would have reached a database that it does not reach', async () => {
    const password = 'a-password-of-somebody';
    const settings = { DATABASE_URL: `postgresql://somebody:${password}@127.0.0.1:1/none`, PANORAMA_SECRET: secret };
    const refused = startPanorama(['start', '--port', '0'], { directory: directory.path, settings });
    const message = await refused.then(String, String);
    expect(message).toContain('ended with');
    for (const text of [password, secret]) expect(message).not.toContain(text);
  });
});

/** A line of a log of the suite with something in it. */
const logged = (text: string) => (directory: string) =>
  keep({ kind: 'output', source: 'the log of an app', text: `{"level":50,"msg":"It failed: ${text}"}` }, directory);

describe('the look through the output of all tests', () => {
  test.each([
    ['an API key', makeApiKey().key],
    ['a signed token', wrongToken],
    ['a demo key', 'demo-acme-admin'],
    ['a connection string with a password', 'postgresql://panorama_users:4f6d2c@127.0.0.1:5432/panorama'],
    ['a password as Postgres keeps it', 'SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy'],
    ['a digest as Postgres shows it', `\\x${'0f'.repeat(32)}`],
    ['a private key', '-----BEGIN PRIVATE KEY-----'],
  ])('finds %s', async (name, text) => {
    const [found] = await secretsAmong(logged(text));
    expect(found).toContain(`${name} in the log of an app`);
  });

  test('finds the secret of a platform, and what is made of it', async () => {
    const ownerUrl = 'postgresql://panorama:the-password-of-the-owner@127.0.0.1:5432/panorama';
    const roleUrl = new URL(connectionStringFor(ownerUrl, { app: 'crm', secret }));
    const digest = digestApiKey(secret, 'demo-globex-admin').toString('hex');
    for (const text of [secret, digest, roleUrl.password, 'the-password-of-the-owner']) {
      const found = await secretsAmong((directory) => {
        keep({ kind: 'secrets', of: { secret, ownerUrl } }, directory);
        logged(text)(directory);
      });
      expect(found).toHaveLength(1);
    }
  });

  test('finds nothing in lines that hold none, nor in the keys that a start shows', async () => {
    const found = await secretsAmong((directory) => {
      logged('pk_abcdefgh was revoked, the supergraph is 3f2a')(directory);
      keep(
        { kind: 'output', source: 'panorama start: standard output', text: 'Acme admin  demo-acme-admin' },
        directory,
      );
    });
    expect(found).toEqual([]);
  });
});
