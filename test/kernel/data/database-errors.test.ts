import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PrismaClient } from '../../../generated/prisma/users/client.ts';
import {
  isMissingFromSchema,
  isTransientConflict,
  isUnreachable,
  refusalOf,
} from '../../../kernel/data/database-errors.ts';
import {
  createTenantDatabase,
  type TenantDatabase,
  type TenantTransaction,
} from '../../../kernel/data/tenant-database.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { runStatements } from '../../support/run-statements.ts';

const tenantId = parseTenantId('acme');

let database: TestDatabase;
let users: TenantDatabase<PrismaClient>;
beforeAll(async () => {
  database = await createTestDatabase();
  users = createTenantDatabase({
    connectionString: database.urlFor('users'),
    createClient: (adapter) => new PrismaClient({ adapter }),
    poolSize: 2,
  });
  await users.write({ tenantId }, async ({ client }) => {
    await client.tenant.create({ data: { tenantId, name: 'Acme' } });
    await client.user.create({ data: user('ada') });
    await client.clientApp.create({ data: { tenantId, id: 'web', name: 'Web' } });
    await client.session.create({ data: { tenantId, id: '1', userId: 'ada', appId: 'web', sessionType: 'x' } });
  });
});
afterAll(async () => {
  await users.stop();
  await database.drop();
});

function user(name: string) {
  const email = `${name}@example.com`;
  return { tenantId, id: name, username: name, usernameKey: name, email, emailKey: email };
}

async function failure(work: (transaction: TenantTransaction<PrismaClient>) => Promise<unknown>): Promise<unknown> {
  return users.write({ tenantId }, work).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a refusal by the database', () => {
  test('is a unique clash with the name of the constraint, from a typed call and from raw SQL', async () => {
    const clash = { kind: 'UNIQUE_CLASH', constraint: 'users_email_key' };
    const typed = { ...user('bob'), emailKey: 'ada@example.com' };
    expect(refusalOf(await failure(({ client }) => client.user.create({ data: typed })))).toEqual(clash);
    const raw = await failure(
      ({ client }) => client.$executeRaw`
        INSERT INTO users (tenant_id, id, username, username_key, email, email_key)
        VALUES ('acme', 'bob', 'bob', 'bob', 'x@y', 'ada@example.com')`,
    );
    expect(refusalOf(raw)).toEqual(clash);
  });

  test('is a missing reference with the name of the constraint', async () => {
    const data = { tenantId, id: '2', userId: 'nobody', appId: 'web', sessionType: 'x' };
    const error = await failure(({ client }) => client.session.create({ data }));
    expect(refusalOf(error)).toEqual({ kind: 'MISSING_REFERENCE', constraint: 'sessions_user' });
  });

  test('is a row that others refer to', async () => {
    const error = await failure(({ client }) =>
      client.user.delete({ where: { tenantId_id: { tenantId, id: 'ada' } } }),
    );
    expect(refusalOf(error)).toEqual({ kind: 'STILL_REFERENCED', constraint: 'sessions_user' });
  });

  test('is a row that does not exist or has another version by now', async () => {
    const update = (id: string, version: number) =>
      failure(({ client }) =>
        client.user.update({ where: { tenantId_id: { tenantId, id }, version }, data: { username: 'x' } }),
      );
    expect(refusalOf(await update('nobody', 1))).toEqual({ kind: 'NO_SUCH_ROW' });
    expect(refusalOf(await update('ada', 7))).toEqual({ kind: 'NO_SUCH_ROW' });
  });

  test('is not what the input cannot mend', async () => {
    const errors = [
      await failure(({ client }) => client.user.create({ data: { ...user('eve'), tenantId: 'globex' } })),
      await failure(({ client }) => client.$queryRaw`SELECT 1/0`),
      await failure(() => Promise.reject(new Error('a fault'))),
      'no error at all',
    ];
    expect(errors.map(refusalOf)).toEqual([undefined, undefined, undefined, undefined]);
    expect(errors.map(isTransientConflict)).toEqual([false, false, false, false]);
  });
});

test('a database that is gone is told apart from one that refuses', async () => {
  const url = new URL(database.urlFor('users'));
  url.port = '1';
  const gone = createTenantDatabase({
    connectionString: url.href,
    createClient: (adapter) => new PrismaClient({ adapter }),
    poolSize: 1,
  });
  const statement = { text: 'SELECT 1', values: [] };
  const attempts = [
    gone.read({ tenantId }, (tx) => tx.client.$queryRaw`SELECT 1`),
    gone.read({ tenantId }, (tx) => tx.rows(statement)),
    gone.write({ tenantId }, async () => 1),
  ];
  for (const attempt of attempts) {
    const error = await attempt.catch((reason: unknown) => reason);
    expect(isUnreachable(error)).toBe(true);
    expect(refusalOf(error)).toBeUndefined();
  }
  expect(isUnreachable(await failure(({ client }) => client.$queryRaw`SELECT 1/0`))).toBe(false);
  await gone.stop();
});

test('a table or a column that the schema does not have is told from a refusal', async () => {
  const rename = (from: string, to: string) =>
    runStatements(database.ownerUrl, `ALTER TABLE users.${from} RENAME TO ${to}`);
  await rename('sessions', 'other_sessions');
  try {
    const typed = await failure(({ client }) => client.session.findMany());
    const own = await failure((tx) => tx.rows({ text: 'SELECT nothing FROM users', values: [] }));
    expect([typed, own].map(isMissingFromSchema)).toEqual([true, true]);
    expect([typed, own].map(isUnreachable)).toEqual([false, false]);
  } finally {
    await rename('other_sessions', 'sessions');
  }
});
