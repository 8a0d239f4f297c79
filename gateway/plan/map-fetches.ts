import type * as apollo from '@apollo/query-planner';

/** The planner's plan of any operation. */
export type PlannedNode = apollo.PlanNode | apollo.SubscriptionNode;

/** Makes a node of a fetch at its place in the response. */
type NodeOf = (fetch: apollo.FetchNode) => apollo.PlanNode;

/** Gives what takes the place of a fetch. */
type Replace = (fetch: apollo.FetchNode, nodeOf: NodeOf) => apollo.PlanNode;

/**
 * Replaces every fetch of the planner's plan.
 *
 * @param replace Gives a fetch for the source of a subscription.
 */
export function mapFetches(node: apollo.PlanNode, replace: Replace): apollo.PlanNode;
export function mapFetches(node: PlannedNode, replace: Replace): PlannedNode;
export function mapFetches(node: PlannedNode, replace: Replace): PlannedNode {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel':
      return { ...node, nodes: node.nodes.map((child) => mapFetches(child, replace)) };
    case 'Condition':
      return {
        ...node,
        ...(node.ifClause && { ifClause: mapFetches(node.ifClause, replace) }),
        ...(node.elseClause && { elseClause: mapFetches(node.elseClause, replace) }),
      };
    case 'Flatten':
      if (node.node.kind !== 'Fetch') return { ...node, node: mapFetches(node.node, replace) };
      return replace(node.node, (fetch) => ({ ...node, node: fetch }));
    case 'Fetch':
      return replace(node, (fetch) => fetch);
    case 'Defer':
      return mapDefer(node, replace);
    case 'Subscription': {
      const primary = replace(node.primary, (fetch) => fetch);
      if (primary.kind !== 'Fetch') throw new Error('The source of a subscription is one fetch.');
      return { ...node, primary, ...(node.rest && { rest: mapFetches(node.rest, replace) }) };
    }
  }
}

function mapDefer({ primary, deferred, ...defer }: apollo.DeferNode, replace: Replace): apollo.DeferNode {
  return {
    ...defer,
    primary: { ...primary, ...(primary.node && { node: mapFetches(primary.node, replace) }) },
    deferred: deferred.map((block) => ({ ...block, ...(block.node && { node: mapFetches(block.node, replace) }) })),
  };
}

/** Every fetch of the planner's plan. */
export function fetchesOf(plan: PlannedNode): readonly apollo.FetchNode[] {
  const fetches: apollo.FetchNode[] = [];
  mapFetches(plan, (fetch, nodeOf) => {
    fetches.push(fetch);
    return nodeOf(fetch);
  });
  return fetches;
}
