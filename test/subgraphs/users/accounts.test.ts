import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { users } from '../../../subgraphs/users/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';

interface UserError {
  readonly field: string;
  readonly code: string;
  readonly message: string;
}
interface Payload {
  readonly user: { readonly id: string; readonly version: number; readonly email: string } | null;
  readonly userErrors: readonly UserError[];
}

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(users);
});
afterAll(() => app.stop());

const fields = 'user { id username email profileData version lastLogin } userErrors { field code message }';

async function createUser(input: Record<string, unknown>, caller = {}): Promise<Payload> {
  const text = `mutation ($input: CreateUserInput!) { createUser(input: $input) { ${fields} } }`;
  const { data, errors } = await app.execute<{ createUser: Payload }>(text, { input }, caller);
  expect(errors).toBeUndefined();
  return data.createUser;
}

async function updateUser(input: Record<string, unknown>, caller = {}): Promise<Payload> {
  const text = `mutation ($input: UpdateUserInput!) { updateUser(input: $input) { ${fields} } }`;
  const { data, errors } = await app.execute<{ updateUser: Payload }>(text, { input }, caller);
  expect(errors).toBeUndefined();
  return data.updateUser;
}

async function countUsers(caller = {}): Promise<number> {
  const { data } = await app.execute<{ users: { totalCount: number } }>(
    '{ users(first: 0) { totalCount } }',
    {},
    caller,
  );
  return data.users.totalCount;
}

describe('an app that creates a user', () => {
  test('gets the account back, who is a customer at once', async () => {
    const { user, userErrors } = await createUser({
      username: '  Ada ',
      email: ' Ada@Example.com ',
      profileData: { team: { name: 'engines' } },
    });
    expect(userErrors).toEqual([]);
    expect(user).toMatchObject({
      username: 'Ada',
      email: 'Ada@Example.com',
      profileData: { team: { name: 'engines' } },
      version: 1,
      lastLogin: null,
    });
    const { data } = await app.execute('query ($id: ID!) { customer360(id: $id) { id profile { username email } } }', {
      id: user?.id,
    });
    expect(data).toEqual({
      customer360: { id: user?.id, profile: { username: 'Ada', email: 'Ada@Example.com' } },
    });
  });

  test('may give the id', async () => {
    const { user } = await createUser({ id: 'usr_mine-1', username: 'mine', email: 'mine@example.com' });
    expect(user?.id).toBe('usr_mine-1');
  });

  test.each([
    ['id', { id: 'taken', username: 'other1', email: 'other1@example.com' }],
    ['username', { username: 'TAKEN', email: 'other2@example.com' }],
    ['email', { username: 'other3', email: ' Taken@EXAMPLE.com' }],
  ])('is told of a conflict when the %s is taken, however it is capitalised', async (field, input) => {
    await createUser({ id: 'taken', username: 'Taken', email: 'taken@example.com' });
    const before = await countUsers();
    const { user, userErrors } = await createUser(input);
    expect(user).toBeNull();
    expect(userErrors).toMatchObject([{ field, code: 'CONFLICT' }]);
    expect(await countUsers()).toBe(before);
  });

  test('makes one account when it sends the same e-mail address many times at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => createUser({ username: `racer${index}`, email: 'race@example.com' })),
    );
    expect(answers.filter(({ user }) => user)).toHaveLength(1);
    expect(answers.flatMap(({ userErrors }) => userErrors.map(({ code }) => code))).toEqual(Array(7).fill('CONFLICT'));
  });

  test('may use an id, a name and an address that another tenant uses', async () => {
    const input = { id: 'shared', username: 'shared', email: 'shared@example.com' };
    expect((await createUser(input, { tenant: 'acme' })).userErrors).toEqual([]);
    expect((await createUser(input, { tenant: 'globex' })).userErrors).toEqual([]);
  });

  test.each([
    ['an empty username', { username: '  ' }, 'username'],
    ['a username of 101 characters', { username: 'u'.repeat(101) }, 'username'],
    ['a username of 10,000 characters', { username: 'u'.repeat(10_000) }, 'username'],
    ['a username with NUL', { username: 'a\u0000b' }, 'username'],
    ['a username with half a character', { username: 'a\ud83d' }, 'username'],
    ['an e-mail address without @', { email: 'nobody' }, 'email'],
    ['an e-mail address of 10,000 characters', { email: `${'a'.repeat(10_000)}@example.com` }, 'email'],
    ['an e-mail address with NUL', { email: 'a\u0000@example.com' }, 'email'],
    ['profile data that are no object', { profileData: [1] }, 'profileData'],
    ['profile data of more than 16 KiB', { profileData: { a: 'x'.repeat(17_000) } }, 'profileData'],
    ['an id with blanks', { id: 'not an id' }, 'id'],
  ])('is told the field when it sends %s, and nothing is written', async (_, wrong, field) => {
    const before = await countUsers();
    const { user, userErrors } = await createUser({ username: 'valid', email: 'valid@example.com', ...wrong });
    expect(user).toBeNull();
    expect(userErrors.map((error) => [error.field, error.code])).toContainEqual([field, 'BAD_USER_INPUT']);
    expect(await countUsers()).toBe(before);
  });

  test('is told of every mistake at once', async () => {
    const { userErrors } = await createUser({ username: '', email: 'nobody' });
    expect(userErrors.map(({ field }) => field)).toEqual(['username', 'email']);
  });
});

