import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthenticator } from '../../../gateway/admission/authenticator.ts';
import { createTokenReader } from '../../../gateway/admission/read-token.ts';
import type { Principal } from '../../../kernel/tenancy/principal.ts';
import type { TestCaller } from '../../support/app.ts';
import { secretOfTests } from '../../support/call-app.ts';
import { loggerOfTest } from '../../support/output-of-run.ts';
import { type AccessApp, startAccessApp, type UserError } from './arrange.ts';

interface Issued {
  readonly token: string | null;
  readonly expiresAt: string | null;
  readonly userErrors: readonly UserError[];
}

let app: AccessApp;
beforeAll(async () => {
  app = await startAccessApp();
});
afterAll(() => app.stop());

/** A key of acme for two apps, and the caller that comes with it. */
async function makeCaller(input: Readonly<Record<string, unknown>> = {}): Promise<TestCaller & { keyId: string }> {
  const permissions = ['read:leads', 'write:*'];
  const made = await app.createKey({ allowedApps: ['crm-web', 'flow-web'], permissions, ...input });
  return { app: 'crm-web', credentialId: made.apiKey.id, permissions, keyId: made.apiKey.id };
}

const issue = (input: Readonly<Record<string, unknown>>, caller: TestCaller) =>
  app.mutate<Issued>('issueToken', input, 'token expiresAt', caller);

/** Shows a token at a door that has seen nothing yet. */
function show(token: string | null, sourceApp?: string): Promise<Principal> {
  const door = app.openDoor();
  const readToken = createTokenReader({ secret: secretOfTests, logger: loggerOfTest('the reader of tokens') });
  const authenticate = createAuthenticator({ readToken, principalFor: door.principalFor });
  return authenticate({ tenantKey: undefined, authorization: `Bearer ${token}`, sourceApp });
}

const reasonOf = (token: string | null, sourceApp?: string) =>
  show(token, sourceApp).catch(({ extensions }) => extensions);

describe('an API key that is exchanged for a token', () => {
  test('gives one for an app, with what the key may do, for an hour', async () => {
    const caller = await makeCaller();
    const began = Date.now();
    const { token, expiresAt, userErrors } = await issue({ app: 'flow-web' }, caller);
    expect(userErrors).toEqual([]);
    const lifetime = Date.parse(expiresAt ?? '') - began;
    expect(lifetime).toBeGreaterThanOrEqual(3_600_000);
    expect(lifetime).toBeLessThanOrEqual(3_600_000 + Date.now() - began);
    expect(await show(token, 'flow-web')).toMatchObject({
      tenantId: 'acme',
      app: 'flow-web',
      userId: undefined,
      permissions: ['read:leads', 'write:*'],
      expiresAt: Math.floor(Date.parse(expiresAt ?? '') / 1000) * 1000,
    });
    expect(await reasonOf(token, 'crm-web')).toEqual({ code: 'FORBIDDEN', reason: 'APP_NOT_ALLOWED' });
  });

  test('gives one with less, for a shorter time, in the name of a user', async () => {
    const { data } = await app.execute<{ createUser: { user: { id: string } } }>(
      'mutation { createUser(input: {username: "ada", email: "ada@example.com"}) { user { id } } }',
    );
    const userId = data.createUser.user.id;
    const caller = await makeCaller();
    const before = Date.now();
    const input = { app: 'crm-web', userId, permissions: ['write:leads'], ttlSeconds: 60 };
    const { token, expiresAt } = await issue(input, caller);
    expect(Date.parse(expiresAt ?? '')).toBeLessThanOrEqual(Date.now() + 60_000);
    expect(Date.parse(expiresAt ?? '')).toBeGreaterThanOrEqual(before + 60_000);
    expect(await show(token)).toMatchObject({ userId, permissions: ['write:leads'], app: 'crm-web' });
  });

  test('gives one that ends with the key', async () => {
    const expiresAt = new Date(Date.now() + 600_000).toISOString();
    const caller = await makeCaller({ expiresAt });
    expect((await issue({ app: 'crm-web' }, caller)).expiresAt).toBe(expiresAt);
  });

  test('gives one that is refused once the key is revoked', async () => {
    const caller = await makeCaller();
    const { token } = await issue({ app: 'crm-web' }, caller);
    expect(await show(token)).toMatchObject({ tenantId: 'acme' });
    await app.mutate('revokeApiKey', { id: caller.keyId });
    expect(await reasonOf(token)).toEqual({ code: 'UNAUTHENTICATED', reason: 'KEY_REVOKED' });
  });

  test.each<[string, Readonly<Record<string, unknown>>, Partial<UserError>]>([
    [
      'more than the key may do',
      { permissions: ['read:leads', 'read:deals'] },
      { code: 'FORBIDDEN', field: 'permissions' },
    ],
    ['everything', { permissions: ['*'] }, { code: 'FORBIDDEN', field: 'permissions' }],
    ['what is no permission', { permissions: ['leads'] }, { code: 'BAD_USER_INPUT', field: 'permissions.0' }],
    ['another app', { app: 'dashboard' }, { code: 'FORBIDDEN', field: 'app' }],
    ['what is no app', { app: 'crm-web, dashboard' }, { code: 'BAD_USER_INPUT', field: 'app' }],
    ['a user who is not there', { userId: 'nobody' }, { code: 'NOT_FOUND', field: 'userId' }],
    ['more than an hour', { ttlSeconds: 3_601 }, { code: 'BAD_USER_INPUT', field: 'ttlSeconds' }],
    ['no time', { ttlSeconds: 0 }, { code: 'BAD_USER_INPUT', field: 'ttlSeconds' }],
  ])('gives none for %s', async (_, input, userError) => {
    const { token, userErrors } = await issue({ app: 'crm-web', ...input }, await makeCaller());
    expect(token).toBeNull();
    expect(userErrors).toMatchObject([userError]);
  });

  test('gives none for a token', async () => {
    const { token } = await issue({ app: 'crm-web' }, await makeCaller());
    const { app: sourceApp, permissions, credentialId } = await show(token);
    const again = await issue({ app: 'crm-web' }, { app: sourceApp, permissions, credentialId });
    expect(again).toMatchObject({ token: null, userErrors: [{ code: 'FORBIDDEN', field: null }] });
  });

  test('gives none for a key of another tenant', async () => {
    const caller = await makeCaller();
    const { token, userErrors } = await issue({ app: 'crm-web' }, { ...caller, tenant: 'globex' });
    expect([token, userErrors[0]?.code]).toEqual([null, 'FORBIDDEN']);
  });

  test('binds what a token makes to the key behind it', async () => {
    const held = ['write:keys', 'read:keys', 'read:leads'];
    const caller = await makeCaller({ permissions: held });
    const { token } = await issue({ app: 'crm-web' }, { ...caller, permissions: held });
    const { permissions, credentialId } = await show(token);
    const input = { allowedApps: ['dashboard'], permissions: ['read:leads'] };
    const { key, userErrors } = await app.createKey(input, { app: 'crm-web', permissions, credentialId });
    expect([key, userErrors[0]]).toMatchObject([null, { code: 'FORBIDDEN', field: 'allowedApps' }]);
  });
});
