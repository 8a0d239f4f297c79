import type { Resolvers } from '../../generated/graphql/security.ts';
import { asTold, followChanges, typeOfEvent } from '../../kernel/changes/feed-fields.ts';

const reported = { types: ['SECURITY_INCIDENT'] };

/** The subscription fields of the security app and what they tell. */
export const feedResolvers = {
  Subscription: {
    incidentReported: {
      subscribe: (_, { after }, context) => followChanges(context, { after }, reported),
      resolve: asTold,
    },
  },
  IncidentEvent: { __resolveType: typeOfEvent('IncidentChange') },
} satisfies Resolvers;
