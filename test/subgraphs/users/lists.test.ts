import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { users } from '../../../subgraphs/users/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { runStatements } from '../../support/run-statements.ts';

interface Page {
  readonly nodes: readonly { readonly id: string }[];
  readonly edges: readonly { readonly cursor: string }[];
  readonly pageInfo: Readonly<Record<'startCursor' | 'endCursor' | 'hasNextPage' | 'hasPreviousPage', string>>;
  readonly totalCount: number;
}

const list = `query ($first: Int, $after: String, $last: Int, $before: String, $search: String, $filter: UserFilter, $orderBy: UserOrder) {
  users(first: $first, after: $after, last: $last, before: $before, search: $search, filter: $filter, orderBy: $orderBy) {
    nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
  }
}`;

/** Five users whose ids say their username; `bo` and `cy` logged in at the same instant, `di` and `ed` never. */
const rows = `INSERT INTO users.users (tenant_id, id, username, username_key, email, email_key, created_at, last_login) VALUES
  ('acme', 'al', 'Al', 'al', 'z@x.org', 'z@x.org', '2026-01-01', '2026-03-01'),
  ('acme', 'bo', 'Bo', 'bo', 'y@x.org', 'y@x.org', '2026-01-02', '2026-02-01'),
  ('acme', 'cy', 'Cy_x', 'cy_x', 'X@Y.org', 'x@y.org', '2026-01-03', '2026-02-01'),
  ('acme', 'di', 'Di', 'di', 'w@x.org', 'w@x.org', '2026-01-03', NULL),
  ('acme', 'ed', 'Ed', 'ed', 'v@x.org', 'v@x.org', '2026-01-05', NULL),
  ('globex', 'al', 'Al', 'al', 'z@x.org', 'z@x.org', '2026-01-01', NULL)`;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(users);
  await runStatements(app.database.ownerUrl, rows);
});
afterAll(() => app.stop());

async function read(variables: Record<string, unknown> = {}, caller = {}): Promise<Page> {
  const { data, errors } = await app.execute<{ users: Page }>(list, variables, caller);
  expect(errors).toBeUndefined();
  return data.users;
}
const idsOf = ({ nodes }: Page) => nodes.map(({ id }) => id);

/** Reads a list to its end, page by page. */
async function walk(direction: 'forward' | 'backward', size: number, variables: Record<string, unknown>) {
  const pages: string[][] = [];
  let position = {};
  for (;;) {
    const page = await read({ ...variables, ...position, [direction === 'forward' ? 'first' : 'last']: size });
    if (direction === 'forward') pages.push(idsOf(page));
    else pages.unshift(idsOf(page));
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = page.pageInfo;
    if (!(direction === 'forward' ? hasNextPage : hasPreviousPage)) return pages;
    position = direction === 'forward' ? { after: endCursor } : { before: startCursor };
  }
}

const orders = ['USERNAME', 'EMAIL', 'CREATED_AT', 'LAST_LOGIN'].flatMap((field) =>
  ['ASC', 'DESC'].map((direction) => ({ field, direction })),
);

