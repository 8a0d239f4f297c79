import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openEngineDatabase } from '../../../kernel/data/engine-slots.ts';
import { coordination } from '../../../subgraphs/coordination/index.ts';
import { dbosSchema } from '../../../subgraphs/coordination/workflows/dbos-schema.ts';
import { startTestApp } from '../../support/app.ts';
import { secretOfTests } from '../../support/call-app.ts';
import { type ScriptProcess, startScript } from '../../support/child.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { runStatements } from '../../support/run-statements.ts';

let database: TestDatabase;
const open = (onLost: (error: Error) => void = () => undefined) =>
  openEngineDatabase({ databaseUrl: database.urlFor('dbos'), poolSize: 1, onLost });

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('the schema of the library that runs workflows', () => {
  test('has the version that the library wants, or tables are missing when a run begins', async () => {
    const rows = await runStatements(database.ownerUrl, 'SELECT version::integer FROM dbos.dbos_migrations');
    expect(rows).toEqual([{ version: dbosSchema.version }]);
  });

  test('is reached by its own role alone, which reaches nothing else', async () => {
    const url = database.urlFor('dbos');
    await expect(runStatements(url, 'SELECT * FROM coordination.workflow_runs')).rejects.toThrow('permission denied');
    await expect(runStatements(url, 'SELECT * FROM platform.change_log')).rejects.toThrow('permission denied');
    for (const app of ['coordination', 'crm', 'feed']) {
      const reading = runStatements(database.urlFor(app), 'SELECT * FROM dbos.workflow_status');
      await expect(reading).rejects.toThrow('permission denied');
    }
  });
});

describe('a place among the processes that run workflows', () => {
  test('is one for each, and free when its process is gone', async () => {
    const [first, second] = [await open(), await open()];
    expect([first.slot.number, second.slot.number]).toEqual([0, 1]);
    const taken: string[] = [];
    await first.slot.whileFree(1, async () => {
      taken.push('while the other is there');
    });
    await second.stop();
    await first.slot.whileFree(1, async () => {
      const third = await open();
      taken.push(`a newcomer gets ${third.slot.number}`);
      await third.stop();
    });
    expect(taken).toEqual(['a newcomer gets 2']);
    await first.stop();
  });

  test('is known to be lost when the database ends the connection that holds it', async () => {
    let lost = 0;
    const one = await open(() => {
      lost += 1;
    });
    await runStatements(
      database.ownerUrl,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'panorama-workflow-slot'`,
    );
    await eventually(() => lost > 0);
    expect(lost).toBe(1);
    await one.stop();
  });
});

describe('a process that runs workflows', () => {
  const running: ScriptProcess[] = [];
  const start = async (answer?: object) => {
    const urls = ['coordination', 'dbos', 'feed'].map((role) => database.urlFor(role));
    const texts = answer ? [JSON.stringify(answer)] : [];
    const one = startScript('workflow-process.ts', ...urls, secretOfTests, ...texts);
    running.push(one);
    expect(await one.nextLine()).toEqual({ isReady: true });
    return one;
  };
  afterAll(async () => {
    for (const { pid, ended } of running) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
      await ended;
    }
  });

  test('is followed by another when it is killed, which asks the same under the same key, once', async () => {
    const app = await startTestApp(coordination, database);
    await app.execute('mutation { processLead(input: {id: "run-1", leadId: "lea_1"}) { run { id } } }');
    const first = await start();
    const asked = { app: 'crm', idempotencyKey: 'run-1.1:settleLead' };
    expect(await first.nextLine()).toEqual(asked);
    const second = await start({ settleLead: { contactId: 'con_1', userErrors: [] } });
    process.kill(first.pid, 'SIGKILL');
    expect(await second.nextLine()).toEqual(asked);
    const read = '{ workflowRun(id: "run-1") { status steps { name status attempts } } }';
    type Answer = { readonly workflowRun: { readonly status: string } };
    await eventually(async () => (await app.execute<Answer>(read)).data.workflowRun.status === 'SUCCEEDED');
    expect((await app.execute(read)).data).toMatchObject({
      workflowRun: { steps: [{ name: 'settleLead', status: 'SUCCEEDED', attempts: 2 }, { status: 'SKIPPED' }] },
    });
    await app.stop();
  }, 120_000);
});
