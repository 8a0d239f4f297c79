import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { users } from '../../../subgraphs/users/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';

interface Payload {
  readonly session: { readonly id: string; readonly startedAt: string; readonly endedAt: string | null } | null;
  readonly userErrors: readonly { readonly field: string; readonly code: string; readonly message: string }[];
}

const fields =
  'session { id sessionType metadata startedAt endedAt user { id lastLogin } app { id } } userErrors { field code message }';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(users);
  for (const tenant of ['acme', 'globex']) {
    // The client apps of the demo, without people.
    await app.insertDemo({ id: parseTenantId(tenant), name: tenant.toUpperCase(), people: [], keys: [] });
    for (const id of ['ann', 'ben', `only-${tenant}`]) {
      const input = { id, username: id, email: `${id}@example.com` };
      const text = 'mutation ($input: CreateUserInput!) { createUser(input: $input) { userErrors { code } } }';
      await app.execute(text, { input }, { tenant });
    }
  }
});
afterAll(() => app.stop());

async function createSession(input: Record<string, unknown>, caller = {}): Promise<Payload> {
  const text = `mutation ($input: CreateSessionInput!) { createSession(input: $input) { ${fields} } }`;
  const { data, errors } = await app.execute<{ createSession: Payload }>(text, { input }, caller);
  expect(errors).toBeUndefined();
  return data.createSession;
}

async function endSession(id: string, caller = {}): Promise<Payload> {
  const text = `mutation ($id: ID!) { endSession(input: { id: $id }) { ${fields} } }`;
  const { data, errors } = await app.execute<{ endSession: Payload }>(text, { id }, caller);
  expect(errors).toBeUndefined();
  return data.endSession;
}

describe('an app that opens a session', () => {
  test('gets it back, and the login is noted on the user without changing its version', async () => {
    const input = { id: 's1', userId: 'ann', app: 'canopy', sessionType: 'paper_trading', metadata: { desk: 4 } };
    const { session, userErrors } = await createSession(input);
    expect(userErrors).toEqual([]);
    expect(session).toMatchObject({ id: 's1', sessionType: 'paper_trading', metadata: { desk: 4 }, endedAt: null });
    expect(session).toMatchObject({ app: { id: 'canopy' }, user: { id: 'ann', lastLogin: session?.startedAt } });
    const { data } = await app.execute('{ user(id: "ann") { lastLogin version } }');
    expect(data).toEqual({ user: { lastLogin: session?.startedAt, version: 1 } });
  });

  test('opens it in itself when it names no app', async () => {
    const { session } = await createSession({ userId: 'ben', sessionType: 'research' }, { app: 'grove' });
    expect(session).toMatchObject({ app: { id: 'grove' } });
  });

  test('sees the latest login when it opens several in one operation', async () => {
    const open =
      'createSession(input: { userId: "ben", app: "grove", sessionType: "research" }) { session { startedAt user { lastLogin } } }';
    const { data } = await app.execute<Record<string, { session: { startedAt: string; user: { lastLogin: string } } }>>(
      `mutation { a: ${open} b: ${open} }`,
    );
    expect(data.b?.session.user.lastLogin).toBe(data.b?.session.startedAt);
  });

  test.each([
    ['an unknown user', { userId: 'nobody' }, 'userId', 'NOT_FOUND'],
    ['a user of another tenant', { userId: 'only-globex' }, 'userId', 'NOT_FOUND'],
    ['an unknown app', { app: 'tetris' }, 'app', 'NOT_FOUND'],
    ['a type of session of another app', { sessionType: 'trading' }, 'sessionType', 'BAD_USER_INPUT'],
    ['a type of 10,000 characters', { sessionType: 't'.repeat(10_000) }, 'sessionType', 'BAD_USER_INPUT'],
    ['metadata with NUL', { metadata: { a: '\u0000' } }, 'metadata', 'BAD_USER_INPUT'],
    ['an id with NUL', { id: '\u0000' }, 'id', 'BAD_USER_INPUT'],
  ])('is told the field when it names %s, and nobody is logged in', async (_, wrong, field, code) => {
    const input = { userId: 'only-acme', app: 'grove', sessionType: 'research', ...wrong };
    const { session, userErrors } = await createSession(input);
    expect(session).toBeNull();
    expect(userErrors).toMatchObject([{ field, code }]);
    const { data } = await app.execute('{ user(id: "only-acme") { lastLogin sessions { id } } }');
    expect(data).toEqual({ user: { lastLogin: null, sessions: [] } });
  });

  test('is told of a conflict when the id is taken, and the login is not noted', async () => {
    await createSession({ id: 'twice', userId: 'ann', app: 'grove', sessionType: 'analysis' });
    const { userErrors } = await createSession({
      id: 'twice',
      userId: 'only-acme',
      app: 'grove',
      sessionType: 'analysis',
    });
    expect(userErrors).toMatchObject([{ field: 'id', code: 'CONFLICT' }]);
    const { data } = await app.execute('{ user(id: "only-acme") { lastLogin } }');
    expect(data).toEqual({ user: { lastLogin: null } });
  });
});

