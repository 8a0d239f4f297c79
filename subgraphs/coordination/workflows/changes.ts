import type { NewChange } from '../../../kernel/changes/change.ts';
import type { StepStatus, WorkflowRunRow } from '../store/workflows.ts';
import { currentStepOf, percentOf } from './progress.ts';

type RunEvent = 'WORKFLOW_STARTED' | 'WORKFLOW_CANCEL_REQUESTED' | 'WORKFLOW_STEP_ENDED' | 'WORKFLOW_ENDED';

/** The change that tells how a run goes; of a step that has ended, which and how. */
export function runChange(
  type: RunEvent,
  run: WorkflowRunRow,
  step?: { readonly step: string; readonly stepStatus: StepStatus },
): NewChange {
  const { id, name, status, attempt, startedBy, createdAt, startedAt, endedAt, version } = run;
  const progress = { percent: percentOf(run), currentStep: currentStepOf(run) };
  const data = { id, name, status, attempt, startedBy, ...progress, ...step, createdAt, startedAt, endedAt, version };
  return { type, entityId: id, version, data };
}
