import type { Resolvers } from '../../generated/graphql/users.ts';
import { normaliseEmail, toPayload } from '../../kernel/subgraph/input.ts';
import { createSession, createUser, endSession, updateUser } from './commands.ts';
import { getTenant, listClientApps, listLatestSessions, listSessions, listUsers } from './queries.ts';

export const resolvers: Resolvers = {
  Query: {
    customer360: (_, { id }, { loaders }) => loaders.user.load(id),
    customers: (_, args, context) => listUsers(context, args),
    user: (_, { id }, { loaders }) => loaders.user.load(id),
    users: (_, args, context) => listUsers(context, args),
    sessions: (_, args, context) => listSessions(context, args),
    tenant: (_, _args, context) => getTenant(context),
    apps: (_, _args, context) => listClientApps(context),
  },
  Mutation: {
    createUser: async (_, { input }, context) => toPayload('user', await createUser(context, input)),
    updateUser: async (_, { input }, context) => toPayload('user', await updateUser(context, input)),
    createSession: async (_, { input }, context) => toPayload('session', await createSession(context, input)),
    endSession: async (_, { input }, context) => toPayload('session', await endSession(context, input)),
  },
  Tenant: {
    __resolveReference: async ({ id }, context) => (id === context.tenantId ? await getTenant(context) : null),
    id: ({ tenantId }) => tenantId,
  },
  ClientApp: {
    __resolveReference: ({ id }, { loaders }) => loaders.clientApp.load(id),
  },
  User: {
    __resolveReference: ({ id }, { loaders }) => loaders.user.load(id),
    customer: (user) => user,
    sessions: ({ id }, args, context) => listLatestSessions(context, id, args),
  },
  Customer: {
    __resolveReference: ({ id }, { loaders }) => loaders.user.load(id),
    profile: (user) => user,
  },
  Contact: {
    customer: ({ email }, _, { loaders }) => (email == null ? null : loaders.userByEmail.load(normaliseEmail(email))),
  },
  Session: {
    __resolveReference: ({ id }, { loaders }) => loaders.session.load(id),
    user: ({ userId }, _, { loaders }) => loaders.user.load(userId),
    app: ({ appId }, _, { loaders }) => loaders.clientApp.load(appId),
  },
};
