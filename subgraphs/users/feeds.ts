import type { Resolvers, SubscriptionCustomerChangedArgs } from '../../generated/graphql/users.ts';
import type { Change } from '../../kernel/changes/change.ts';
import type { ChangeBatch, FeedEvent } from '../../kernel/changes/feed.ts';
import { asTold, followChanges, keepChanges, typeOfEvent } from '../../kernel/changes/feed-fields.ts';
import { personKeysOf } from '../../kernel/changes/person-keys.ts';
import type { UsersContext } from './loaders.ts';

/** What a follower of a customer is told of it. */
export interface CustomerNews extends ChangeBatch {
  readonly customerId: string;
  /** Whether it is time to look at the customer. */
  readonly isNews: boolean;
}

/** By type of record: the field of the data that holds the id of its customer. */
const customerFields: Readonly<Record<string, string>> = {
  User: 'id',
  Session: 'userId',
  TrackedEvent: 'customerId',
  CustomerBehavior: 'customerId',
  Document: 'ownerId',
  Folder: 'ownerId',
};

/** The records that the CRM has of people; what it tells of them names the people by keys of their addresses. */
const recordsOfPeople = ['Contact', 'Lead', 'Deal', 'Activity'];

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/**
 * Tells which changes are of a customer. The addresses that the account has while it is followed are added to the one it
 * has at the start: what the CRM has under an earlier one may have changed for the customer too.
 */
function customerTest(context: UsersContext, id: string, email: string | undefined): (change: Change) => boolean {
  const keys = new Set(personKeysOf(context, [email]));
  return ({ entity, data }) => {
    const field = customerFields[entity];
    if (field === undefined) return listOf(data.personKeys).some((key) => keys.has(String(key)));
    if (data[field] !== id) return false;
    if (entity === 'User') for (const key of personKeysOf(context, [String(data.email)])) keys.add(key);
    return true;
  };
}

async function followCustomer(
  context: UsersContext,
  { id, after }: SubscriptionCustomerChangedArgs,
): Promise<AsyncIterableIterator<FeedEvent | CustomerNews, undefined>> {
  const user = await context.loaders.user.load(id);
  const filter = { entities: [...Object.keys(customerFields), ...recordsOfPeople] };
  const counts = customerTest(context, id, user?.email);
  const events = keepChanges(followChanges(context, { after }, filter), counts);
  let begins = after == null;
  const news: AsyncIterableIterator<FeedEvent | CustomerNews, undefined> = {
    [Symbol.asyncIterator]: () => news,
    async next() {
      const event = await events.next();
      if (event.done || event.value.kind === 'resync') return event;
      const isNews = begins || event.value.changes.length > 0;
      begins = false;
      return { done: false, value: { ...event.value, customerId: id, isNews } };
    },
    async return() {
      await events.return?.();
      return { done: true, value: undefined };
    },
  };
  return news;
}

/** The subscription fields of the users app and what they tell. */
export const feedResolvers = {
  Subscription: {
    customerChanged: {
      subscribe: (_, args, context) => followCustomer(context, args),
      resolve: asTold,
    },
  },
  CustomerEvent: { __resolveType: typeOfEvent('CustomerChange') },
  CustomerChange: {
    customer: ({ customerId, isNews }, _, { loaders }) => (isNews ? loaders.user.load(customerId) : null),
  },
} satisfies Resolvers;
