import { describe, expect, test } from '@jest/globals';
import { readSourceFiles } from '../support/source-files.ts';

const files = readSourceFiles().filter(({ path }) => !/^(test|bench)\//.test(path));

/** The files that a pattern is found in. */
const filesWith = (pattern: RegExp) => files.filter(({ text }) => pattern.test(text)).map(({ path }) => path);

describe('what leaves a record', () => {
  // An app's context has no database that can be written to; `MutationRun.write` writes the record too.
  test('is all that is written: commands are the only ones who write', () => {
    // A push runs the mutations of its app, each with a record, in one transaction.
    expect(filesWith(/\bmutation\.write\(/).sort()).toEqual([
      'kernel/subgraph/command.ts',
      'kernel/sync/apply-push.ts',
    ]);
    // What an app does because of an event leaves a record too; a worker, a run of a workflow and a queue note how far they are.
    expect(filesWith(/\bdatabase\.write\(/).sort()).toEqual([
      'kernel/audit/mutation-run.ts',
      'kernel/changes/handlers/apply-events.ts',
      'kernel/changes/handlers/event-worker.ts',
      'kernel/subgraph/app.ts',
      'subgraphs/coordination/queues/lane.ts',
      'subgraphs/coordination/queues/worker.ts',
      'subgraphs/coordination/workflows/run-desk.ts',
    ]);
  });

  test("is not passed by with a database of one's own", () => {
    expect(filesWith(/\bcreateTenantDatabase[(<]/).sort()).toEqual([
      'kernel/data/tenant-database.ts',
      'kernel/subgraph/app.ts',
      'subgraphs/users/authenticate.ts',
      'subgraphs/users/key-desk.ts',
    ]);
    expect(filesWith(/\bopenTenantWriter\(/).sort()).toEqual([
      'cli/gateway-database.ts',
      'kernel/data/tenant-writer.ts',
    ]);
  });
});
