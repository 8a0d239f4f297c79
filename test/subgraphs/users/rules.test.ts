import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { users } from '../../../subgraphs/users/index.ts';
import { startTestApp, type TestApp, type TestCaller } from '../../support/app.ts';

let app: TestApp;
let ada: string;
let bo: string;
let sessionOf: Readonly<Record<'ada' | 'bo', string>>;

interface Payload {
  readonly user?: { readonly id: string } | null;
  readonly session?: { readonly id: string } | null;
  readonly userErrors: readonly { readonly field: string; readonly code: string }[];
}

/** Sends a mutation of this app; any error beside its payload fails the test. */
async function send(mutation: string, input: object, selection: string, caller: TestCaller = {}): Promise<Payload> {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input!`;
  const { data, errors } = await app.execute<Record<string, Payload>>(
    `mutation ($input: ${type}) { ${mutation}(input: $input) { ${selection} userErrors { field code } } }`,
    { input },
    caller,
  );
  const payload = data?.[mutation];
  if (errors || !payload) throw new Error(`${mutation}: ${JSON.stringify(errors)}`);
  return payload;
}

const openSession = (userId: string, caller?: TestCaller) =>
  send('createSession', { userId, app: 'canopy', sessionType: 'trading' }, 'session { id }', caller);

beforeAll(async () => {
  app = await startTestApp(users);
  await app.insertDemo({ id: parseTenantId('acme'), name: 'Acme', people: [], keys: [] });
  const create = async (username: string) =>
    (await send('createUser', { username, email: `${username}@example.com`, profileData: { team: 1 } }, 'user { id }'))
      .user?.id ?? '';
  [ada, bo] = [await create('ada'), await create('bo')];
  sessionOf = { ada: (await openSession(ada)).session?.id ?? '', bo: (await openSession(bo)).session?.id ?? '' };
});
afterAll(() => app.stop());

const self = (...more: string[]): TestCaller => ({
  userId: ada,
  permissions: ['read:own-users', 'write:own-users', ...more],
});

describe('one who may see their own account', () => {
  test('sees no other account and no session of another, however asked', async () => {
    const { data, errors } = await app.execute(
      `query ($ada: ID!, $bo: ID!, $r: [_Any!]!) {
        own: user(id: $ada) { username sessions { id } }
        foreign: user(id: $bo) { username }
        sessions { totalCount nodes { id user { id } } }
        ofBo: sessions(filter: { userId: $bo }) { totalCount nodes { id } }
        _entities(representations: $r) { ... on User { id } ... on Session { id } }
      }`,
      {
        ada,
        bo,
        r: [
          ...[ada, bo].map((id) => ({ __typename: 'User', id })),
          ...[sessionOf.ada, sessionOf.bo].map((id) => ({ __typename: 'Session', id })),
        ],
      },
      self(),
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      own: { username: 'ada', sessions: [{ id: sessionOf.ada }] },
      foreign: null,
      sessions: { totalCount: 1, nodes: [{ id: sessionOf.ada, user: { id: ada } }] },
      ofBo: { totalCount: 0, nodes: [] },
      _entities: [{ id: ada }, null, { id: sessionOf.ada }, null],
    });
  });

  test('sees the person of no other customer, and cannot search for people', async () => {
    const { data, errors } = await app.execute(
      `query ($ada: ID!, $bo: ID!) {
        own: customer360(id: $ada) { profile { username email profileData createdAt } }
        foreign: customer360(id: $bo) { id profile { username email profileData lastLogin } }
        customers(search: "bo") { totalCount }
        users { totalCount }
      }`,
      { ada, bo },
      self(),
    );
    expect(data).toMatchObject({
      own: { profile: { username: 'ada', email: 'ada@example.com', profileData: { team: 1 } } },
      foreign: { id: bo, profile: { username: null, email: null, profileData: null, lastLogin: null } },
      customers: null,
      users: null,
    });
    const refusals = (errors ?? []).map(({ extensions }) => extensions);
    expect(refusals).toHaveLength(6);
    for (const refusal of refusals) expect(refusal).toEqual({ code: 'FORBIDDEN', permission: 'read:users' });
  });

  test('changes and opens nothing for another, and nothing tells whether the other exists', async () => {
    const notFound = (field: string) => [{ field, code: 'NOT_FOUND' }];
    for (const id of [bo, 'nobody']) {
      expect((await send('updateUser', { id, username: 'x' }, 'user { id }', self())).userErrors).toEqual(
        notFound('id'),
      );
      expect((await openSession(id, self())).userErrors).toEqual(notFound('userId'));
    }
    expect((await send('endSession', { id: sessionOf.bo }, 'session { id }', self())).userErrors).toEqual(
      notFound('id'),
    );
    const reader = self('read:users', 'read:sessions');
    expect((await send('updateUser', { id: bo, username: 'x' }, 'user { id }', reader)).userErrors).toEqual([
      { field: 'id', code: 'FORBIDDEN' },
    ]);
  });

  test('changes their own account and ends their own session', async () => {
    expect(await send('updateUser', { id: ada, profileData: { team: 2 } }, 'user { id }', self())).toEqual({
      user: { id: ada },
      userErrors: [],
    });
    const opened = await openSession(ada, self());
    const id = opened.session?.id;
    expect(await send('endSession', { id }, 'session { id }', self())).toEqual({ session: { id }, userErrors: [] });
  });
});

test('a dashboard sees when a customer came, but not who it is', async () => {
  const { data, errors } = await app.execute(
    'query ($bo: ID!) { customer360(id: $bo) { id profile { username email createdAt lastLogin } } }',
    { bo },
    { permissions: ['read:metrics', 'read:analytics'] },
  );
  expect(data).toEqual({
    customer360: {
      id: bo,
      profile: { username: null, email: null, createdAt: expect.any(String), lastLogin: expect.any(String) },
    },
  });
  expect(errors).toMatchObject([
    { path: ['customer360', 'profile', 'username'], extensions: { code: 'FORBIDDEN', permission: 'read:users' } },
    { path: ['customer360', 'profile', 'email'], extensions: { code: 'FORBIDDEN', permission: 'read:users' } },
  ]);
});
