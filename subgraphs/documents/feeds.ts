import type { Resolvers } from '../../generated/graphql/documents.ts';
import { asTold, followChanges, recordsIn, typeOfEvent } from '../../kernel/changes/feed-fields.ts';

const processed = { types: ['DOCUMENT_PROCESSED', 'DOCUMENT_PROCESSING_FAILED'] };

/** The subscription fields of the documents app and what they tell. */
export const feedResolvers = {
  Subscription: {
    documentProcessed: {
      subscribe: (_, { after }, context) => followChanges(context, { after }, processed),
      resolve: asTold,
    },
  },
  DocumentEvent: { __resolveType: typeOfEvent('DocumentChange') },
  DocumentChange: {
    documents: async (batch, _, { loaders }) => {
      const rows = await Promise.all(recordsIn(batch).map((id) => loaders.document.load(id)));
      return rows.filter((row) => row !== null);
    },
  },
} satisfies Resolvers;
