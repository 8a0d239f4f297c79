import type { QueryJobsArgs } from '../../../generated/graphql/coordination.ts';
import { type Connection, planPage } from '../../../kernel/data/page.ts';
import { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import type { CoordinationContext } from '../loaders.ts';
import { countJobs, findJobs, findQueueFigures, type QueueFigures } from '../store/queues.ts';
import type { QueueJobModel } from '../store.ts';
import type { Queue, Queues } from './queue.ts';

/** A queue, and how much of one tenant is in it. */
export type QueueOfTenant = Queue & Omit<QueueFigures, 'queue'>;

const nothing = { size: 0, running: 0, failed: 0, oldest: null, processed: 0 };

/** Every queue with what waits in it for the tenant. */
export async function listQueues(context: CoordinationContext, queues: Queues): Promise<QueueOfTenant[]> {
  const rows = await context.database.read(context, findQueueFigures);
  const figures = new Map(rows.map((row) => [row.queue, row]));
  return [...queues.values()].map((queue) => ({ ...queue, ...(figures.get(queue.name) ?? nothing) }));
}

/** Jobs, the newest first unless ordered otherwise. */
export async function listJobs(
  context: CoordinationContext,
  queues: Queues,
  { queue, status, ...args }: QueryJobsArgs,
): Promise<Connection<QueueJobModel>> {
  if (queue != null && !queues.has(queue)) {
    const known = [...queues.keys()].join(', ');
    throw new PanoramaError('BAD_USER_INPUT', `There is no such queue. There are: ${known}.`, { field: 'queue' });
  }
  const direction = args.orderBy?.direction ?? 'DESC';
  const list = 'coordination.jobs';
  const page = planPage(context.cursors, args, { list, column: 'createdAt', type: 'instant', direction });
  const selection = { queue: queue ?? undefined, status: status ?? undefined };
  const jobs = await context.database.read(context, (tx) => findJobs(tx, selection, page.query));
  return page.toConnection(jobs, () => context.database.read(context, (tx) => countJobs(tx, selection)));
}
