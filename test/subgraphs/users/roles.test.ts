import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Identity } from '../../../kernel/tenancy/identity.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import type { TestCaller } from '../../support/app.ts';
import { type AccessApp, startAccessApp, type UserError } from './arrange.ts';

let app: AccessApp;
beforeAll(async () => {
  app = await startAccessApp();
  for (const tenant of ['acme', 'globex']) {
    const user = { id: 'ada', username: 'ada', email: 'ada@example.com' };
    await app.mutate('createUser', user, '', { tenant });
  }
});
afterAll(() => app.stop());

interface RolePayload {
  readonly role: { readonly id: string; readonly version: number } | null;
  readonly userErrors: readonly UserError[];
}

let made = 0;
function newName(): string {
  made += 1;
  return `role-${made}`;
}

/** A role of a name of its own. */
async function createRole(input: Readonly<Record<string, unknown>>, caller: TestCaller = {}): Promise<RolePayload> {
  const role = { name: newName(), permissions: ['read:leads'], ...input };
  return app.mutate<RolePayload>('createRole', role, 'role { id version }', caller);
}

/** The id of a new role, and a key that has it. */
async function keyWithRole(input: Readonly<Record<string, unknown>>) {
  const { role, userErrors } = await createRole(input);
  expect(userErrors).toEqual([]);
  const { key, apiKey } = await app.createKey({
    allowedApps: ['crm-web', 'flow-web'],
    permissions: ['read:own-users'],
  });
  const roleId = role?.id ?? '';
  const { userErrors: mistakes } = await app.mutate('assignRole', { roleId, apiKeyId: apiKey.id });
  expect(mistakes).toEqual([]);
  return { roleId, key, keyId: apiKey.id };
}

/** What a key may do at a door that has not seen it yet. */
async function permissionsOf(key: string, sourceApp?: string): Promise<readonly string[]> {
  return (await app.openDoor().authenticate(key, sourceApp)).permissions;
}

/** `HH:MM` in UTC, some hours from now. */
const hoursFromNow = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);

describe('a role that was given to a key', () => {
  test('adds what it permits', async () => {
    const { key } = await keyWithRole({ permissions: ['read:leads', 'write:*'] });
    expect(await permissionsOf(key)).toEqual(['read:own-users', 'read:leads', 'write:*']);
  });

  test('counts in its apps only', async () => {
    const { key } = await keyWithRole({ apps: ['flow-web'] });
    expect(await permissionsOf(key, 'flow-web')).toEqual(['read:own-users', 'read:leads']);
    expect(await permissionsOf(key, 'crm-web')).toEqual(['read:own-users']);
  });

  test.each([
    ['within its hours', -3, 3, true],
    ['before them', 2, 5, false],
    ['after them', -5, -2, false],
    ['at night, where they begin in the evening', -1, -2, true],
  ])('counts by the time of day: %s', async (_, from, to, counts) => {
    const { key } = await keyWithRole({ hours: { from: hoursFromNow(from), to: hoursFromNow(to) } });
    expect((await permissionsOf(key)).includes('read:leads')).toBe(counts);
  });

  test('ends when its time is over, and lasts longer when it is given again', async () => {
    const { roleId, key, keyId } = await keyWithRole({});
    await app.change('acme', `UPDATE role_assignments SET valid_until = now() WHERE key_id = '${keyId}'`);
    expect(await permissionsOf(key)).toEqual(['read:own-users']);
    const again = { roleId, apiKeyId: keyId, validUntil: '2999-01-01T00:00:00Z' };
    expect(
      await app.mutate('assignRole', again, 'assignment { validUntil role { id } apiKey { id } user { id } }'),
    ).toEqual({
      assignment: { validUntil: '2999-01-01T00:00:00.000Z', role: { id: roleId }, apiKey: { id: keyId }, user: null },
      userErrors: [],
    });
    expect(await permissionsOf(key)).toContain('read:leads');
  });

  test('is taken back, changed for all, and gone when it is deleted', async () => {
    const { roleId, key, keyId } = await keyWithRole({});
    await app.mutate('updateRole', { id: roleId, permissions: ['read:deals'] });
    expect(await permissionsOf(key)).toEqual(['read:own-users', 'read:deals']);
    expect(await app.mutate('unassignRole', { roleId, apiKeyId: keyId })).toEqual({ userErrors: [] });
    expect(await permissionsOf(key)).toEqual(['read:own-users']);
    const twice = await app.mutate('unassignRole', { roleId, apiKeyId: keyId });
    expect(twice).toMatchObject({ userErrors: [{ field: 'apiKeyId', code: 'NOT_FOUND' }] });
    await app.mutate('assignRole', { roleId, apiKeyId: keyId });
    const deleted = await app.mutate('deleteRole', { id: roleId }, 'deletedRoleId');
    expect(deleted).toEqual({ deletedRoleId: roleId, userErrors: [] });
    expect(await permissionsOf(key)).toEqual(['read:own-users']);
  });
});

