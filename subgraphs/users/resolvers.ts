import type { Resolvers } from '../../generated/graphql/users.ts';
import { normaliseEmail, toPayload } from '../../kernel/subgraph/input.ts';
import { writeMinute } from './access-input.ts';
import { listApiKeys, listAssignments, listRoles, mayDo } from './access-queries.ts';
import { createSession, createUser, endSession, updateUser } from './commands.ts';
import { findBreaches } from './compliance.ts';
import { identifyCustomer, privacyFields } from './erasure.ts';
import { feedResolvers } from './feeds.ts';
import { createApiKey, revokeApiKey } from './key-commands.ts';
import { metricsResolvers, summariseActivity } from './metrics.ts';
import { discardUser } from './onboarding.ts';
import { getTenant, listClientApps, listLatestSessions, listSessions, listUsers } from './queries.ts';
import { findRecipients } from './recipients.ts';
import { assignRole, createRole, deleteRole, unassignRole, updateRole } from './role-commands.ts';
import { search } from './search.ts';
import { statusOf } from './store/keys.ts';
import { sync } from './sync.ts';
import { issueToken } from './token-commands.ts';

export const resolvers: Resolvers = {
  ...feedResolvers,
  ...metricsResolvers,
  Query: {
    usersCustomerData: privacyFields.data,
    usersCustomerIdentity: (_, { customerId }, context) => identifyCustomer(context, customerId),
    complianceFindings: (_, { at }, context) => findBreaches(context, at),
    usersRecords: sync.records,
    notificationRecipients: (_, args, context) => findRecipients(context, args),
    usersSearch: search,
    customer360: (_, { id }, { loaders }) => loaders.user.load(id),
    customers: (_, args, context) => listUsers(context, args),
    user: (_, { id }, { loaders }) => loaders.user.load(id),
    users: (_, args, context) => listUsers(context, args),
    sessions: (_, args, context) => listSessions(context, args),
    tenant: (_, _args, context) => getTenant(context),
    apps: (_, _args, context) => listClientApps(context),
    viewer: (_, _args, { principal }) => principal,
    activitySummary: (_, args, context) => summariseActivity(context, args),
    apiKeys: (_, args, context) => listApiKeys(context, args),
    roles: (_, args, context) => listRoles(context, args),
  },
  Mutation: {
    eraseUsersCustomerData: privacyFields.erase,
    applyUsersMutations: sync.apply,
    discardUser: async (_, { input }, context) => toPayload('discardedUserId', await discardUser(context, input)),
    createUser: async (_, { input }, context) => toPayload('user', await createUser(context, input)),
    updateUser: async (_, { input }, context) => toPayload('user', await updateUser(context, input)),
    createSession: async (_, { input }, context) => toPayload('session', await createSession(context, input)),
    endSession: async (_, { input }, context) => toPayload('session', await endSession(context, input)),
    createApiKey: async (_, { input }, context) => {
      const { made, userErrors } = toPayload('made', await createApiKey(context, input));
      return { apiKey: made?.apiKey ?? null, key: made?.key ?? null, userErrors };
    },
    revokeApiKey: async (_, { input }, context) => toPayload('apiKey', await revokeApiKey(context, input)),
    issueToken: async (_, { input }, context) => {
      const { issued, userErrors } = toPayload('issued', await issueToken(context, input));
      return { token: issued?.token ?? null, expiresAt: issued?.expiresAt ?? null, userErrors };
    },
    createRole: async (_, { input }, context) => toPayload('role', await createRole(context, input)),
    updateRole: async (_, { input }, context) => toPayload('role', await updateRole(context, input)),
    deleteRole: async (_, { input }, context) => toPayload('deletedRoleId', await deleteRole(context, input)),
    assignRole: async (_, { input }, context) => toPayload('assignment', await assignRole(context, input)),
    unassignRole: async (_, { input }, context) => toPayload('role', await unassignRole(context, input)),
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
    roleAssignments: async ({ id }, _, { loaders }) => [...(await loaders.assignmentsOfUser.load(id))],
  },
  Viewer: {
    tenant: (_, _args, context) => getTenant(context),
    user: ({ userId }, _, { loaders }) => (userId === undefined ? null : loaders.user.load(userId)),
    roles: ({ roles }) => [...roles],
    permissions: ({ permissions }) => [...permissions],
    can: (principal, { permission }) => mayDo(principal, permission),
    expiresAt: ({ expiresAt }) => (expiresAt === undefined ? null : new Date(expiresAt)),
  },
  ApiKey: {
    roleAssignments: async ({ id }, _, { loaders }) => [...(await loaders.assignmentsOfKey.load(id))],
    status: (key) => statusOf(key, new Date()),
  },
  Role: {
    hours: ({ hoursFrom, hoursTo }) =>
      hoursFrom === null || hoursTo === null ? null : { from: writeMinute(hoursFrom), to: writeMinute(hoursTo) },
    assignments: ({ id }, args, context) => listAssignments(context, id, args),
  },
  RoleAssignment: {
    role: ({ roleId }, _, { loaders }) => loaders.role.load(roleId),
    user: ({ userId }, _, { loaders }) => (userId === null ? null : loaders.user.load(userId)),
    apiKey: ({ keyId }, _, { loaders }) => (keyId === null ? null : loaders.apiKey.load(keyId)),
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
