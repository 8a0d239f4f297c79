import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AccessApp, startAccessApp } from './arrange.ts';

let app: AccessApp;
beforeAll(async () => {
  app = await startAccessApp();
  await app.mutate('createUser', { id: 'ada', username: 'ada', email: 'ada@example.com' });
});
afterAll(() => app.stop());

test('a client is told who it is and what it may do', async () => {
  const text = `{
    viewer {
      tenant { id name } app user { username } roles permissions expiresAt credentialId
      reads: can(permission: "read:leads") writes: can(permission: "write:leads") all: can(permission: "*")
    }
  }`;
  const caller = { userId: 'ada', app: 'flow-web', permissions: ['read:*', 'sync:emails'], credentialId: 'key-1' };
  expect(await app.execute(text, {}, caller)).toEqual({
    data: {
      viewer: {
        tenant: { id: 'acme', name: 'The company acme' },
        app: 'flow-web',
        user: { username: 'ada' },
        roles: [],
        permissions: ['read:*', 'sync:emails'],
        expiresAt: null,
        credentialId: 'key-1',
        reads: true,
        writes: false,
        all: false,
      },
    },
  });
});

test('a client that asks for what is no permission is told so', async () => {
  const { data, errors } = await app.execute('{ viewer { can(permission: "leads") } }');
  expect(data).toEqual({ viewer: null });
  expect(errors).toMatchObject([
    { path: ['viewer', 'can'], extensions: { code: 'BAD_USER_INPUT', field: 'permission' } },
  ]);
});
