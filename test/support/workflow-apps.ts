import type { CallApp } from '../../kernel/subgraph/call-app.ts';
import type { SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import { analytics } from '../../subgraphs/analytics/index.ts';
import { coordination } from '../../subgraphs/coordination/index.ts';
import { crm } from '../../subgraphs/crm/index.ts';
import { documents } from '../../subgraphs/documents/index.ts';
import { security } from '../../subgraphs/security/index.ts';
import { users } from '../../subgraphs/users/index.ts';
import { startTestApp, type TestApp } from './app.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';

/** Stands between a step and an app; `call` asks the app. */
export type Interference = (app: string, call: () => Promise<SubgraphResponse>) => Promise<SubgraphResponse>;

/** How a run ended, as the graph tells. */
export interface EndedRun {
  readonly status: string;
  readonly attempt: number;
  readonly percent: number;
  readonly steps: readonly { name: string; status: string; attempts: number; error: { code: string } | null }[];
  readonly result: Record<string, unknown> | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** The apps of the suite on one database, of which coordination runs workflows. */
export interface WorkflowApps {
  readonly database: TestDatabase;
  readonly others: Readonly<Record<'users' | 'analytics' | 'documents' | 'crm' | 'security', TestApp>>;
  readonly coordination: TestApp;
  /** Steps in between steps and apps, until it is given back. */
  interfere(interference: Interference | undefined): void;
  stop(): Promise<void>;
}

const runFields = `status attempt percent steps { name status attempts error { code } } result error { code message }`;

/** Starts the apps on a database without rows. */
export async function startWorkflowApps(): Promise<WorkflowApps> {
  const database = await createTestDatabase();
  const others = {
    users: await startTestApp(users, database),
    analytics: await startTestApp(analytics, database),
    documents: await startTestApp(documents, database),
    crm: await startTestApp(crm, database),
    security: await startTestApp(security, database),
  };
  let current: Interference | undefined;
  const through =
    (callApp: CallApp): CallApp =>
    async (app, request) => {
      const call = () => callApp(app, request);
      return await (current ? current(app, call) : call());
    };
  const coordinationApp = await startTestApp(coordination, database, Object.values(others), undefined, through);
  return {
    database,
    others,
    coordination: coordinationApp,
    interfere(interference) {
      current = interference;
    },
    async stop() {
      await coordinationApp.stop();
      for (const app of Object.values(others)) await app.stop();
      await database.drop();
    },
  };
}

/** Begins a run by a mutation that needs nothing but an input, and gives its id. */
export async function beginRun({ coordination: app }: WorkflowApps, mutation: string, input: object): Promise<string> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const text = `mutation ($input: ${type}!) { ${mutation}(input: $input) { run { id } userErrors { field code } } }`;
  const { data, errors } = await app.execute<Record<string, { run: { id: string } | null }>>(text, { input });
  const id = data?.[mutation]?.run?.id;
  if (id === undefined) throw new Error(`No run: ${JSON.stringify(errors ?? data)}`);
  return id;
}

/** How a run is now. */
export async function readRun({ coordination: app }: WorkflowApps, id: string): Promise<EndedRun> {
  const text = `query ($id: ID!) { workflowRun(id: $id) { ${runFields} } }`;
  const { data, errors } = await app.execute<{ workflowRun: EndedRun }>(text, { id });
  if (!data?.workflowRun) throw new Error(`No run: ${JSON.stringify(errors)}`);
  return data.workflowRun;
}

/** Waits for the end of a run. */
export async function endOfRun(apps: WorkflowApps, id: string): Promise<EndedRun> {
  let run = await readRun(apps, id);
  await eventually(async () => {
    run = await readRun(apps, id);
    return run.status !== 'PENDING' && run.status !== 'RUNNING';
  });
  return run;
}
