import { describe, expect, test } from '@jest/globals';
import type { Publish } from '../../../kernel/audit/mutation-run.ts';
import type { PrismaClientLike, TenantTransaction } from '../../../kernel/data/tenant-database.ts';
import type { AppContext } from '../../../kernel/subgraph/app.ts';
import { notFound, runCommand, staleVersion } from '../../../kernel/subgraph/command.ts';
import { type CommandResult, done, unchanged } from '../../../kernel/subgraph/input.ts';

/** A context whose transactions only note what they are; what a real database does, the tests of the apps show. */
function createContext() {
  const seen: string[] = [];
  const mutation = {
    async write(work: (tx: unknown, publish: Publish) => Promise<unknown>) {
      try {
        const result = await work({}, ({ type }) => seen.push(type));
        seen.push('commit');
        return result;
      } catch (error) {
        seen.push('rollback');
        throw error;
      }
    },
  };
  const context = { mutation, forgetLoaded: () => seen.push('forget') } as unknown as AppContext<
    PrismaClientLike,
    object
  >;
  return { context, seen };
}

type Work = (tx: TenantTransaction<PrismaClientLike>, publish: Publish) => Promise<CommandResult<string>>;
const publishing: Work = async (_tx, publish) => {
  publish({ type: 'NOTE_WRITTEN', entityId: 'a', version: 1, data: {} });
  return done('value');
};

describe('a command', () => {
  test('that did its work is committed, and what was loaded before is forgotten', async () => {
    const { context, seen } = createContext();
    expect(await runCommand(context, {}, publishing)).toEqual({ ok: true, value: 'value' });
    expect(seen).toEqual(['NOTE_WRITTEN', 'commit', 'forget']);
  });

  test('that found everything as it was asked for has no change to publish', async () => {
    const { context, seen } = createContext();
    expect(await runCommand(context, {}, async () => unchanged('value'))).toEqual({ ok: true, value: 'value' });
    expect(seen).toEqual(['commit', 'forget']);
  });

  test('that publishes nothing for what it did fails, and nothing is written', async () => {
    const { context, seen } = createContext();
    await expect(runCommand(context, {}, async () => done('value'))).rejects.toThrow('published no change');
    expect(seen).toEqual(['rollback']);
  });

  test.each([
    [notFound('userId', 'user'), { field: 'userId', code: 'NOT_FOUND', message: 'There is no user with this id.' }],
    [staleVersion(7), { field: 'baseVersion', code: 'CONFLICT' }],
  ])('that is refused is rolled back and tells why', async (refusal, userError) => {
    const { context, seen } = createContext();
    expect(await runCommand(context, {}, async () => refusal)).toMatchObject({ ok: false, userErrors: [userError] });
    expect(seen).toEqual(['rollback']);
  });

  test('that is run in a query writes nothing: nobody would record it', async () => {
    const { context, seen } = createContext();
    const query = { ...context, mutation: undefined } as unknown as typeof context;
    await expect(runCommand(query, {}, publishing)).rejects.toThrow('in a mutation only');
    expect(seen).toEqual([]);
  });

  test("that fails for a reason which is not the sender's fails", async () => {
    const { context, seen } = createContext();
    const work: Work = async () => {
      throw new Error('the disk is full');
    };
    const taken = { code: 'CONFLICT', field: 'id', message: 'This id is taken.' } as const;
    await expect(runCommand(context, { users_pkey: taken }, work)).rejects.toThrow('the disk is full');
    expect(seen).toEqual(['rollback']);
  });
});
