import { DBOS } from '@dbos-inc/dbos-sdk';
import type { EngineDatabase } from '../../../kernel/data/engine-slots.ts';
import type { Logger } from '../../../kernel/telemetry/logger.ts';

/*
 * All that this platform knows of DBOS, which remembers which steps of a run are done. One process has one DBOS: whoever
 * launches it shuts it down before another can.
 */

/** What runs the steps of a run, given its id. It is called again, from the beginning, where a process ended within it. */
export type RunBody = (id: string) => Promise<void>;

interface LaunchOptions {
  readonly database: Pick<EngineDatabase, 'pool'>;
  readonly databaseUrl: string;
  /** Names this process among those that share the database, and this life of it among its others. */
  readonly executor: string;
  readonly body: RunBody;
  readonly logger: Logger;
}

/** Bound to the runs under way; another one would not take them up. */
const applicationVersion = '1';
const name = 'panorama';

let body: RunBody | undefined;

const run = DBOS.registerWorkflow(
  async (id: string): Promise<void> => {
    if (!body) throw new Error('No process runs workflows here.');
    await body(id);
  },
  { name: 'run' },
);

/** Begins to work. */
export async function launch(options: LaunchOptions): Promise<void> {
  const { database, databaseUrl, executor, logger } = options;
  body = options.body;
  DBOS.setConfig({
    name,
    systemDatabaseUrl: databaseUrl,
    systemDatabasePool: database.pool,
    executorID: executor,
    applicationVersion,
    runMigrations: false,
    useListenNotify: false,
    logger: {
      // Who reads our log learns from us what runs; where the database is, from nobody.
      info: () => undefined,
      debug: () => undefined,
      warn: () => undefined,
      error: (error) => logger.warn({ err: error }, 'The engine of workflows has a difficulty'),
    },
  });
  await DBOS.launch();
}

/** Stops working. What is under way is left where it is, and goes on at the next launch. */
export async function shutdown(): Promise<void> {
  await DBOS.shutdown();
  body = undefined;
}

/** Begins a run, which ends however often this is said; a run that was begun before is left alone. */
export async function begin(id: string): Promise<void> {
  await DBOS.startWorkflow(run, { workflowID: id })(id);
}

/** Does a step of the run under way once: what it gave is remembered, and given again when the run is taken up anew. */
export function durably<Result>(step: string, work: () => Promise<Result>): Promise<Result> {
  return DBOS.runStep(work, { name: step });
}

/** The executors that have runs under way. */
export async function busyExecutors(): Promise<readonly string[]> {
  const pending = await DBOS.listWorkflows({ status: 'PENDING', loadInput: false, loadOutput: false });
  return [...new Set(pending.flatMap(({ executorId }) => executorId ?? []))];
}

/** Takes up what an executor has left undone. It must have ended, and stay so until this is done. */
export async function takeOver(executor: string): Promise<number> {
  const filter = { status: 'PENDING', executorId: executor, loadInput: false, loadOutput: false } as const;
  const ids = (await DBOS.listWorkflows(filter)).map(({ workflowID }) => workflowID);
  if (ids.length > 0) await DBOS.resumeWorkflows(ids);
  return ids.length;
}

/** Forgets the steps of runs that ended before an instant, so many at most; whoever asked for them has their record. */
export async function forgetEnded(before: Date, limit: number): Promise<void> {
  const filter = { completedBefore: before.toISOString(), limit, loadInput: false, loadOutput: false };
  const ended = await DBOS.listWorkflows({ ...filter, status: ['SUCCESS', 'ERROR', 'CANCELLED'] });
  if (ended.length > 0) await DBOS.deleteWorkflows(ended.map(({ workflowID }) => workflowID));
}

/** Makes the schema, or brings it up to date, and lets a role use it. */
export async function migrate(databaseUrl: string, role: string): Promise<void> {
  await DBOS.migrate(databaseUrl, { schemaName: 'dbos', applicationRole: role });
}
