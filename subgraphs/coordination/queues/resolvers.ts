import type { Resolvers } from '../../../generated/graphql/coordination.ts';
import { toPayload } from '../../../kernel/subgraph/input.ts';
import type { JobStatus } from '../store/queues.ts';
import { cancelJob, enqueueJob, redriveQueue } from './commands.ts';
import { listJobs, listQueues } from './queries.ts';
import { priorities } from './queue.ts';
import { queues } from './queue-table.ts';

const isWaiting = (status: string) => status === 'QUEUED' || status === 'RETRYING';

/** What the graph shows of queues. */
export const queueResolvers = {
  Query: {
    queues: (_, _args, context) => listQueues(context, queues),
    jobs: (_, args, context) => listJobs(context, queues, args),
    job: (_, { id }, { loaders }) => loaders.queueJob.load(id),
  },
  Mutation: {
    enqueueJob: async (_, { input }, context) => toPayload('job', await enqueueJob(context, queues, input)),
    cancelJob: async (_, { input }, context) => toPayload('job', await cancelJob(context, input)),
    redriveQueue: async (_, { input }, context) => toPayload('count', await redriveQueue(context, queues, input)),
  },
  Queue: {
    types: ({ types }) => [...types.values()].map(({ name, needs }) => ({ name, permissions: [...needs] })),
  },
  QueueJob: {
    status: ({ status }) => status as JobStatus,
    priority: ({ priority }) => priorities[priority] ?? 'LOW',
    nextAt: ({ status, nextAt }) => (isWaiting(status) ? nextAt : null),
    error: ({ errorCode: code, errorMessage: message }) => (code === null ? null : { code, message: message ?? '' }),
  },
} satisfies Resolvers;
