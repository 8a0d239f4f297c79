import type { Resolvers } from '../../generated/graphql/crm.ts';
import type { ChangeBatch } from '../../kernel/changes/feed.ts';
import { asTold, followChanges, recordsIn, typeOfEvent } from '../../kernel/changes/feed-fields.ts';
import type { CrmContext } from './loaders.ts';

const ofRecord = (entity: string, id: string | null | undefined) => ({
  entities: [entity],
  ...(id != null && { entityIds: [id] }),
});

/** The records of a batch that the sender may see. */
async function load<Row>(batch: ChangeBatch, find: (id: string) => Promise<Row | null>): Promise<Row[]> {
  const rows = await Promise.all(recordsIn(batch).map(find));
  return rows.filter((row) => row !== null);
}

/** The subscription fields of the CRM and what they tell. */
export const feedResolvers = {
  Subscription: {
    leadChanged: {
      subscribe: (_, { id, after }, context) => followChanges(context, { after }, ofRecord('Lead', id)),
      resolve: asTold,
    },
    dealChanged: {
      subscribe: (_, { id, after }, context) => followChanges(context, { after }, ofRecord('Deal', id)),
      resolve: asTold,
    },
  },
  LeadEvent: { __resolveType: typeOfEvent('LeadChange') },
  DealEvent: { __resolveType: typeOfEvent('DealChange') },
  LeadChange: { leads: (batch, _, { loaders }: CrmContext) => load(batch, (id) => loaders.lead.load(id)) },
  DealChange: { deals: (batch, _, { loaders }: CrmContext) => load(batch, (id) => loaders.deal.load(id)) },
} satisfies Resolvers;
