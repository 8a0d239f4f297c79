import type { Publish } from '../../../kernel/audit/mutation-run.ts';
import { newEntityId } from '../../../kernel/data/entity-id.ts';
import { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import type { Principal } from '../../../kernel/tenancy/principal.ts';
import { findRun, insertRun, type WorkflowRunRow } from '../store/workflows.ts';
import type { CoordinationTransaction } from '../store.ts';
import { runChange } from './changes.ts';
import { stepsOf, type Workflow } from './definition.ts';

/** In which transaction a run is begun, and who begins it: a command, or the handler of an event. */
export interface RunStarter {
  readonly tx: CoordinationTransaction;
  readonly publish: Publish;
  readonly principal: Pick<Principal, 'app' | 'credentialId' | 'userId'>;
  readonly correlationId: string | undefined;
  /** The event that the run follows from. */
  readonly eventId?: string;
}

/** A run, and whether it was begun just now. */
export interface StartedRun {
  readonly run: WorkflowRunRow;
  readonly isNew: boolean;
}

/**
 * Begins a run: it is there when the transaction commits, and begins within a second, or at once after `pokeWorkflows`. One
 * that is there already under the id is given back as it is.
 *
 * @throws `CONFLICT` where the id belongs to a run of another workflow, and what `workflow.input` throws
 */
export async function startWorkflow(
  starter: RunStarter,
  workflow: Workflow,
  input: unknown,
  { id = newEntityId() }: { readonly id?: string | undefined } = {},
): Promise<StartedRun> {
  const { tx, publish, principal, correlationId, eventId } = starter;
  const isNew = await insertRun(tx, {
    id,
    name: workflow.name,
    input: workflow.input.parse(input),
    steps: workflow.steps.flatMap(stepsOf).map(({ name }) => name),
    startedBy: principal.userId ?? principal.credentialId,
    sourceApp: principal.app,
    correlationId: correlationId ?? null,
    causationId: eventId ?? null,
  });
  const run = await findRun(tx, id);
  if (run?.name !== workflow.name) {
    throw new PanoramaError('CONFLICT', 'This id belongs to a run of another workflow.', { field: 'id' });
  }
  if (isNew) publish(runChange('WORKFLOW_STARTED', run));
  return { run, isNew };
}
