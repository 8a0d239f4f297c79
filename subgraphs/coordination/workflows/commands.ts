import { z } from 'zod';
import { notFound, runCommand } from '../../../kernel/subgraph/command.ts';
import { type CommandResult, done, entityId, parseInput, refused, unchanged } from '../../../kernel/subgraph/input.ts';
import type { CoordinationContext } from '../loaders.ts';
import { renewRun, requestCancel } from '../store/workflow-progress.ts';
import { findRun, type WorkflowRunRow } from '../store/workflows.ts';
import { runChange } from './changes.ts';
import type { Workflow } from './definition.ts';
import { pokeWorkflows } from './engine.ts';
import { startWorkflow } from './start.ts';

type RunResult = CommandResult<WorkflowRunRow>;

const namedRun = z.object({ id: entityId() });

/**
 * Begins a run in the name of the sender of a mutation. An input that does not fit is refused, and so is an id that a run
 * of another workflow has; a run that is there under the id is given as it is.
 */
export async function beginRun(
  context: CoordinationContext,
  workflow: Workflow,
  input: Readonly<Record<string, unknown>> & { readonly id?: string | null | undefined },
): Promise<RunResult> {
  const { id, ...fields } = input;
  const named = parseInput(z.object({ id: entityId().nullish() }), { id });
  if (!named.ok) return named;
  const parsed = parseInput(workflow.input, fields);
  if (!parsed.ok) return parsed;
  const result = await runCommand(context, {}, async (tx, publish) => {
    const { principal, correlationId } = context;
    const starter = { tx, publish, principal, correlationId };
    const { run, isNew } = await startWorkflow(starter, workflow, fields, { id: id ?? undefined });
    return isNew ? done(run) : unchanged(run);
  });
  pokeWorkflows(context);
  return result;
}

/** Asks for the end of a run before its time. */
export async function cancelWorkflow(context: CoordinationContext, input: { readonly id: string }): Promise<RunResult> {
  const parsed = parseInput(namedRun, input);
  if (!parsed.ok) return parsed;
  const { id } = parsed.value;
  return runCommand(context, {}, async (tx, publish) => {
    const run = await requestCancel(tx, id);
    if (run) {
      publish(runChange('WORKFLOW_CANCEL_REQUESTED', run));
      return done(run);
    }
    const known = await findRun(tx, id);
    if (!known) return notFound('id', 'run');
    const isOpen = known.status === 'PENDING' || known.status === 'RUNNING';
    return isOpen ? unchanged(known) : refused('CONFLICT', 'id', `The run has ended: it is ${known.status}.`);
  });
}

/** Begins a run anew that failed. */
export async function retryWorkflow(context: CoordinationContext, input: { readonly id: string }): Promise<RunResult> {
  const parsed = parseInput(namedRun, input);
  if (!parsed.ok) return parsed;
  const { id } = parsed.value;
  const result = await runCommand(context, {}, async (tx, publish) => {
    const run = await renewRun(tx, id);
    if (run) {
      publish(runChange('WORKFLOW_STARTED', run));
      return done(run);
    }
    const known = await findRun(tx, id);
    if (!known) return notFound('id', 'run');
    return refused('CONFLICT', 'id', `Only a run that has FAILED is begun anew; this one is ${known.status}.`);
  });
  pokeWorkflows(context);
  return result;
}
