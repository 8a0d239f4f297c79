import type { Resolvers } from '../../../generated/graphql/coordination.ts';
import { type FoundEntity, searchApps } from './search-apps.ts';

/** The search field, and what it finds. */
export const searchResolvers = {
  Query: {
    search: (_, args, context) => searchApps(context, args),
  },
  SearchEntity: { __resolveType: (entity) => (entity as FoundEntity).__typename },
} satisfies Resolvers;
