import { runMutation } from '../../../kernel/audit/mutation-run.ts';
import type { BackgroundParts } from '../../../kernel/subgraph/background-work.ts';
import { createServicePrincipal } from '../../../kernel/tenancy/service-principal.ts';
import type { ClaimedJob, JobOutcome, LanePlace } from '../store/queue-work.ts';
import type { CoordinationClient, CoordinationTransaction } from '../store.ts';
import { createAsk } from '../workflows/ask-app.ts';
import type { Workflows } from '../workflows/definition.ts';
import { pokeWorkflows } from '../workflows/engine.ts';
import { within } from '../workflows/perform-step.ts';
import { startWorkflow } from '../workflows/start.ts';
import { failureOf, StepFailure } from '../workflows/step-failure.ts';
import type { AnyJobType, JobContext, JobResult, Queue } from './queue.ts';

/** What jobs work with in this process. */
export interface JobHouse extends Omit<BackgroundParts<CoordinationClient>, 'engineUrl'> {
  readonly workflows: Workflows;
}

const defaultTimeoutMs = 30_000;
const firstBackoffMs = 1_000;
/** A job with which so many processes have ended is taken to be what ends them. */
const mostLosses = 5;

/**
 * How long to wait after so many attempts, in milliseconds: 1, 2, 4, ... seconds, each between half of that and one and a
 * half, so that what failed together is not tried together.
 */
export function backoffMs(attempts: number): number {
  return Math.round(firstBackoffMs * 2 ** (attempts - 1) * (0.5 + Math.random()));
}

/** What a job is about, which was checked when it was queued; by a version of this code that may have asked for other things. */
function dataOf(type: AnyJobType, { data }: ClaimedJob): unknown {
  if (data === null) throw new StepFailure('NOT_FOUND', 'What it was about is gone: somebody in it was erased.');
  const parsed = type.data.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new StepFailure('BAD_USER_INPUT', 'What it is about is not as this kind of job asks for it any more.');
}

type AttemptedJob = ClaimedJob & Pick<JobContext<unknown>['job'], 'isLastAttempt'>;

function contextOf(house: JobHouse, place: LanePlace, type: AnyJobType, job: AttemptedJob, signal: AbortSignal) {
  const { tenantId } = place;
  const { id, queuedBy, isLastAttempt } = job;
  const correlationId = job.correlationId ?? id;
  const principal = createServicePrincipal('coordination', tenantId, type.permissions);
  const asker = { callApp: house.callApp, principal, correlationId, workflow: type.name, key: `job:${id}`, signal };
  const sender = { tenantId, principal, operationName: type.name, correlationId };
  const write: JobContext<unknown>['write'] = (work) =>
    runMutation({ app: 'coordination', ...house }, sender, { mutation: type.name, kind: 'MUTATION' }, async (run) => {
      const { value } = await run.write(async (tx, publish) => ({ value: await work(tx, publish) }));
      return value;
    });
  return {
    tenantId,
    job: { id, type: type.name, queuedBy, isLastAttempt },
    data: dataOf(type, job),
    ask: createAsk(asker),
    read: (work) => house.database.read(place, work),
    write,
    outlets: house.outlets,
    secret: house.secret,
    signal,
    async begin(name, input): Promise<JobResult> {
      const workflow = house.workflows.get(name);
      if (!workflow) throw new StepFailure('NOT_FOUND', `There is no workflow ${name} here.`);
      await write((tx: CoordinationTransaction, publish) =>
        startWorkflow({ tx, publish, principal, correlationId }, workflow, input, { id }),
      );
      pokeWorkflows(house);
      return { runId: id };
    },
  } satisfies JobContext<unknown>;
}

/** Makes one attempt at a job. It never throws: what it came to is what is to be noted. */
export async function runJob(house: JobHouse, place: LanePlace, queue: Queue, job: ClaimedJob): Promise<JobOutcome> {
  const { id, claims, attempts, losses } = job;
  const isLastAttempt = attempts > queue.maxRetries;
  const type = queue.types.get(job.type);
  try {
    if (!type) throw new StepFailure('NOT_FOUND', `The queue "${queue.name}" takes no jobs ${job.type} any more.`);
    if (losses > mostLosses) throw new StepFailure('CONFLICT', 'Its process has ended within it again and again.');
    const work = (signal: AbortSignal) => type.run(contextOf(house, place, type, { ...job, isLastAttempt }, signal));
    return { id, claims, status: 'SUCCEEDED', result: await within(type.timeoutMs ?? defaultTimeoutMs, work) };
  } catch (error) {
    const failure = failureOf(error);
    const about = { tenantId: place.tenantId, queue: queue.name, type: job.type, job: id, attempts };
    const isDead = !failure.mayPass || isLastAttempt;
    const correlationId = job.correlationId ?? id;
    if (isDead)
      house.logger.error({ ...about, correlationId, err: error }, 'A job was given up: it waits to be redriven');
    else house.logger.warn({ ...about, correlationId, err: error }, 'A job failed and will be tried again');
    const reason = { errorCode: failure.code, errorMessage: failure.message.slice(0, 1_000) };
    if (isDead) return { id, claims, status: 'FAILED', ...reason };
    return { id, claims, status: 'RETRYING', retryMs: backoffMs(attempts), ...reason };
  }
}