describe('an app that changes a user', () => {
  test('changes only what it sends, and counts the version up', async () => {
    await createUser({ id: 'change-1', username: 'change1', email: 'change1@example.com', profileData: { a: 1 } });
    const { user } = await updateUser({ id: 'change-1', email: 'Changed1@example.com' });
    expect(user).toMatchObject({
      username: 'change1',
      email: 'Changed1@example.com',
      profileData: { a: 1 },
      version: 2,
    });
  });

  test('is refused on a version that is not the current one', async () => {
    await createUser({ id: 'change-2', username: 'change2', email: 'change2@example.com' });
    await updateUser({ id: 'change-2', baseVersion: 1, username: 'change2b' });
    const { user, userErrors } = await updateUser({ id: 'change-2', baseVersion: 1, username: 'change2c' });
    expect(user).toBeNull();
    expect(userErrors).toMatchObject([{ field: 'baseVersion', code: 'CONFLICT' }]);
    expect((await updateUser({ id: 'change-2', baseVersion: 2, username: 'change2d' })).user?.version).toBe(3);
  });

  test('is told of a conflict when the new name or address is taken, but may change how its own is capitalised', async () => {
    await createUser({ id: 'change-3', username: 'change3', email: 'change3@example.com' });
    await createUser({ id: 'change-4', username: 'change4', email: 'change4@example.com' });
    const { userErrors } = await updateUser({ id: 'change-4', email: 'CHANGE3@example.com' });
    expect(userErrors).toMatchObject([{ field: 'email', code: 'CONFLICT' }]);
    expect((await updateUser({ id: 'change-4', email: 'CHANGE4@example.com' })).user?.email).toBe(
      'CHANGE4@example.com',
    );
  });

  test.each([
    ['an unknown user', 'nobody'],
    ['a user of another tenant', 'of-globex'],
  ])('is told that there is none when it names %s', async (_, id) => {
    await createUser({ id: 'of-globex', username: 'g', email: 'g@example.com' }, { tenant: 'globex' });
    const { user, userErrors } = await updateUser({ id, baseVersion: 1, username: 'hijacked' });
    expect(user).toBeNull();
    expect(userErrors).toMatchObject([{ field: 'id', code: 'NOT_FOUND' }]);
  });

  test.each([
    ['an id with NUL', { id: '\u0000' }, 'id'],
    ['version 0', { baseVersion: 0 }, 'baseVersion'],
    ['an e-mail address that is none', { email: '@' }, 'email'],
  ])('is told the field when it sends %s', async (_, wrong, field) => {
    const { userErrors } = await updateUser({ id: 'change-1', ...wrong });
    expect(userErrors).toMatchObject([{ field, code: 'BAD_USER_INPUT' }]);
  });
});

test('a call without a principal is refused', async () => {
  const { data, errors } = await app.execute('{ users { totalCount } }', {}, { authenticated: false });
  expect(data).toBeUndefined();
  expect(errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED' });
});
