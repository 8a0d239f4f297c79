import type { FetchNode, PlanNode } from '../plan/plan-node.ts';
import { noteFetched, startBlocks } from './deferral.ts';
import { executeFetch } from './execute-fetch.ts';
import type { Execution } from './execution.ts';
import { ownValue } from './own-values.ts';

/**
 * Runs a plan node on the objects at a path. Never rejects: a fetch that fails is noted in the execution, and the other
 * nodes run on.
 */
export function executeNode(execution: Execution, node: PlanNode, path: readonly string[]): Promise<void> {
  switch (node.kind) {
    case 'Sequence':
      return executeInTurn(execution, node.nodes, path);
    case 'Parallel':
      return executeTogether(execution, node.nodes, path);
    case 'Flatten':
      return executeNode(execution, node.node, path.length === 0 ? node.path : [...path, ...node.path]);
    case 'Condition': {
      const clause = ownValue(execution.variables, node.variable) === true ? node.ifClause : node.elseClause;
      return clause ? executeNode(execution, clause, path) : Promise.resolve();
    }
    case 'Defer': {
      const primary = node.primary ? executeNode(execution, node.primary, path) : Promise.resolve();
      startBlocks(execution, node, primary, executeNode);
      return primary;
    }
    case 'Subscription':
      // Whoever runs the plan for an event answers the first fetch with the event.
      return executeInTurn(execution, node.rest ? [node.primary, node.rest] : [node.primary], path);
    case 'Fetch':
      return node.id === undefined
        ? executeFetch(execution, node, path)
        : executeNumbered(execution, node, path, node.id);
  }
}

async function executeInTurn(execution: Execution, nodes: readonly PlanNode[], path: readonly string[]): Promise<void> {
  for (const node of nodes) await executeNode(execution, node, path);
}

async function executeTogether(
  execution: Execution,
  nodes: readonly PlanNode[],
  path: readonly string[],
): Promise<void> {
  await Promise.all(nodes.map((node) => executeNode(execution, node, path)));
}

/** A fetch that deferred blocks may wait for. */
async function executeNumbered(
  execution: Execution,
  fetch: FetchNode,
  path: readonly string[],
  id: string,
): Promise<void> {
  await executeFetch(execution, fetch, path);
  noteFetched(execution, id);
}
