import type { Resolvers } from '../../../generated/graphql/coordination.ts';
import { toPayload } from '../../../kernel/subgraph/input.ts';
import type { CoordinationContext } from '../loaders.ts';
import { type AppProof, findDocument, findErasure, findExport } from '../store/privacy.ts';
import { beginErasure, beginExport } from './commands.ts';

async function statusOf({ id }: { readonly id: string }, { loaders }: CoordinationContext) {
  const run = await loaders.workflowRun.load(id);
  if (!run) throw new Error('What was begun by a run has lost it.');
  return run.status;
}

/** What the graph shows of exports and erasures of customers. */
export const privacyResolvers = {
  Query: {
    customerExport: (_, { id }, context) => context.database.read(context, (tx) => findExport(tx, id)),
    customerErasure: (_, { id }, context) => context.database.read(context, (tx) => findErasure(tx, id)),
  },
  Mutation: {
    exportCustomer: async (_, { input }, context) => toPayload('run', await beginExport(context, input)),
    eraseCustomer: async (_, { input }, context) => toPayload('run', await beginErasure(context, input)),
  },
  CustomerExport: {
    status: (one, _, context) => statusOf(one, context),
    document: ({ id, completedAt }, _, context) =>
      completedAt === null ? null : context.database.read(context, (tx) => findDocument(tx, id)),
  },
  CustomerErasure: {
    status: (one, _, context) => statusOf(one, context),
    proof: ({ proof }) => {
      const apps = proof as readonly AppProof[] | null;
      return apps?.map(({ app, records, found }) => ({ app, found, records: records.map(withReason) })) ?? null;
    },
  },
} satisfies Resolvers;

const withReason = (records: AppProof['records'][number]) => ({ ...records, reason: records.reason ?? null });