describe('an app that ends a session', () => {
  test('sees when it ended, the same when it ends it again', async () => {
    await createSession({ id: 'ending', userId: 'ann', app: 'grove', sessionType: 'analysis' });
    const { session } = await endSession('ending');
    expect(Date.parse(session?.endedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(session?.startedAt ?? ''));
    expect((await endSession('ending')).session).toEqual(session);
  });

  test.each([['unknown'], ['of-globex'], [''], ['x'.repeat(10_000)]])(
    'is told that there is none with an id that the tenant does not have',
    async (id) => {
      await createSession(
        { id: 'of-globex', userId: 'ann', app: 'grove', sessionType: 'analysis' },
        { tenant: 'globex' },
      );
      const { session, userErrors } = await endSession(id);
      expect(session).toBeNull();
      expect(userErrors).toMatchObject([{ field: 'id' }]);
    },
  );

  test('is told of its mistake when the id holds NUL', async () => {
    expect((await endSession('\u0000')).userErrors).toMatchObject([{ field: 'id', code: 'BAD_USER_INPUT' }]);
  });
});

describe('a reader of sessions', () => {
  const caller = { tenant: 'readers' };
  const list = `query ($filter: SessionFilter, $orderBy: SessionOrder, $first: Int, $after: String) {
    sessions(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
      nodes { id } totalCount pageInfo { endCursor }
    }
  }`;
  interface Page {
    readonly nodes: readonly { readonly id: string }[];
    readonly totalCount: number;
    readonly pageInfo: { readonly endCursor: string };
  }

  beforeAll(async () => {
    await app.insertDemo({ id: parseTenantId('readers'), name: 'Readers', people: [], keys: [] });
    for (const id of ['ann', 'ben']) {
      const input = `{ id: "${id}", username: "${id}", email: "${id}@example.com" }`;
      await app.execute(`mutation { createUser(input: ${input}) { userErrors { code } } }`, {}, caller);
    }
    const open = (id: string, userId: string, appId: string, sessionType: string) =>
      createSession({ id, userId, app: appId, sessionType }, caller);
    await open('r1', 'ann', 'canopy', 'trading');
    await open('r2', 'ben', 'canopy', 'paper_trading');
    await open('r3', 'ann', 'grove', 'research');
    await endSession('r1', caller);
  });

  async function read(variables: Record<string, unknown>): Promise<Page> {
    const { data, errors } = await app.execute<{ sessions: Page }>(list, variables, caller);
    expect(errors).toBeUndefined();
    return data.sessions;
  }

  test('sees those of its tenant, newest first, page by page', async () => {
    const first = await read({ first: 2 });
    expect([first.nodes, first.totalCount]).toEqual([[{ id: 'r3' }, { id: 'r2' }], 3]);
    expect((await read({ first: 2, after: first.pageInfo.endCursor })).nodes).toEqual([{ id: 'r1' }]);
    const oldest = await read({ first: 1, orderBy: { field: 'STARTED_AT', direction: 'ASC' } });
    expect(oldest.nodes).toEqual([{ id: 'r1' }]);
  });

  test.each([
    [{ userId: 'ann' }, ['r3', 'r1']],
    [{ app: 'canopy' }, ['r2', 'r1']],
    [{ sessionType: 'research' }, ['r3']],
    [{ isActive: true }, ['r3', 'r2']],
    [{ isActive: false }, ['r1']],
    [{ userId: 'nobody' }, []],
  ])('may ask for %j', async (filter, ids) => {
    const page = await read({ filter });
    expect(page.nodes.map(({ id }) => id)).toEqual(ids);
  });

  test('sees the sessions of a user beside the user', async () => {
    const { data } = await app.execute(
      '{ user(id: "ann") { sessions(first: 1) { id } all: sessions { id } only: sessions(sessionType: "trading") { id } } }',
      {},
      caller,
    );
    expect(data).toEqual({
      user: { sessions: [{ id: 'r3' }], all: [{ id: 'r3' }, { id: 'r1' }], only: [{ id: 'r1' }] },
    });
  });

  test('costs the same for one session as for all, with users and apps', async () => {
    const text = 'query ($first: Int) { sessions(first: $first) { nodes { user { username } app { name } } } }';
    const one = await app.countStatements(() => app.execute(text, { first: 1 }, caller));
    const all = await app.countStatements(() => app.execute(text, { first: 3 }, caller));
    expect([one, all]).toEqual([3, 3]);
  });

  test('costs the same for the sessions of one user as for those of all', async () => {
    const text = 'query ($first: Int) { users(first: $first) { nodes { sessions(first: 2) { id } } } }';
    const one = await app.countStatements(() => app.execute(text, { first: 1 }, caller));
    const all = await app.countStatements(() => app.execute(text, { first: 2 }, caller));
    expect([one, all]).toEqual([3, 3]);
  });

  test.each([
    [-1, 'BAD_USER_INPUT'],
    [101, 'OPERATION_LIMIT_EXCEEDED'],
  ])('is refused %d sessions of a user', async (first, code) => {
    const { data, errors } = await app.execute(
      `{ user(id: "ann") { id sessions(first: ${first}) { id } } }`,
      {},
      caller,
    );
    expect(data).toEqual({ user: { id: 'ann', sessions: null } });
    expect(errors?.[0]?.extensions).toMatchObject({ code, field: 'first' });
  });

  test('sees its tenant and the client apps by name', async () => {
    const { data } = await app.execute('{ tenant { id name isActive } apps { id sessionTypes } }', {}, caller);
    expect(data.tenant).toEqual({ id: 'readers', name: 'Readers', isActive: true });
    expect(data.apps).toHaveLength(9);
    expect(data.apps).toContainEqual({ id: 'canopy', sessionTypes: ['trading', 'paper_trading'] });
    const nowhere = await app.execute('{ tenant { id } apps { id } }', {}, { tenant: 'nowhere' });
    expect(nowhere).toEqual({ data: { tenant: null, apps: [] } });
  });

  test('of another app finds its tenant by id, and no other', async () => {
    const { data } = await app.execute(
      `{ _entities(representations: [
        { __typename: "Tenant", id: "readers" }, { __typename: "Tenant", id: "acme" },
        { __typename: "ClientApp", id: "grove" }, { __typename: "Session", id: "r1" }, { __typename: "Session", id: "s1" }
      ]) { ... on Tenant { name } ... on ClientApp { name } ... on Session { sessionType } } }`,
      {},
      caller,
    );
    expect(data).toEqual({
      _entities: [{ name: 'Readers' }, null, { name: 'Grove' }, { sessionType: 'trading' }, null],
    });
  });
});
