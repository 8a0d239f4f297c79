import type { WorkflowRunRow } from '../store/workflows.ts';

const waiting: ReadonlySet<string> = new Set(['PENDING', 'RUNNING']);

/** How much of a run is done, in whole percent of its steps; of one that came to nothing, how far it came. */
export function percentOf({ status, steps }: WorkflowRunRow): number {
  if (status === 'SUCCEEDED' || steps.length === 0) return 100;
  const isOver = status === 'FAILED' || status === 'CANCELLED';
  const ended = steps.filter((step) => !waiting.has(step.status) && !(isOver && step.status === 'SKIPPED')).length;
  return Math.floor((ended * 100) / steps.length);
}

/** The step under way, the first of several. */
export function currentStepOf({ steps }: WorkflowRunRow): string | null {
  return steps.find((step) => step.status === 'RUNNING')?.name ?? null;
}
