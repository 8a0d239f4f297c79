import type { Resolvers, SubscriptionChangesArgs } from '../../generated/graphql/coordination.ts';
import { eventCatalogue } from '../../kernel/changes/catalogue.ts';
import type { ChangeFilter, FeedEvent } from '../../kernel/changes/feed.ts';
import { asTold, typeOfEvent } from '../../kernel/changes/feed-fields.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { RequestScope } from '../../kernel/subgraph/app.ts';

const mostNamed = 100;

/** The changes that a client asks for by name. */
type NamedChanges = Partial<Pick<SubscriptionChangesArgs, 'types' | 'apps' | 'entities' | 'minPriority'>> & {
  readonly entityIds?: readonly string[] | null | undefined;
};

/** Checks what a client asks for. Throws `BAD_USER_INPUT` for an event type that there is not, and for long lists. */
export function readFilter({ types, apps, entities, entityIds, minPriority }: NamedChanges): ChangeFilter {
  for (const [field, names] of Object.entries({ types, apps, entities, entityIds })) {
    if (names && names.length > mostNamed) {
      throw new PanoramaError('BAD_USER_INPUT', `Name at most ${mostNamed} in \`${field}\`.`, { field });
    }
  }
  const unknown = types?.find((type) => !eventCatalogue().has(type));
  if (unknown !== undefined) {
    const message = `There is no event type "${unknown.slice(0, 100)}": \`eventTypes\` lists them.`;
    throw new PanoramaError('BAD_USER_INPUT', message, { field: 'types' });
  }
  return {
    types: types ?? undefined,
    apps: apps ?? undefined,
    entities: entities ?? undefined,
    entityIds: entityIds ?? undefined,
    minPriority: minPriority ?? undefined,
  };
}

function follow(
  { feed, principal }: RequestScope,
  { after, compact, ...named }: SubscriptionChangesArgs,
): AsyncIterableIterator<FeedEvent, undefined> {
  return feed.follow({ principal, after, compact, filter: readFilter(named) });
}

/** The subscription fields of coordination and what they tell. */
export const feedResolvers = {
  Subscription: {
    changes: {
      subscribe: (_, args, context) => follow(context, args),
      resolve: asTold,
    },
  },
  ChangesEvent: { __resolveType: typeOfEvent('ChangeBatch') },
} satisfies Resolvers;
