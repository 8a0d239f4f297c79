import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { appMatrix } from '../../../kernel/permissions/app-matrix.ts';
import { openKeyAuthenticator } from '../../../subgraphs/users/authenticate.ts';
import { secretOfTests } from '../../support/call-app.ts';
import { runStatements } from '../../support/run-statements.ts';
import { type AccessApp, startAccessApp, type UserError } from './arrange.ts';

let app: AccessApp;
beforeAll(async () => {
  app = await startAccessApp();
});
afterAll(() => app.stop());

interface Keys {
  readonly apiKeys: { readonly totalCount: number; readonly nodes: readonly Record<string, unknown>[] };
}

async function listKeys(tenant: string, filter = {}): Promise<Keys['apiKeys']> {
  const text = `query ($filter: ApiKeyFilter) {
    apiKeys(first: 100, filter: $filter) {
      totalCount
      nodes { id name prefix permissions allowedApps rateLimit status createdBy revokedAt roleAssignments { role { name } } }
    }
  }`;
  return (await app.execute<Keys>(text, { filter }, { tenant })).data.apiKeys;
}

describe('an administrator who makes an API key', () => {
  test('is shown the key once; it opens the door with what was given to it', async () => {
    const expiresAt = '2999-01-01T00:00:00.000Z';
    const input = { name: 'CRM', allowedApps: ['crm-web'], permissions: ['read:leads'], rateLimit: 500, expiresAt };
    const { key, apiKey, userErrors } = await app.createKey({ ...input, roles: ['agent'] });
    expect(userErrors).toEqual([]);
    expect(key).toMatch(new RegExp(`^pk_${apiKey.prefix}_[A-Za-z0-9_-]{43}$`));
    expect(await app.door.authenticate(key, undefined)).toMatchObject({
      tenantId: 'acme',
      app: 'crm-web',
      credentialId: apiKey.id,
      userId: undefined,
      roles: ['agent'],
      permissions: expect.arrayContaining(['read:leads', 'write:assigned-leads']),
      limits: { costPerMinute: 500 },
      expiresAt: Date.parse(expiresAt),
    });
    const listed = (await listKeys('acme')).nodes.find(({ id }) => id === apiKey.id);
    expect(listed).toMatchObject({
      name: 'CRM',
      prefix: apiKey.prefix,
      allowedApps: ['crm-web'],
      rateLimit: 500,
      status: 'ACTIVE',
      createdBy: 'key-of-the-test',
      roleAssignments: [{ role: { name: 'agent' } }],
    });
  });

  test('leaves no copy of it: not in the table, not in the log, and the digest is no part of the graph', async () => {
    const { key } = await app.createKey({ allowedApps: ['crm-web'] });
    const rows = await runStatements(
      app.database.ownerUrl,
      `SELECT set_config('panorama.tenant_id', 'acme', false)`,
      'SELECT row_to_json(k)::text AS row FROM users.api_keys k',
    );
    const secret = key.slice('pk_12345678_'.length);
    expect(JSON.stringify(rows)).toContain(key.slice(3, 11));
    for (const text of [JSON.stringify(rows), ...app.logs]) expect(text).not.toContain(secret);
    const { errors } = await app.execute('{ apiKeys { nodes { digest } } }');
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  test.each(Object.entries(appMatrix))('gives a key for %s alone what the matrix says', async (name, permissions) => {
    const { apiKey } = await app.createKey({ allowedApps: [name] });
    expect(apiKey.permissions).toEqual(permissions);
  });

  test('gives a key with roles, or with an empty list, nothing by itself', async () => {
    const withRole = await app.createKey({ allowedApps: ['crm-web'], roles: ['viewer'] });
    const withNothing = await app.createKey({ allowedApps: ['crm-web'], permissions: [] });
    expect([withRole.apiKey.permissions, withNothing.apiKey.permissions]).toEqual([[], []]);
  });

  test.each([
    ['allowedApps', 'BAD_USER_INPUT', { allowedApps: [] }],
    ['allowedApps.0', 'BAD_USER_INPUT', { allowedApps: ['CRM Web'] }],
    ['permissions', 'BAD_USER_INPUT', { allowedApps: ['crm-web', 'flow-web'] }],
    ['permissions', 'BAD_USER_INPUT', { allowedApps: ['*'] }],
    ['permissions.1', 'BAD_USER_INPUT', { allowedApps: ['crm-web'], permissions: ['read:leads', 'write:leads '] }],
    ['permissions.0', 'BAD_USER_INPUT', { allowedApps: ['crm-web'], permissions: ['*:leads'] }],
    ['permissions.0', 'BAD_USER_INPUT', { allowedApps: ['crm-web'], permissions: ['read:leads,write:leads'] }],
    ['roles', 'NOT_FOUND', { allowedApps: ['crm-web'], roles: ['viewer', 'nobody'] }],
    ['rateLimit', 'BAD_USER_INPUT', { allowedApps: ['crm-web'], rateLimit: 0 }],
    ['expiresAt', 'BAD_USER_INPUT', { allowedApps: ['crm-web'], expiresAt: '2020-01-01T00:00:00Z' }],
    ['name', 'BAD_USER_INPUT', { allowedApps: ['crm-web'], name: ' ' }],
  ])('is told what is wrong with %s (%s), and no key is made', async (field, code, input) => {
    const before = (await listKeys('acme')).totalCount;
    expect(await app.createKey(input)).toMatchObject({ key: null, apiKey: null, userErrors: [{ field, code }] });
    expect((await listKeys('acme')).totalCount).toBe(before);
  });
});

describe('a caller who may make keys but holds little', () => {
  const caller = { permissions: ['write:keys', 'read:keys', 'read:leads', 'sync:*'] };

  test('can give what it holds', async () => {
    const permissions = ['read:leads', 'sync:emails', 'write:keys'];
    const { userErrors } = await app.createKey({ allowedApps: ['flow-web'], permissions }, caller);
    expect(userErrors).toEqual([]);
  });

  test.each([
    ['permissions', '*', { permissions: ['*'] }],
    ['permissions', 'read:*', { permissions: ['read:leads', 'read:*'] }],
    ['permissions', 'write:leads, read:activities', {}],
    ['roles', 'read:*', { roles: ['viewer'] }],
  ])('cannot give more, by %s: %s', async (field, beyond, input) => {
    const before = (await listKeys('acme')).totalCount;
    const refused = await app.createKey({ allowedApps: ['flow-web'], ...input }, caller);
    const message = `Nobody can give what they do not hold: ${beyond}.`;
    expect(refused).toEqual({ key: null, apiKey: null, userErrors: [{ field, code: 'FORBIDDEN', message }] });
    expect((await listKeys('acme')).totalCount).toBe(before);
  });

  test('cannot reach other apps or live longer by a key that it makes with its own key', async () => {
    const own = {
      allowedApps: ['crm-web', 'flow-web'],
      permissions: ['write:keys'],
      expiresAt: '2998-01-01T00:00:00Z',
    };
    const { apiKey } = await app.createKey(own);
    const byOwn = { permissions: ['write:keys', 'read:keys'], credentialId: apiKey.id };
    const make = async (changes: object) => (await app.createKey({ ...own, ...changes }, byOwn)).userErrors;
    expect(await make({ allowedApps: ['flow-web'] })).toEqual([]);
    expect(await make({ allowedApps: ['*'] })).toMatchObject([{ field: 'allowedApps', code: 'FORBIDDEN' }]);
    expect(await make({ allowedApps: ['voice-agent'] })).toMatchObject([{ field: 'allowedApps', code: 'FORBIDDEN' }]);
    expect(await make({ expiresAt: null })).toMatchObject([{ field: 'expiresAt', code: 'FORBIDDEN' }]);
    expect(await make({ expiresAt: '2999-01-01T00:00:00Z' })).toMatchObject([
      { field: 'expiresAt', code: 'FORBIDDEN' },
    ]);
  });
});

describe('a key at the door', () => {
  const refusal = (reason: string) => ({ code: 'UNAUTHENTICATED', extensions: { reason } });

  test('is refused once it was revoked, also where it was in use before', async () => {
    const { key, apiKey } = await app.createKey({ allowedApps: ['crm-web'] });
    const [here, elsewhere] = [app.door, app.openDoor()];
    await Promise.all([here, elsewhere].map((door) => door.authenticate(key, 'crm-web')));
    const revoked = await app.mutate('revokeApiKey', { id: apiKey.id }, 'apiKey { status revokedAt }');
    expect(revoked).toMatchObject({ apiKey: { status: 'REVOKED' }, userErrors: [] });
    expect(await app.mutate('revokeApiKey', { id: apiKey.id }, 'apiKey { status revokedAt }')).toEqual(revoked);
    for (const door of [here, elsewhere]) {
      let verdict: unknown;
      while (verdict === undefined) {
        await sleep(20);
        verdict = await door.authenticate(key, 'crm-web').then(
          () => undefined,
          (error) => error,
        );
      }
      expect(verdict).toMatchObject(refusal('KEY_REVOKED'));
    }
    expect((await listKeys('acme', { status: 'REVOKED' })).nodes).toMatchObject([{ id: apiKey.id }]);
  }, 20_000);

  test('is refused once it has expired', async () => {
    const { key, apiKey } = await app.createKey({ allowedApps: ['crm-web'], expiresAt: '2999-01-01T00:00:00Z' });
    await app.change('acme', `UPDATE api_keys SET expires_at = now() WHERE id = '${apiKey.id}'`);
    await expect(app.door.authenticate(key, 'crm-web')).rejects.toMatchObject(refusal('KEY_EXPIRED'));
    expect((await listKeys('acme', { status: 'EXPIRED' })).nodes).toMatchObject([{ id: apiKey.id, status: 'EXPIRED' }]);
  });

  test('is refused while its tenant is not active', async () => {
    const { key } = await app.createKey({ allowedApps: ['crm-web'] }, { tenant: 'globex' });
    await app.change('globex', `UPDATE tenants SET is_active = false WHERE tenant_id = 'globex'`);
    await expect(app.door.authenticate(key, 'crm-web')).rejects.toMatchObject(refusal('TENANT_INACTIVE'));
    await app.change('globex', `UPDATE tenants SET is_active = true WHERE tenant_id = 'globex'`);
    expect(await app.openDoor().authenticate(key, 'crm-web')).toMatchObject({ tenantId: 'globex' });
  });

  test('opens the apps it was made for and no other', async () => {
    const { key } = await app.createKey({ allowedApps: ['flow-web', 'crm-web'], permissions: [] });
    const everywhere = await app.createKey({ allowedApps: ['*'], permissions: [] });
    const forbidden = { code: 'FORBIDDEN', extensions: { reason: 'APP_NOT_ALLOWED' } };
    expect(await app.door.authenticate(key, undefined)).toMatchObject({ app: 'flow-web' });
    expect(await app.door.authenticate(key, 'crm-web')).toMatchObject({ app: 'crm-web' });
    expect(await app.door.authenticate(everywhere.key, 'anything-new')).toMatchObject({ app: 'anything-new' });
    for (const name of ['voice-agent', 'crm-web,flow-web', 'CRM-WEB', '', '*']) {
      await expect(app.door.authenticate(key, name)).rejects.toMatchObject(forbidden);
    }
    await expect(app.door.authenticate(everywhere.key, undefined)).rejects.toMatchObject(forbidden);
    await expect(app.door.authenticate(everywhere.key, 'a b')).rejects.toMatchObject(forbidden);
  });

  test('is unknown when a letter is missing, changed or added', async () => {
    const { key } = await app.createKey({ allowedApps: ['crm-web'] });
    const other = key.endsWith('A') ? 'Q' : 'A';
    const altered = [
      key.slice(0, -1),
      `${key.slice(0, -1)}${other}`,
      key.toUpperCase(),
      ` ${key}`,
      `${key}\n`,
      `${key}x`,
    ];
    for (const text of altered) {
      await expect(app.door.authenticate(text, 'crm-web')).rejects.toMatchObject(refusal('KEY_UNKNOWN'));
    }
  });

  test('costs no look-up when it cannot be a key', async () => {
    const databaseUrl = 'postgresql://nobody@127.0.0.1:1/nothing?schema=users';
    const door = openKeyAuthenticator({ databaseUrl, secret: secretOfTests, demo: false });
    try {
      for (const text of ['', 'pk_', 'demo-acme-admin', 'A'.repeat(1_000_000), `pk_abcdefgh_${'\u0000'.repeat(43)}`]) {
        await expect(door.authenticate(text, 'crm-web')).rejects.toMatchObject(refusal('KEY_UNKNOWN'));
      }
      await expect(door.authenticate(`pk_abcdefgh_${'x'.repeat(43)}`, 'crm-web')).rejects.not.toHaveProperty(
        'code',
        'UNAUTHENTICATED',
      );
    } finally {
      await door.stop();
    }
  });
});

test('a tenant sees, revokes and counts its own keys only', async () => {
  const { key, apiKey } = await app.createKey({ allowedApps: ['crm-web'], name: 'of globex' }, { tenant: 'globex' });
  expect(JSON.stringify(await listKeys('acme'))).not.toContain('of globex');
  const revoked = await app.mutate<{ userErrors: UserError[] }>('revokeApiKey', { id: apiKey.id }, 'apiKey { id }');
  const unknown = await app.mutate<{ userErrors: UserError[] }>('revokeApiKey', { id: 'nothing' }, 'apiKey { id }');
  expect(revoked).toMatchObject({ apiKey: null, userErrors: [{ field: 'id', code: 'NOT_FOUND' }] });
  expect(revoked).toEqual(unknown);
  expect(await app.openDoor().authenticate(key, 'crm-web')).toMatchObject({ tenantId: 'globex' });
});
