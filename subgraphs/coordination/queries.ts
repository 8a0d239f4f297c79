import type { EventType, QueryEventsArgs } from '../../generated/graphql/coordination.ts';
import { eventCatalogue } from '../../kernel/changes/catalogue.ts';
import type { Change } from '../../kernel/changes/change.ts';
import { type Connection, readWindow } from '../../kernel/data/page.ts';
import type { RequestScope } from '../../kernel/subgraph/app.ts';
import { readFilter } from './feeds.ts';

/** A page of the change log, of which nobody counts the pages. */
export type ChangePage = Omit<Connection<Change>, 'totalCount'> & { readonly totalCount: null };

/**
 * What has happened in the tenant, the newest first unless ordered otherwise. A page may be shorter than was asked for
 * even where there is another: then its end is where looking ended.
 */
export async function listEvents(
  { feed, principal }: Pick<RequestScope, 'feed' | 'principal'>,
  args: QueryEventsArgs,
): Promise<ChangePage> {
  const { size, direction, start } = readWindow(args);
  const { correlationId, ...named } = args.filter ?? {};
  const isForward = direction === 'forward';
  const isNewestFirst = (args.orderBy?.direction ?? 'DESC') === 'DESC';
  const { changes, reached, hasMore } = await feed.history({
    principal,
    filter: { ...readFilter(named), correlationId: correlationId ?? undefined },
    beyond: start,
    direction: isForward === isNewestFirst ? 'older' : 'newer',
    limit: size,
  });
  const nodes = isForward ? changes : changes.toReversed();
  const edges = nodes.map((node) => ({ cursor: feed.cursorOf(node), node }));
  const near = (isForward ? edges[0] : edges.at(-1))?.cursor ?? null;
  const far = (hasMore ? reached : (isForward ? edges.at(-1) : edges[0])?.cursor) ?? null;
  return {
    nodes,
    edges,
    pageInfo: {
      hasNextPage: isForward ? hasMore : start !== undefined,
      hasPreviousPage: isForward ? start !== undefined : hasMore,
      startCursor: isForward ? near : far,
      endCursor: isForward ? far : near,
    },
    totalCount: null,
  };
}

/** The kinds of change that there are, by name. */
export function listEventTypes(): EventType[] {
  const types = [...eventCatalogue().values()].map(({ type, app, entity, targets, priority, need, schema }) => {
    const permissions = need.anyOf.map((all) => [...all]);
    return { type, app, entity, targets: [...targets], priority, permissions, schema };
  });
  return types.sort((a, b) => (a.type < b.type ? -1 : 1));
}
