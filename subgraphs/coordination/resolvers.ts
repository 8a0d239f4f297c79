import type { Resolvers } from '../../generated/graphql/coordination.ts';
import { deriveInsights } from './insights.ts';

export const resolvers: Resolvers = {
  Customer: {
    insights: ({ profile, behavior, documents }) => deriveInsights({ profile, behavior, documents }),
  },
};
