import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeDemoTenants } from '../../../cli/demo/tenants.ts';
import type { DemoTenant } from '../../../kernel/subgraph/demo-tenant.ts';
import { openKeyAuthenticator } from '../../../subgraphs/users/authenticate.ts';
import { users } from '../../../subgraphs/users/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';

const secret = 'a secret for tests';
const tenants = makeDemoTenants(secret);
const [acme] = tenants as [DemoTenant];

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(users);
  for (const tenant of tenants) await app.insertDemo(tenant);
});
afterAll(() => app.stop());

test.each(['acme', 'globex'])(
  'the demo data of %s have 200 customers, of whom the first has logged in and the second never has',
  async (tenant) => {
    const { data } = await app.execute(
      `{
      customers(first: 1) { totalCount }
      one: customer360(id: "cus_${tenant}_0001") { profile { lastLogin } }
      two: customer360(id: "cus_${tenant}_0002") { profile { lastLogin } }
      sessions(filter: { userId: "cus_${tenant}_0002" }) { totalCount }
    }`,
      {},
      { tenant },
    );
    expect(data).toEqual({
      customers: { totalCount: 200 },
      one: { profile: { lastLogin: expect.stringMatching(/^2026-/) } },
      two: { profile: { lastLogin: null } },
      sessions: { totalCount: 0 },
    });
  },
);

test('the demo data have the same people, by e-mail address, in both tenants, each with its own id', async () => {
  const read = '{ users(first: 100) { nodes { id email } } }';
  interface Users {
    readonly users: { readonly nodes: readonly { readonly id: string; readonly email: string }[] };
  }
  const [ofAcme, ofGlobex] = await Promise.all(
    ['acme', 'globex'].map((tenant) => app.execute<Users>(read, {}, { tenant })),
  );
  const emails = (answer: typeof ofAcme) => answer?.data.users.nodes.map(({ email }) => email);
  expect(emails(ofAcme)).toEqual(emails(ofGlobex));
  expect(ofAcme?.data.users.nodes.every(({ id }) => id.startsWith('cus_acme_'))).toBe(true);
});

test('the demo sessions are of types that their apps may open, the latest of a user at the last login', async () => {
  const { data } = await app.execute<{
    users: {
      nodes: {
        lastLogin: string | null;
        sessions: { startedAt: string; sessionType: string; app: { id: string; sessionTypes: string[] } }[];
      }[];
    };
  }>('{ users(first: 100) { nodes { lastLogin sessions { startedAt sessionType app { id sessionTypes } } } } }');
  const appIds = new Set<string>();
  for (const { lastLogin, sessions } of data.users.nodes) {
    expect(sessions[0]?.startedAt ?? null).toBe(lastLogin);
    for (const session of sessions) {
      appIds.add(session.app.id);
      expect(session.app.sessionTypes).toContain(session.sessionType);
    }
  }
  expect(appIds.size).toBe(9);
});

test('the demo data can be written again and change nothing, not even what was changed since', async () => {
  const read = '{ user(id: "cus_acme_0003") { username version } sessions { totalCount } }';
  await app.execute(
    'mutation { updateUser(input: { id: "cus_acme_0003", username: "changed" }) { userErrors { code } } }',
  );
  const before = await app.execute(read);
  const statements = await app.countStatements(() => app.insertDemo(acme));
  expect(await app.execute(read)).toEqual(before);
  expect(before.data).toMatchObject({ user: { username: 'changed', version: 2 } });
  expect(statements).toBeLessThan(10);
});

test('a demo key opens its tenant while the demo is on, and nothing when it is off', async () => {
  const databaseUrl = app.database.urlFor('users');
  const on = openKeyAuthenticator({ databaseUrl, secret, demo: true });
  const off = openKeyAuthenticator({ databaseUrl, secret, demo: false });
  try {
    const principal = await on.authenticate('demo-acme-crm-web', 'crm-web');
    expect(principal).toMatchObject({
      tenantId: 'acme',
      app: 'crm-web',
      permissions: ['read:contacts', 'write:contacts', 'read:deals'],
    });
    await expect(on.authenticate('demo-acme-crm-web', 'voice-agent')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(on.authenticate('demo-acme-unknown', undefined)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(off.authenticate('demo-acme-admin', undefined)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  } finally {
    await Promise.all([on.stop(), off.stop()]);
  }
});
