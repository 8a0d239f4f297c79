import { z } from 'zod';
import type { CancelJobInput, EnqueueJobInput, RedriveQueueInput } from '../../../generated/graphql/coordination.ts';
import { isMap } from '../../../kernel/http/is-map.ts';
import { grants } from '../../../kernel/permissions/permission.ts';
import { notFound, runCommand } from '../../../kernel/subgraph/command.ts';
import {
  type CommandResult,
  done,
  entityId,
  parseInput,
  refused,
  text,
  unchanged,
} from '../../../kernel/subgraph/input.ts';
import type { CoordinationContext } from '../loaders.ts';
import { cancelWaiting, findJobByKey, findJobsById, redriveJobs } from '../store/queues.ts';
import type { QueueJobModel } from '../store.ts';
import { jobChange } from './changes.ts';
import { enqueue } from './enqueue.ts';
import { type AnyJobType, priorities, type Queue, type Queues } from './queue.ts';
import { pokeQueues } from './worker.ts';

const mostDelayMs = 30 * 86_400_000;
const mostIds = 100;
const mostRedriven = 1_000;
const mostDataBytes = 1_000_000;

const enqueueJobInput = z
  .object({
    queue: z.string(),
    type: z.string(),
    data: z.unknown().refine(isMap, 'A JSON object is expected.'),
    delay: z.int().min(0, 'A delay is 0 or more milliseconds.').max(mostDelayMs, 'Wait at most 30 days.').nullish(),
    runAt: z.date().nullish(),
    priority: z.enum(priorities),
    key: text(200).nullish(),
  })
  .refine(({ delay, runAt }) => delay == null || runAt == null, {
    path: ['runAt'],
    message: 'Give `delay` or `runAt`, not both.',
  })
  .refine(({ runAt }) => runAt == null || runAt.getTime() <= Date.now() + mostDelayMs, {
    path: ['runAt'],
    message: 'Wait at most 30 days.',
  });

const redriveQueueInput = z
  .object({
    queue: z.string(),
    ids: z.array(entityId()).max(mostIds, `Name at most ${mostIds}.`).nullish(),
    all: z.boolean(),
  })
  .refine(({ ids, all }) => (ids != null) !== all, {
    path: ['ids'],
    message: 'Name jobs, or say that all are meant.',
  });

function findQueue(queues: Queues, name: string): CommandResult<Queue> {
  const queue = queues.get(name);
  if (queue) return done(queue);
  return refused('NOT_FOUND', 'queue', `There is no such queue. There are: ${[...queues.keys()].join(', ')}.`);
}

function findType(queue: Queue, name: string): CommandResult<AnyJobType> {
  const type = queue.types.get(name);
  if (type) return done(type);
  const known = [...queue.types.keys()].join(', ');
  return refused('NOT_FOUND', 'type', `The queue "${queue.name}" takes no such jobs. It takes: ${known}.`);
}

/** What a job is about, as its kind asks for it. */
function parseData(type: AnyJobType, given: unknown): CommandResult<unknown> {
  if (Buffer.byteLength(JSON.stringify(given)) > mostDataBytes) {
    return refused('BAD_USER_INPUT', 'data', `Use at most ${mostDataBytes} bytes of JSON.`);
  }
  const parsed = parseInput(type.data, given);
  if (parsed.ok) return parsed;
  const userErrors = parsed.userErrors.map((error) => ({
    ...error,
    field: error.field ? `data.${error.field}` : 'data',
  }));
  return { ok: false, userErrors };
}

/** Queues a job in the name of the sender, who has to hold what the job does with it. */
export async function enqueueJob(
  context: CoordinationContext,
  queues: Queues,
  input: EnqueueJobInput,
): Promise<CommandResult<QueueJobModel>> {
  const parsed = parseInput(enqueueJobInput, input);
  if (!parsed.ok) return parsed;
  const { delay, data: given, priority, key, runAt } = parsed.value;
  const queue = findQueue(queues, parsed.value.queue);
  if (!queue.ok) return queue;
  const type = findType(queue.value, parsed.value.type);
  if (!type.ok) return type;
  const { principal, correlationId } = context;
  const missing = type.value.needs.find((need) => !grants(principal.permissions, need));
  if (missing !== undefined) return refused('FORBIDDEN', 'type', `This job needs the permission ${missing}.`);
  const data = parseData(type.value, given);
  if (!data.ok) return data;
  const result = await runCommand(context, {}, async (tx, publish): Promise<CommandResult<QueueJobModel>> => {
    const queuedBy = principal.userId ?? principal.credentialId;
    const sender = { tx, queuedBy, sourceApp: principal.app, correlationId };
    const at = delay == null ? (runAt ?? undefined) : new Date(Date.now() + delay);
    const id = await enqueue(sender, {
      ...{ queue: queue.value.name, type: type.value.name, data: data.value, runAt: at, isTold: true },
      ...(key != null && { key }),
      priority,
    });
    const [job] =
      id === undefined ? [await findJobByKey(tx, queue.value.name, key ?? '')] : await findJobsById(tx, [id]);
    if (job?.type !== type.value.name) return refused('CONFLICT', 'key', 'This key belongs to a job of another type.');
    if (id === undefined) return unchanged(job);
    publish(jobChange('JOB_QUEUED', job));
    return done(job);
  });
  pokeQueues(context);
  return result;
}

/** Takes back a job that waits. */
export async function cancelJob(
  context: CoordinationContext,
  input: CancelJobInput,
): Promise<CommandResult<QueueJobModel>> {
  const parsed = parseInput(z.object({ id: entityId() }), input);
  if (!parsed.ok) return parsed;
  const { id } = parsed.value;
  return runCommand(context, {}, async (tx, publish) => {
    const job = await cancelWaiting(tx, id);
    if (job) {
      publish(jobChange('JOB_CANCELLED', job));
      return done(job);
    }
    const [known] = await findJobsById(tx, [id]);
    if (!known) return notFound('id', 'job');
    return refused('CONFLICT', 'id', `Only a job that waits can be cancelled; this one is ${known.status}.`);
  });
}

/** Has jobs of a queue tried again. */
export async function redriveQueue(
  context: CoordinationContext,
  queues: Queues,
  input: RedriveQueueInput,
): Promise<CommandResult<number>> {
  const parsed = parseInput(redriveQueueInput, input);
  if (!parsed.ok) return parsed;
  const { ids } = parsed.value;
  const queue = findQueue(queues, parsed.value.queue);
  if (!queue.ok) return queue;
  const named = ids ? [...new Set(ids)] : undefined;
  const result = await runCommand(context, {}, async (tx, publish): Promise<CommandResult<number>> => {
    const which = named ? { ids: named } : { most: mostRedriven };
    const jobs = await redriveJobs(tx, queue.value.name, which);
    if (named && jobs.length < named.length) {
      return refused('NOT_FOUND', 'ids', 'Not all of these are jobs of this queue that failed or were cancelled.');
    }
    for (const job of jobs) publish(jobChange('JOB_REDRIVEN', job));
    return jobs.length > 0 ? done(jobs.length) : unchanged(0);
  });
  pokeQueues(context);
  return result;
}
