import { type Client, createClient } from '../../clients/sdk/index.ts';
import type { DeliveredBatch, Delivery } from './judge-delivery.ts';

/** Follows all changes of a tenant with the SDK, and keeps what it is told. */
export interface ChaosSubscriber {
  readonly delivery: Delivery;
  /** How many changes have come. */
  readonly count: number;
  /** Whether a change to a record has come. */
  hasSeen(entityId: string): boolean;
  /** Why it does not follow any more; undefined while it does. */
  readonly failure: unknown;
  close(): Promise<void>;
}

export interface SubscriberOptions {
  readonly name: string;
  readonly url: string;
  readonly tenantId: string;
  readonly key: string;
  /** The last number of the log before it begins. */
  readonly after: number;
}

/** Chaos breaks every connection again and again: whoever waits long after the tenth time sees little of it. */
export const chaosBackoff = { firstMs: 50, mostMs: 1_000 };

const subscription = /* GraphQL */ `
  subscription Changes($after: Cursor) {
    changes(after: $after) {
      __typename
      ... on ChangeBatch { from to changes { type entityId version } }
      ... on Resync { reason from }
    }
  }
`;

interface ChangesData {
  readonly changes: (DeliveredBatch & { readonly __typename: string }) | null;
}

/** Begins to follow, and resolves when it holds a cursor: from then on it misses nothing. */
export async function startSubscriber(options: SubscriberOptions): Promise<ChaosSubscriber> {
  const { name, url, tenantId, key, after } = options;
  const batches: DeliveredBatch[] = [];
  const seen = new Set<string>();
  const client = createClient({ url, key, backoff: chaosBackoff });
  const begun = Promise.withResolvers<void>();
  let failure: unknown;
  let count = 0;

  async function follow(): Promise<void> {
    for await (const { data, errors } of client.subscribe<ChangesData>(subscription)) {
      if (data?.changes?.__typename !== 'ChangeBatch') throw new Error(JSON.stringify({ data, errors }));
      const { from, to, changes } = data.changes;
      batches.push({ from, to, changes });
      count += changes.length;
      for (const { entityId } of changes) seen.add(entityId);
      begun.resolve();
    }
  }

  const following = follow().catch((error: unknown) => {
    failure = error;
    begun.reject(error);
  });
  await begun.promise;
  return {
    delivery: { subscriber: name, tenantId, after, batches },
    get count() {
      return count;
    },
    hasSeen: (entityId) => seen.has(entityId),
    get failure() {
      return failure;
    },
    close: () => closeClient(client, following),
  };
}

async function closeClient(client: Client, following: Promise<void>): Promise<void> {
  await client.close();
  await following;
}
