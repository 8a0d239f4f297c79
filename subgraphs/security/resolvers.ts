import type { Resolvers } from '../../generated/graphql/security.ts';
import { feedResolvers } from './feeds.ts';
import { listAuditRecords } from './queries.ts';

export const resolvers: Resolvers = {
  ...feedResolvers,
  Query: {
    auditRecords: (_, args, context) => listAuditRecords(context, args),
  },
};
