import type { Resolvers } from '../../../generated/graphql/coordination.ts';
import type { FeedEvent } from '../../../kernel/changes/feed.ts';
import { followChanges, typeOfEvent } from '../../../kernel/changes/feed-fields.ts';
import { toPayload } from '../../../kernel/subgraph/input.ts';
import { cancelWorkflow, retryWorkflow } from './commands.ts';
import { currentStepOf, percentOf } from './progress.ts';
import { listWorkflowRuns } from './queries.ts';

interface Failed {
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

const errorOf = ({ errorCode: code, errorMessage: message }: Failed) =>
  code === null ? null : { code, message: message ?? '' };

/** What the graph shows of runs of workflows; the fields that begin one are with the flows. */
export const workflowResolvers = {
  Query: {
    workflowRun: (_, { id }, { loaders }) => loaders.workflowRun.load(id),
    workflowRuns: (_, args, context) => listWorkflowRuns(context, args),
  },
  Mutation: {
    cancelWorkflow: async (_, { input }, context) => toPayload('run', await cancelWorkflow(context, input)),
    retryWorkflow: async (_, { input }, context) => toPayload('run', await retryWorkflow(context, input)),
  },
  Subscription: {
    workflowProgress: {
      subscribe: (_, { id, after }, context) =>
        followChanges(context, { after }, { entities: ['WorkflowRun'], entityIds: [id] }),
      resolve: (event: FeedEvent, { id }: { readonly id: string }) => ({ ...event, runId: id }),
    },
  },
  WorkflowProgressEvent: { __resolveType: typeOfEvent('WorkflowProgress') },
  WorkflowProgress: { run: ({ runId }, _, { loaders }) => loaders.workflowRun.load(runId) },
  WorkflowRun: {
    steps: ({ steps }) => [...steps],
    percent: (run) => percentOf(run),
    currentStep: (run) => currentStepOf(run),
    error: (run) => errorOf(run),
  },
  WorkflowStep: { error: (step) => errorOf(step) },
} satisfies Resolvers;
