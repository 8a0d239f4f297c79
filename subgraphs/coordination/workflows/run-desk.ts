import { setTimeout as sleep } from 'node:timers/promises';
import { type MutationSender, type Publish, runMutation } from '../../../kernel/audit/mutation-run.ts';
import { eventCatalogue } from '../../../kernel/changes/catalogue.ts';
import type { NewChange } from '../../../kernel/changes/change.ts';
import { completeChange, insertChanges } from '../../../kernel/changes/insert-changes.ts';
import { isUnreachable } from '../../../kernel/data/database-errors.ts';
import type { BackgroundParts } from '../../../kernel/subgraph/background-work.ts';
import { createServicePrincipal } from '../../../kernel/tenancy/service-principal.ts';
import { beginStep, endRun, endStep, noteFailure, type RunEnd } from '../store/workflow-progress.ts';
import { findInput, findRun, type OpenRun, type RunError, type StepStatus } from '../store/workflows.ts';
import type { CoordinationClient, CoordinationTransaction } from '../store.ts';
import { createAsk } from './ask-app.ts';
import { runChange } from './changes.ts';
import type { StepContext, StepResults, Workflow, Workflows } from './definition.ts';

/** What runs work with in this process, and when they are to leave it. */
export interface RunHouse extends Omit<BackgroundParts<CoordinationClient>, 'engineUrl'> {
  readonly workflows: Workflows;
  readonly leaving: AbortSignal;
  /** Told that a run does nothing any more in this process. */
  readonly onParked: (run: OpenRun) => void;
}

/** All that a run in one of its lives reads and writes. What cannot be written now is written when the database is back. */
export interface RunDesk {
  readonly workflow: Workflow;
  readonly leaving: AbortSignal;
  readonly input: unknown;
  /** What the steps so far came to; the runner fills it. */
  readonly results: Record<string, StepResults[string]>;
  /** Waits for ever where the process is about to end: the run goes on in another one. */
  untilStaying(): Promise<void>;
  contextOf(key: string, signal: AbortSignal): StepContext<unknown>;
  beginStep(step: string): Promise<'begun' | 'cancelled'>;
  noteFailure(step: string, error: RunError): Promise<void>;
  endStep(step: string, status: StepStatus, error?: RunError): Promise<void>;
  /** Gives false where a run that has come to its end is to be cancelled instead. */
  end(end: RunEnd): Promise<boolean>;
  log(error: unknown, step: string): void;
}

const outageMs = 500;

type Write = <T>(work: (tx: CoordinationTransaction, publish: Publish) => Promise<T>) => Promise<T>;

/** Notes how a run goes, in a transaction of the tenant: with changes, and without a record, as nobody asked for it. */
function createNotes(house: RunHouse, { tenantId }: OpenRun, correlationId: string): Write {
  const actor = 'app:coordination';
  const origin = { app: 'coordination', tenantId, actor, sourceApp: 'coordination', correlationId };
  const catalogue = eventCatalogue();
  return async (work) => {
    let published = 0;
    const value = await house.database.write({ tenantId }, async (tx) => {
      const changes: NewChange[] = [];
      const done = await work(tx, (change) => changes.push(change));
      const complete = changes.map((change) => completeChange(catalogue, origin, change));
      if (complete.length > 0) await tx.rows(insertChanges(complete));
      published = complete.length;
      return done;
    });
    if (published > 0) house.feed.poke(tenantId);
    return value;
  };
}

/** How a step writes to the tables of coordination: like a mutation, with a record of it. */
function createWrites(house: RunHouse, sender: MutationSender, step: string): Write {
  const recorder = { app: 'coordination', ...house };
  return (work) =>
    runMutation(recorder, sender, { mutation: step, kind: 'MUTATION' }, async (run) => {
      const { value } = await run.write(async (tx, publish) => ({ value: await work(tx, publish) }));
      return value;
    });
}

/** Opens the desk of a run; undefined where there is no such run, or it is in another life, or has ended. */
export async function openRunDesk(house: RunHouse, open: OpenRun): Promise<RunDesk | undefined> {
  const { database, callApp, logger, leaving } = house;
  const { tenantId, id } = open;

  async function untilStaying(): Promise<void> {
    if (!leaving.aborted) return;
    house.onParked(open);
    await new Promise<never>(() => undefined);
  }
  async function persist<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      await untilStaying();
      try {
        return await work();
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        await sleep(outageMs, undefined, { signal: leaving }).catch(() => undefined);
      }
    }
  }

  const run = await persist(() => database.read(open, (tx) => findRun(tx, id)));
  if (run?.attempt !== open.attempt || (run.status !== 'PENDING' && run.status !== 'RUNNING')) return undefined;
  const workflow = house.workflows.get(run.name);
  if (!workflow) throw new Error(`There is no workflow ${run.name}.`);
  const input = await persist(() => database.read(open, (tx) => findInput(tx, id)));
  const principal = createServicePrincipal('coordination', tenantId, workflow.permissions);
  const correlationId = run.correlationId ?? id;
  const notes = createNotes(house, open, correlationId);
  const sender = { tenantId, principal, correlationId, operationName: run.name };
  const results: Record<string, StepResults[string]> = {};
  const life = { runId: id, attempt: open.attempt };
  return {
    workflow,
    leaving,
    input,
    results,
    untilStaying,
    contextOf(step, signal) {
      const key = `${id}.${open.attempt}:${step}`;
      const write = createWrites(house, sender, step);
      const ask = createAsk({ callApp, principal, correlationId, workflow: run.name, key, signal });
      return { tenantId, run: { id, name: run.name, attempt: open.attempt }, input, results, signal, ask, write };
    },
    beginStep: (step) => persist(() => notes((tx) => beginStep(tx, { ...life, step }))),
    noteFailure: (step, error) => persist(() => notes((tx) => noteFailure(tx, { ...life, step }, error))),
    endStep: (step, status, error) =>
      persist(() =>
        notes(async (tx, publish) => {
          const ended = await endStep(tx, { ...life, step }, status, error);
          if (ended) publish(runChange('WORKFLOW_STEP_ENDED', ended, { step, stepStatus: status }));
        }),
      ),
    end: (end) =>
      persist(() =>
        notes(async (tx, publish) => {
          const ended = await endRun(tx, life, end);
          if (ended) publish(runChange('WORKFLOW_ENDED', ended));
          const { status, attempt } = ended ?? (await findRun(tx, id)) ?? {};
          return attempt !== life.attempt || (status !== 'PENDING' && status !== 'RUNNING');
        }),
      ),
    log: (error, step) =>
      logger.error({ err: error, correlationId, workflow: run.name, run: id, step }, 'A step of a workflow failed'),
  };
}
