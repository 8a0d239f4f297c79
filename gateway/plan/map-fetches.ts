import type * as apollo from '@apollo/query-planner';

/**
 * Replaces every fetch of the planner's plan.
 *
 * @param replace Is given the fetch, and what makes a node of it at its place in the response.
 */
export function mapFetches(
  node: apollo.PlanNode,
  replace: (fetch: apollo.FetchNode, nodeOf: (fetch: apollo.FetchNode) => apollo.PlanNode) => apollo.PlanNode,
): apollo.PlanNode {
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
      // Refused when it is compiled.
      return node;
  }
}

/** Every fetch of the planner's plan. */
export function fetchesOf(plan: apollo.PlanNode): readonly apollo.FetchNode[] {
  const fetches: apollo.FetchNode[] = [];
  mapFetches(plan, (fetch, nodeOf) => {
    fetches.push(fetch);
    return nodeOf(fetch);
  });
  return fetches;
}
