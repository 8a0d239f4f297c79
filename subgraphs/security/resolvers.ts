import type { Resolvers } from '../../generated/graphql/security.ts';
import { listAuditRecords } from './queries.ts';

export const resolvers: Resolvers = {
  Query: {
    auditRecords: (_, args, context) => listAuditRecords(context, args),
  },
};