describe('a token at the door', () => {
  const claims = (changes: Partial<Identity>): Identity => ({
    tenantId: parseTenantId('acme'),
    app: 'crm-web',
    userId: undefined,
    roles: [],
    permissions: [],
    keyId: undefined,
    credentialId: 'token-1',
    expiresAt: Date.now() + 600_000,
    ...changes,
  });
  const principalOf = (changes: Partial<Identity>) => app.openDoor().principalFor(claims(changes));

  test('holds its own permissions, those of the roles it names, and those of the roles of its user', async () => {
    const { role } = await createRole({ permissions: ['write:deals'] });
    await app.mutate('assignRole', { roleId: role?.id, userId: 'ada' });
    const principal = await principalOf({
      userId: 'ada',
      roles: ['viewer', 'unknown'],
      permissions: ['execute:voice'],
    });
    expect(principal).toMatchObject({
      userId: 'ada',
      credentialId: 'token-1',
      roles: ['viewer', expect.stringMatching(/^role-/)],
      permissions: ['execute:voice', 'read:*', 'write:deals'],
    });
    expect(await principalOf({ userId: 'ada', tenantId: parseTenantId('globex') })).toMatchObject({ permissions: [] });
  });

  test('that came from a key holds no more than the key does now, in the apps of the key, until the key ends', async () => {
    const input = {
      allowedApps: ['crm-web'],
      permissions: ['read:*'],
      rateLimit: 7,
      expiresAt: '2999-01-01T00:00:00Z',
    };
    const { apiKey } = await app.createKey(input);
    const token = { keyId: apiKey.id, userId: 'ada', roles: ['admin'], permissions: ['read:leads', 'write:leads'] };
    expect(await principalOf(token)).toMatchObject({
      permissions: ['read:leads', 'read:*'],
      credentialId: 'token-1',
      limits: { costPerMinute: 7 },
    });
    expect(await principalOf({ ...token, roles: [] })).toMatchObject({ permissions: ['read:leads'], roles: [] });
    await expect(principalOf({ ...token, app: 'flow-web' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      extensions: { reason: 'APP_NOT_ALLOWED' },
    });
    await app.mutate('revokeApiKey', { id: apiKey.id });
    await expect(principalOf(token)).rejects.toMatchObject({ extensions: { reason: 'KEY_REVOKED' } });
  });

  test('is refused when it has expired, when its key is of another tenant, and while the tenant is not active', async () => {
    const reason = (text: string) => ({ code: 'UNAUTHENTICATED', extensions: { reason: text } });
    await expect(principalOf({ expiresAt: Date.now() - 1 })).rejects.toMatchObject(reason('TOKEN_EXPIRED'));
    const { apiKey } = await app.createKey({ allowedApps: ['crm-web'] }, { tenant: 'globex' });
    await expect(principalOf({ keyId: apiKey.id })).rejects.toMatchObject(reason('KEY_UNKNOWN'));
    const globex = { tenantId: parseTenantId('globex') };
    await app.change('globex', `UPDATE tenants SET is_active = false WHERE tenant_id = 'globex'`);
    await expect(principalOf(globex)).rejects.toMatchObject(reason('TENANT_INACTIVE'));
    await app.change('globex', `UPDATE tenants SET is_active = true WHERE tenant_id = 'globex'`);
    await expect(principalOf({ tenantId: parseTenantId('nobody') })).rejects.toMatchObject(reason('TENANT_INACTIVE'));
  });

  test('gives one principal to requests that come with equal claims', async () => {
    const same = claims({ permissions: ['read:leads'] });
    const door = app.openDoor();
    const [first, second] = await Promise.all([door.principalFor(same), door.principalFor({ ...same })]);
    expect(first).toBe(second);
  });
});

describe('a caller who may write roles but holds little', () => {
  const caller = { permissions: ['write:roles', 'read:roles', 'read:leads'] };
  const forbidden = (field: string) => ({ userErrors: [{ field, code: 'FORBIDDEN' }] });

  test('cannot create, change, give, take or delete a role that holds more', async () => {
    const { role } = await createRole({ permissions: ['read:leads', 'write:leads'] });
    const own = await createRole({ permissions: ['read:leads'] }, caller);
    expect(own.userErrors).toEqual([]);
    const mightier = role?.id;
    const attempts: [string, object, string][] = [
      ['createRole', { name: newName(), permissions: ['*'] }, 'permissions'],
      ['updateRole', { id: own.role?.id, permissions: ['read:*'] }, 'permissions'],
      ['updateRole', { id: mightier, apps: [] }, 'id'],
      ['assignRole', { roleId: mightier, userId: 'ada' }, 'roleId'],
      ['assignRole', { roleId: 'rol_acme_admin', apiKeyId: 'key-of-the-test' }, 'roleId'],
      ['unassignRole', { roleId: mightier, userId: 'ada' }, 'roleId'],
      ['deleteRole', { id: mightier }, 'id'],
    ];
    for (const [mutation, input, field] of attempts) {
      expect(await app.mutate(mutation, { ...input }, '', caller)).toMatchObject(forbidden(field));
    }
    const { data } = await app.execute('{ roles(first: 100) { nodes { id permissions assignments { id } } } }');
    expect(data).toMatchObject({
      roles: {
        nodes: expect.arrayContaining([
          { id: mightier, permissions: ['read:leads', 'write:leads'], assignments: [] },
          { id: own.role?.id, permissions: ['read:leads'], assignments: [] },
        ]),
      },
    });
  });
});

test('a role is read as it was written', async () => {
  const input = { description: 'Nights', apps: ['voice-agent'], hours: { from: '22:00', to: '06:30' } };
  const { role } = await createRole(input);
  await app.mutate('assignRole', { roleId: role?.id, userId: 'ada' });
  const fields = 'description permissions apps hours { from to } version assignments { user { username } createdBy }';
  const text = `{ user(id: "ada") { roleAssignments { role { id ${fields} } } } }`;
  const { data } = await app.execute<{ user: { roleAssignments: { role: { id: string } }[] } }>(text);
  expect(data.user.roleAssignments.map((assignment) => assignment.role).find(({ id }) => id === role?.id)).toEqual({
    id: role?.id,
    ...input,
    permissions: ['read:leads'],
    version: 1,
    assignments: [{ user: { username: 'ada' }, createdBy: 'key-of-the-test' }],
  });
  const allDay = await app.mutate('updateRole', { id: role?.id, allDay: true }, 'role { hours { from } version }');
  expect(allDay).toMatchObject({ role: { hours: null, version: 2 } });
  const stale = await app.mutate('updateRole', { id: role?.id, baseVersion: 1, name: newName() });
  expect(stale).toMatchObject({ userErrors: [{ field: 'baseVersion', code: 'CONFLICT' }] });
});

test.each([
  ['createRole', 'name', 'BAD_USER_INPUT', { name: 'Team Lead', permissions: [] }],
  ['createRole', 'name', 'CONFLICT', { name: 'admin', permissions: [] }],
  ['createRole', 'permissions.0', 'BAD_USER_INPUT', { name: 'one', permissions: ['write:leads:all'] }],
  ['createRole', 'hours.to', 'BAD_USER_INPUT', { name: 'one', permissions: [], hours: { from: '08:00', to: '24:00' } }],
  ['createRole', 'hours', 'BAD_USER_INPUT', { name: 'one', permissions: [], hours: { from: '08:00', to: '08:00' } }],
  ['updateRole', 'id', 'NOT_FOUND', { id: 'nothing', name: 'one' }],
  ['deleteRole', 'id', 'NOT_FOUND', { id: 'rol_globex_admin' }],
  ['assignRole', 'userId', 'BAD_USER_INPUT', { roleId: 'rol_acme_viewer' }],
  ['assignRole', 'userId', 'NOT_FOUND', { roleId: 'rol_acme_viewer', userId: 'nobody' }],
  ['assignRole', 'apiKeyId', 'NOT_FOUND', { roleId: 'rol_acme_viewer', apiKeyId: 'nobody' }],
  ['assignRole', 'roleId', 'NOT_FOUND', { roleId: 'rol_globex_viewer', userId: 'ada' }],
  [
    'assignRole',
    'validUntil',
    'BAD_USER_INPUT',
    { roleId: 'rol_acme_viewer', userId: 'ada', validUntil: '2020-01-01T00:00:00Z' },
  ],
])('%s says what is wrong with %s: %s', async (mutation, field, code, input) => {
  expect(await app.mutate(mutation, { ...input })).toMatchObject({ userErrors: [{ field, code }] });
});

test('a tenant sees and gives its own roles only', async () => {
  const names = async (tenant: string) => {
    const text = '{ roles(first: 100) { nodes { id name } } }';
    const { data } = await app.execute<{ roles: { nodes: { id: string; name: string }[] } }>(text, {}, { tenant });
    return data.roles.nodes;
  };
  expect((await names('globex')).map(({ name }) => name)).toEqual(['admin', 'agent', 'manager', 'viewer']);
  expect((await names('acme')).some(({ id }) => id.includes('globex'))).toBe(false);
  const { apiKey } = await app.createKey({ allowedApps: ['crm-web'] }, { tenant: 'globex' });
  const foreign = { roleId: 'rol_acme_viewer', apiKeyId: apiKey.id };
  expect(await app.mutate('assignRole', foreign)).toMatchObject({
    userErrors: [{ field: 'apiKeyId', code: 'NOT_FOUND' }],
  });
});
