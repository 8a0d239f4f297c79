import type { RunError } from '../store/workflows.ts';
import { type StepDefinition, stepsOf } from './definition.ts';
import { performStep, type StepOutcome, undoStep } from './perform-step.ts';
import type { RunDesk } from './run-desk.ts';

/** Does something once in the life of a run, and remembers what it came to. */
export type Durably = <Result>(name: string, work: () => Promise<Result>) => Promise<Result>;

/** What is done, or may be, and what ended it early. */
interface Progress {
  readonly done: StepDefinition<unknown>[];
  failure: RunError | undefined;
  isCancelled: boolean;
}

function note(progress: Progress, desk: RunDesk, step: StepDefinition<unknown>, outcome: StepOutcome): void {
  if (outcome.kind === 'done') {
    progress.done.push(step);
    desk.results[step.name] = outcome.result;
    return;
  }
  if (outcome.isUnsure) progress.done.push(step);
  if (outcome.kind === 'cancelled') progress.isCancelled = true;
  else progress.failure ??= { code: outcome.code, message: `${step.name}: ${outcome.message}` };
}

/** Undoes what is done, the last first; gives the names of what is undone. */
async function undo(desk: RunDesk, steps: readonly StepDefinition<unknown>[], durably: Durably): Promise<string[]> {
  const undone: string[] = [];
  for (const step of steps.toReversed().filter(({ compensate }) => compensate)) {
    if (await durably(`${step.name}:undo`, () => undoStep(desk, step))) undone.push(step.name);
  }
  return undone;
}

/**
 * Runs the steps of a workflow in their order. Each is done once: where a process ended in between, this is called again and
 * comes by the steps that were done to the one that was not. What a step decides by is therefore the input and what steps
 * came to, and nothing else. A failure for good, or a request to cancel, undoes what was done in reverse order.
 */
export async function runWorkflow(desk: RunDesk, durably: Durably): Promise<void> {
  const { workflow } = desk;
  const progress: Progress = { done: [], failure: undefined, isCancelled: false };
  for (const stage of workflow.steps) {
    const steps = stepsOf(stage);
    const due = steps.filter((step) => step.when?.(desk.input, desk.results) ?? true);
    for (const step of steps.filter((one) => !due.includes(one))) {
      await durably(`${step.name}:skip`, () => desk.endStep(step.name, 'SKIPPED'));
    }
    const outcomes = await Promise.all(due.map((step) => durably(step.name, () => performStep(desk, step))));
    for (const [index, step] of due.entries()) {
      const outcome = outcomes[index];
      if (outcome) note(progress, desk, step, outcome);
    }
    if (progress.failure || progress.isCancelled) break;
  }
  const { done, failure, isCancelled } = progress;
  if (!failure && !isCancelled) {
    const result = workflow.result?.(desk.results, desk.input);
    if (await durably('succeed', () => desk.end({ status: 'SUCCEEDED', result }))) return;
  }
  const undone = await undo(desk, done, durably);
  await durably('end', () =>
    desk.end({ status: failure ? 'FAILED' : 'CANCELLED', result: { undone }, error: failure }),
  );
}
