import type { BackoffBounds } from './backoff.ts';
import type { Connection } from './connection.ts';
import { failureOf, OperationFailed } from './failure.ts';
import { openFeed } from './feed.ts';
import { mapEach } from './handover.ts';
import type { Sender } from './http.ts';
import type { Fields, PendingMutation, ServerChange, ServerRecord } from './records.ts';
import type { MutationName } from './sync-queue.ts';

/** A change of the feed, and which mutation of which client made it. */
export interface FeedChange extends ServerChange, MutationName {}

/** What the feed tells. */
export type SyncEvent =
  | {
      readonly kind: 'batch';
      readonly to: string;
      readonly changes: readonly FeedChange[];
      /** Whether there was nothing more when it was made. */
      readonly upToDate: boolean;
    }
  | { readonly kind: 'resync'; readonly reason: string };

export interface BootstrapPage {
  readonly records: readonly (ServerRecord & { readonly entity: string; readonly entityId: string })[];
  /** From where to follow the feed after the last page. */
  readonly cursor: string;
  /** What the next page is asked for with; null after the last. */
  readonly next: string | null;
}

export type SettledStatus = 'APPLIED' | 'MERGED' | 'CONFLICT' | 'REJECTED';

export interface PushResult {
  readonly id: number;
  readonly status: SettledStatus | 'DUPLICATE';
  /** How a `DUPLICATE` ended the first time; null where that is no longer known. */
  readonly original: SettledStatus | null;
  readonly code: string | null;
  readonly field: string | null;
  readonly message: string | null;
  readonly serverRecord: Fields | null;
}

export interface PushAnswer {
  readonly lastMutationId: number;
  readonly results: readonly PushResult[];
}

/** The platform, as far as synchronising needs it. */
export interface SyncServer {
  bootstrap(entities: readonly string[], page: string | null, signal: AbortSignal): Promise<BootstrapPage>;
  push(clientId: string, mutations: readonly PendingMutation[], signal: AbortSignal): Promise<PushAnswer>;
  /** Says that the user knows what was not done, up to a mutation. */
  acknowledge(clientId: string, upTo: number, signal: AbortSignal): Promise<void>;
  /** What comes next after a cursor, without waiting for any; of all types. */
  pull(after: string, signal: AbortSignal): Promise<SyncEvent>;
  follow(entities: readonly string[], after: string): AsyncIterableIterator<SyncEvent>;
}

const bootstrapQuery = /* GraphQL */ `
  query Bootstrap($entities: [String!]!, $page: String) {
    bootstrap(entities: $entities, page: $page) {
      cursor nextPage
      records { entity entityId version data }
    }
  }
`;

const pushMutation = /* GraphQL */ `
  mutation Push($input: PushInput!) {
    push(input: $input) {
      lastMutationId
      results { id status original code field message serverRecord }
      userErrors { code message }
    }
  }
`;

const acknowledgeMutation = /* GraphQL */ `
  mutation Acknowledge($input: AckRejectionsInput!) {
    ackRejections(input: $input) { userErrors { code message } }
  }
`;

const selection = /* GraphQL */ `
  __typename
  ... on ChangeBatch {
    from to upToDate
    changes { entity entityId op version data clientId mutationId }
  }
  ... on Resync { reason from }
`;

const changesSubscription = /* GraphQL */ `
  subscription Changes($entities: [String!]!, $after: Cursor) {
    changes(entities: $entities, after: $after) { ${selection} }
  }
`;

const pullQuery = /* GraphQL */ `
  query Pull($after: Cursor!, $limit: Int!) {
    pull(after: $after, limit: $limit) { ${selection} }
  }
`;

const pullLimit = 500;

interface BootstrapData {
  readonly cursor: string;
  readonly nextPage: string | null;
  readonly records: BootstrapPage['records'];
}

interface Payload {
  readonly userErrors: readonly { readonly code: string; readonly message: string }[];
}

interface EventData {
  readonly reason?: string;
  readonly to?: string;
  readonly upToDate?: boolean;
  readonly changes?: readonly FeedChange[];
}

/** The change that a mutation leaves which changed no record. */
const settledEntity = 'SyncClient';

/** Synchronises over a client's own connections. `send` tries once: the queue has its own patience. */
export function createSyncServer(send: Sender, connection: Connection, backoff: BackoffBounds): SyncServer {
  /** The one root field of an answer; that it failed is a failure of the whole. */
  async function ask<Field>(query: string, variables: object, signal: AbortSignal): Promise<Field> {
    const { data, errors, correlationId } = await send<Record<string, Field | null>>({ query, variables }, { signal });
    const field = Object.values(data)[0] ?? null;
    if (field === null) throw failureOf(errors, correlationId);
    return field;
  }

  return {
    async bootstrap(entities, page, signal) {
      const answer = await ask<BootstrapData>(bootstrapQuery, { entities, page }, signal);
      return { cursor: answer.cursor, next: answer.nextPage, records: answer.records };
    },
    async push(clientId, mutations, signal) {
      const input = { clientId, mutations: mutations.map(toInput) };
      const answer = await ask<PushAnswer & Payload>(pushMutation, { input }, signal);
      refuseErrors(answer);
      return answer;
    },
    async acknowledge(clientId, upTo, signal) {
      refuseErrors(await ask<Payload>(acknowledgeMutation, { input: { clientId, upTo } }, signal));
    },
    async pull(after, signal) {
      return readEvent(await ask<EventData>(pullQuery, { after, limit: pullLimit }, signal));
    },
    follow(entities, after) {
      const variables = { entities: [...entities, settledEntity] };
      const feed = openFeed<{ changes: EventData }>(connection, {
        query: changesSubscription,
        variables,
        after,
        backoff,
      });
      return mapEach(feed, ({ data }) => readEvent(data.changes));
    },
  };
}

function refuseErrors({ userErrors: [error] }: Payload): void {
  if (error) throw new OperationFailed(error.message, { code: error.code });
}

function readEvent({ to, upToDate = false, changes, reason = '' }: EventData): SyncEvent {
  if (to === undefined || changes === undefined) return { kind: 'resync', reason };
  return { kind: 'batch', to, upToDate, changes };
}

function toInput({ id, entity, entityId, op, patch, baseVersion }: PendingMutation): object {
  return { id, entity, entityId, op, ...(patch && { patch }), ...(baseVersion !== undefined && { baseVersion }) };
}
