import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectionStringFor } from '../../../kernel/data/app-role.ts';
import { migrate } from '../../../kernel/data/migrate.ts';
import { openUseCounter, type UseCounter, useCounterSchema } from '../../../kernel/data/use-counter.ts';
import { createEmptyDatabase, type TestDatabase, testSecret } from '../../support/database.ts';
import { runStatements } from '../../support/run-statements.ts';

describe('counters on Postgres', () => {
  let database: TestDatabase;
  let counters: UseCounter[];
  const failures: unknown[] = [];

  beforeAll(async () => {
    database = await createEmptyDatabase();
    const secret = testSecret();
    await migrate({
      connectionString: database.ownerUrl,
      secret,
      apps: [useCounterSchema],
      onProgress: () => undefined,
    });
    const databaseUrl = connectionStringFor(database.ownerUrl, { app: useCounterSchema.name, secret });
    const onFailure = (error: unknown) => failures.push(error);
    const options = { databaseUrl, durationSeconds: 3_600, patienceMs: 30_000, onFailure };
    counters = [openUseCounter(options), openUseCounter(options)];
  });

  afterAll(async () => {
    await Promise.all(counters.map((counter) => counter.stop()));
    await database.drop();
  });

  test('add up what several gateways use at once, key by key', async () => {
    const added = Array.from({ length: 40 }, (_, i) => counters[i % 2]?.add('key acme k1', 3));
    const sums = (await Promise.all(added)).map((use) => use?.used ?? 0);
    expect(failures).toEqual([]);
    expect(sums.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => (i + 1) * 3));
    expect((await counters[0]?.add('key globex k1', 1))?.used).toBe(1);
    const { msLeft } = (await counters[1]?.add('key acme k1', 1)) ?? { msLeft: 0 };
    expect(msLeft).toBeGreaterThan(0);
    expect(msLeft).toBeLessThanOrEqual(3_600_000);
  });

  test('go on in each process while the database does not answer', async () => {
    await runStatements(database.ownerUrl, 'ALTER TABLE gateway.use_counters RENAME TO away');
    const sums: (number | undefined)[] = [];
    for (let i = 0; i < 3; i += 1) sums.push((await counters[0]?.add('key acme k2', 2))?.used);
    expect(sums).toEqual([2, 4, 6]);
    expect(failures.length).toBe(3);
    await runStatements(database.ownerUrl, 'ALTER TABLE gateway.away RENAME TO use_counters');
    expect((await counters[0]?.add('key acme k2', 1))?.used).toBe(1);
  });
});
