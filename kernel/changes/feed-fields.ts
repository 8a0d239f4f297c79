import type { RequestScope } from '../subgraph/app.ts';
import type { Change } from './change.ts';
import type { ChangeBatch, ChangeFilter, FeedEvent } from './feed.ts';

/** The arguments that every subscription field which resumes has. */
export interface FeedArguments {
  readonly after?: string | null | undefined;
}

/** Resolvers of the types of `shared.graphql` that feeds are made of. */
export const feedTypeResolvers = {
  Change: { cursor: (change: Change, _: unknown, { feed }: Pick<RequestScope, 'feed'>) => feed.cursorOf(change) },
};

/** Which type of the graph an event of a feed has. */
export function typeOfEvent<Batch extends string>(batch: Batch) {
  return ({ kind }: FeedEvent): Batch | 'Resync' => (kind === 'resync' ? 'Resync' : batch);
}

/** Resolves a subscription field: each event is its value. */
export const asTold = <Event>(event: Event): Event => event;

/** The ids of the records that a batch leaves behind, each once: those that were removed in it are not there. */
export function recordsIn({ changes }: ChangeBatch): string[] {
  const last = new Map(changes.map((change) => [change.entityId, change.op]));
  return [...last].flatMap(([id, op]) => (op === 'DELETE' ? [] : [id]));
}

/** The changes of a feed that pass a filter. */
export function followChanges(
  { feed, principal }: Pick<RequestScope, 'feed' | 'principal'>,
  { after }: FeedArguments,
  filter: ChangeFilter,
): AsyncIterableIterator<FeedEvent, undefined> {
  return feed.follow({ principal, after, filter });
}

/**
 * A feed of which only some changes count, by more than a filter can say. A batch of which nothing is left is not told,
 * unless it is the first; one that was empty from the start is, because it moves the follower on. The chain of cursors
 * stays whole.
 */
export function keepChanges(
  events: AsyncIterableIterator<FeedEvent, undefined>,
  counts: (change: Change) => boolean,
): AsyncIterableIterator<FeedEvent, undefined> {
  let from: string | undefined;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      for (;;) {
        const event = await events.next();
        if (event.done || event.value.kind === 'resync') return event;
        const batch = event.value;
        const changes = batch.changes.filter(counts);
        if (from !== undefined && changes.length === 0 && batch.changes.length > 0) continue;
        from ??= batch.from;
        const kept = { ...batch, from, changes };
        from = batch.to;
        return { done: false, value: kept };
      }
    },
    async return() {
      await events.return?.();
      return { done: true, value: undefined };
    },
  };
}
