import { setTimeout as sleep } from 'node:timers/promises';
import type { StepContext, StepDefinition, StepResult } from './definition.ts';
import type { RunDesk } from './run-desk.ts';
import { failureOf, StepFailure } from './step-failure.ts';

/** How a step ended, as the engine keeps it. `isUnsure` of one that did not succeed: it may have been done all the same. */
export type StepOutcome =
  | { readonly kind: 'done'; readonly result: StepResult }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly isUnsure: boolean }
  | { readonly kind: 'cancelled'; readonly isUnsure: boolean };

const defaultTimeoutMs = 30_000;
const defaultRetry = { attempts: 8, backoffMs: 250 };

/** Runs one try of work, which is left to itself when it takes too long. */
export async function within<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const failure = new StepFailure('DEADLINE_EXCEEDED', `The step took longer than ${timeoutMs} ms.`);
    controller.abort(failure);
    late.reject(failure);
  }, timeoutMs);
  try {
    return await Promise.race([work(controller.signal), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** What is tried, and under which key; `again` says before each further try whether there is to be one. */
interface Trial<T> {
  readonly step: StepDefinition<unknown>;
  readonly key: string;
  work(context: StepContext<unknown>): Promise<T>;
  again(): Promise<boolean>;
}

/** What a trial came to; `isStopped` where it was ended before its time. */
type Tried<T> = { readonly value: T } | { readonly failure: StepFailure; readonly isStopped: boolean };

/** Tries work until it succeeds, fails for good, or has been tried often enough. */
async function tryOften<T>(desk: RunDesk, { step, key, work, again }: Trial<T>): Promise<Tried<T>> {
  const { attempts, backoffMs } = step.retry ?? defaultRetry;
  for (let attempt = 1; ; attempt++) {
    try {
      const value = await within(step.timeoutMs ?? defaultTimeoutMs, (signal) => work(desk.contextOf(key, signal)));
      return { value };
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code === 'INTERNAL') desk.log(error, step.name);
      if (!failure.mayPass || attempt >= attempts) return { failure, isStopped: false };
      await desk.noteFailure(step.name, failure);
      const waitMs = backoffMs * 2 ** (attempt - 1) * (1 + Math.random() / 2);
      await sleep(waitMs, undefined, { signal: desk.leaving }).catch(() => undefined);
      await desk.untilStaying();
      if (!(await again())) return { failure, isStopped: true };
    }
  }
}

/** Does one step of a run, and notes how it goes. Taken up again after a process ended within it, it comes to the same. */
export async function performStep(desk: RunDesk, step: StepDefinition<unknown>): Promise<StepOutcome> {
  const begin = async () => (await desk.beginStep(step.name)) === 'begun';
  if (!(await begin())) return { kind: 'cancelled', isUnsure: false };
  const tried = await tryOften(desk, { step, key: step.name, work: (context) => step.run(context), again: begin });
  if ('value' in tried) {
    await desk.endStep(step.name, 'SUCCEEDED');
    return { kind: 'done', result: tried.value };
  }
  const { failure, isStopped } = tried;
  await desk.endStep(step.name, 'FAILED', failure);
  if (isStopped) return { kind: 'cancelled', isUnsure: true };
  return { kind: 'failed', code: failure.code, message: failure.message, isUnsure: failure.mayPass };
}

/** Undoes one step of a run, as far as that can be done, and notes it. Gives whether it is undone. */
export async function undoStep(desk: RunDesk, step: StepDefinition<unknown>): Promise<boolean> {
  const tried = await tryOften(desk, {
    step,
    key: `${step.name}:undo`,
    work: async (context) => {
      await step.compensate?.(context);
    },
    again: async () => true,
  });
  if ('value' in tried) await desk.endStep(step.name, 'COMPENSATED');
  else await desk.endStep(step.name, 'COMPENSATION_FAILED', tried.failure);
  return 'value' in tried;
}
