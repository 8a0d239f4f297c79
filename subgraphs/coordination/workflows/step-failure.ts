import { isUnreachable } from '../../../kernel/data/database-errors.ts';
import { isErrorCode } from '../../../kernel/errors/codes.ts';
import { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import type { RunError } from '../store/workflows.ts';

/** What a step failed with that may be otherwise the next time, and of which nobody knows whether it was done. */
const passing: ReadonlySet<string> = new Set(['SUBGRAPH_UNAVAILABLE', 'DEADLINE_EXCEEDED', 'INTERNAL', 'RATE_LIMITED']);

/** Why a step came to nothing. */
export class StepFailure extends Error implements RunError {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }

  /** Whether the step may succeed when it is tried again. */
  get mayPass(): boolean {
    return passing.has(this.code);
  }
}

/** What is thrown in a step as its failure. What is not ours says nothing to clients: the log has it. */
export function failureOf(error: unknown): StepFailure {
  if (error instanceof StepFailure) return error;
  if (error instanceof PanoramaError) return new StepFailure(error.code, error.message);
  if (isUnreachable(error)) return new StepFailure('SUBGRAPH_UNAVAILABLE', 'The database cannot be reached.');
  return new StepFailure('INTERNAL', 'Something failed on our side.');
}

/** The failure that an answer of an app stands for. */
export function failureOfAnswer(app: string, code: unknown, message: string): StepFailure {
  return isErrorCode(code) ? new StepFailure(code, message) : new StepFailure('INTERNAL', `The app "${app}" failed.`);
}