describe('a reader of users', () => {
  test('sees those of its tenant only, by username', async () => {
    expect(idsOf(await read())).toEqual(['al', 'bo', 'cy', 'di', 'ed']);
    expect(idsOf(await read({}, { tenant: 'globex' }))).toEqual(['al']);
    expect(idsOf(await read({}, { tenant: 'empty' }))).toEqual([]);
  });

  test.each([
    ['USERNAME', 'DESC', ['ed', 'di', 'cy', 'bo', 'al']],
    ['EMAIL', 'ASC', ['ed', 'di', 'cy', 'bo', 'al']],
    ['CREATED_AT', 'DESC', ['ed', 'di', 'cy', 'bo', 'al']],
    ['LAST_LOGIN', 'ASC', ['bo', 'cy', 'al', 'di', 'ed']],
    ['LAST_LOGIN', 'DESC', ['al', 'cy', 'bo', 'ed', 'di']],
  ])('may sort by %s %s; those without a value come last', async (field, direction, ids) => {
    expect(idsOf(await read({ orderBy: { field, direction } }))).toEqual(ids);
  });

  test.each(orders)('meets everyone once, forward and backward, by $field $direction', async (orderBy) => {
    const all = idsOf(await read({ orderBy }));
    for (const size of [1, 2, 3]) {
      expect((await walk('forward', size, { orderBy })).flat()).toEqual(all);
      expect((await walk('backward', size, { orderBy })).flat()).toEqual(all);
    }
  });

  test('goes on from its cursor when someone comes in before it', async () => {
    const caller = { tenant: 'moving' };
    const create = (name: string) =>
      app.execute(
        'mutation ($input: CreateUserInput!) { createUser(input: $input) { userErrors { code } } }',
        { input: { id: name, username: name, email: `${name}@example.com` } },
        caller,
      );
    for (const name of ['b', 'd', 'f']) await create(name);
    const first = await read({ first: 2 }, caller);
    for (const name of ['a', 'c', 'e']) await create(name);
    const after = first.pageInfo.endCursor;
    expect(idsOf(await read({ first: 2, after }, caller))).toEqual(['e', 'f']);
    expect(idsOf(await read({ last: 2, before: after }, caller))).toEqual(['b', 'c']);
  });

  test.each([
    ['an e-mail address, however capitalised', { filter: { email: ' x@Y.org' } }, ['cy']],
    ['those who have logged in', { filter: { hasLoggedIn: true } }, ['al', 'bo', 'cy']],
    ['those who never have', { filter: { hasLoggedIn: false } }, ['di', 'ed']],
    [
      'a time of creation',
      { filter: { createdFrom: '2026-01-02T00:00:00Z', createdTo: '2026-01-05T00:00:00Z' } },
      ['bo', 'cy', 'di'],
    ],
    ['a part of a name', { search: ' BO ' }, ['bo']],
    ['a part of an address', { search: 'y.ORG' }, ['cy']],
    ['a text with characters that a pattern would read as any', { search: '%' }, []],
    ['an underscore', { search: '_' }, ['cy']],
    ['a search and a filter', { search: 'x.org', filter: { hasLoggedIn: false } }, ['di', 'ed']],
    ['blanks', { search: '  ' }, ['al', 'bo', 'cy', 'di', 'ed']],
    ['10,000 characters', { search: 'x'.repeat(10_000) }, []],
  ])('may ask for %s', async (_, variables, ids) => {
    const page = await read(variables);
    expect(idsOf(page)).toEqual(ids);
    expect(page.totalCount).toBe(ids.length);
  });

  test.each([
    ['NUL in a search', { search: 'a\u0000' }],
    ['NUL in a filter', { filter: { email: 'a\u0000' } }],
    ['`first` and `last`', { first: 1, last: 1 }],
    ['`first` with `before`', { first: 1, before: 'x' }],
    ['`last` with `after`', { last: 1, after: 'x' }],
    ['a negative size', { first: -1 }],
  ])('is told of its mistake when it sends %s', async (_, variables) => {
    const { data, errors } = await app.execute(list, variables);
    expect(data).toEqual({ users: null });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  test('is refused more than 100 at once, and told the limit', async () => {
    const { errors } = await app.execute(list, { first: 101 });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'OPERATION_LIMIT_EXCEEDED', limit: 'pageSize', value: 100 });
    expect(idsOf(await read({ first: 100 }))).toHaveLength(5);
    const none = await read({ first: 0 });
    expect([idsOf(none), none.pageInfo.hasNextPage, none.pageInfo.endCursor]).toEqual([[], true, null]);
  });

  test('is refused a cursor that is not one of this list, this order and this tenant', async () => {
    const cursorOf = async (variables: object, caller = {}) => (await read({ ...variables }, caller)).edges[0]?.cursor;
    const foreign = [
      'not a cursor',
      '',
      await cursorOf({ orderBy: { field: 'EMAIL', direction: 'ASC' } }),
      await cursorOf({ orderBy: { field: 'USERNAME', direction: 'DESC' } }),
      await cursorOf({}, { tenant: 'globex' }),
    ];
    for (const after of foreign) {
      const { errors } = await app.execute(list, { after });
      expect(errors?.[0]?.extensions).toEqual({ code: 'CURSOR_INVALID' });
    }
  });

  test('asks the database for the page alone when it does not want the total', async () => {
    const statements = await app.countStatements(() => app.execute('{ users { nodes { id } } }'));
    expect(statements).toBe(1);
  });
});

describe('a reader of customers', () => {
  test('finds the same people as among the users, in the same ways', async () => {
    const { data } = await app.execute(`{
      customers(search: "x.org", filter: { hasLoggedIn: true }, orderBy: { field: LAST_LOGIN, direction: DESC }) {
        nodes { id profile { username email lastLogin createdAt profileData } } totalCount
      }
    }`);
    const profile = { username: 'Al', email: 'z@x.org', profileData: null, createdAt: '2026-01-01T00:00:00.000Z' };
    expect(data).toMatchObject({
      customers: {
        totalCount: 2,
        nodes: [{ id: 'al', profile: { ...profile, lastLogin: '2026-03-01T00:00:00.000Z' } }, { id: 'bo' }],
      },
    });
  });

  test.each(['nobody', '', 'x'.repeat(10_000)])('reads null for an id that the tenant does not have', async (id) => {
    const { data, errors } = await app.execute(
      'query ($id: ID!) { customer360(id: $id) { id } user(id: $id) { id } }',
      { id },
    );
    expect([data, errors]).toEqual([{ customer360: null, user: null }, undefined]);
  });

  test('reads null for a customer of another tenant, exactly like one that does not exist', async () => {
    const { data, errors } = await app.execute('{ customer360(id: "bo") { id } }', {}, { tenant: 'globex' });
    expect([data, errors]).toEqual([{ customer360: null }, undefined]);
  });
});

describe('another app that asks for people', () => {
  const contacts = `query ($representations: [_Any!]!) {
    _entities(representations: $representations) { ... on Contact { customer { id profile { username } } } }
  }`;
  const contact = (email: string | null) => ({ __typename: 'Contact', id: 'con', email });

  test("gets the customer with a contact's address, however it is capitalised, of its own tenant", async () => {
    const representations = [contact(' X@y.ORG '), contact('unknown@x.org'), contact(null), contact('z@x.org')];
    const { data } = await app.execute(contacts, { representations });
    expect(data).toEqual({
      _entities: [
        { customer: { id: 'cy', profile: { username: 'Cy_x' } } },
        { customer: null },
        { customer: null },
        { customer: { id: 'al', profile: { username: 'Al' } } },
      ],
    });
    const elsewhere = await app.execute(contacts, { representations }, { tenant: 'globex' });
    expect(elsewhere.data).toMatchObject({ _entities: [{ customer: null }, {}, {}, { customer: { id: 'al' } }] });
  });

  test.each([
    ['contacts', contacts, (index: number) => contact(`p${index}@x.org`)],
    [
      'customers',
      'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Customer { profile { email } } } }',
      (index: number) => ({ __typename: 'Customer', id: `p${index}` }),
    ],
  ])('costs one statement, however many %s it asks for', async (_, text, represent) => {
    const count = (size: number) => {
      const representations = Array.from({ length: size }, (__, index) => represent(index));
      return app.countStatements(() => app.execute(text, { representations }));
    };
    expect([await count(1), await count(50)]).toEqual([1, 1]);
  });
});
