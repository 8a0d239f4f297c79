import type { PlanNode } from '../plan/plan-node.ts';
import { executeFetch } from './execute-fetch.ts';
import type { Execution } from './execution.ts';
import { ownValue } from './own-values.ts';

/**
 * Runs a plan node on the objects at a path. Never rejects: a fetch that fails is noted in the execution, and the other
 * nodes run on.
 */
export async function executeNode(execution: Execution, node: PlanNode, path: readonly string[]): Promise<void> {
  switch (node.kind) {
    case 'Sequence':
      for (const child of node.nodes) await executeNode(execution, child, path);
      return;
    case 'Parallel':
      await Promise.all(node.nodes.map((child) => executeNode(execution, child, path)));
      return;
    case 'Flatten':
      return executeNode(execution, node.node, path.length === 0 ? node.path : [...path, ...node.path]);
    case 'Condition': {
      const clause = ownValue(execution.variables, node.variable) === true ? node.ifClause : node.elseClause;
      if (clause) await executeNode(execution, clause, path);
      return;
    }
    case 'Fetch':
      return executeFetch(execution, node, path);
  }
}
