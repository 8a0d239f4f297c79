import type { ContextArgument, PlanNode, RewriteStep } from '../plan/plan-node.ts';
import type { Execution } from './execution.ts';
import { findPositions, type Position } from './find-targets.ts';
import { type Overlays, readField } from './overlays.ts';
import { type DataObject, isDataObject, setOwnValue } from './own-values.ts';

/** Objects for which the variables that come from above them have the same values. */
export interface ContextGroup {
  readonly values: DataObject;
  readonly targets: DataObject[];
}

/** The objects at a flatten path by what the objects above them hold (`@fromContext`). */
export function groupByContext(
  execution: Execution,
  contexts: readonly ContextArgument[],
  path: readonly string[],
): readonly ContextGroup[] {
  const groups = new Map<string, ContextGroup>();
  for (const position of findPositions(execution, path)) {
    const values = contextValues(execution.overlays, contexts, position);
    const key = JSON.stringify(values);
    const equal = groups.get(key);
    if (equal) equal.targets.push(position.target);
    else groups.set(key, { values, targets: [position.target] });
  }
  return [...groups.values()];
}

function contextValues(overlays: Overlays, contexts: readonly ContextArgument[], { ancestors }: Position): DataObject {
  const values: DataObject = {};
  for (const { variable, levels, path } of contexts) {
    const value = valueAt(overlays, path, ancestors[ancestors.length - levels]);
    if (value !== undefined && !Object.hasOwn(values, variable)) setOwnValue(values, variable, value);
  }
  return values;
}

/** Undefined when the value is not there, or its object is of another type. */
function valueAt(overlays: Overlays, path: readonly RewriteStep[], value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => valueAt(overlays, path, item));
  if (!isDataObject(value)) return value === null ? null : undefined;
  if (step.kind === 'Field') return valueAt(overlays, rest, readField(overlays, value, step.responseName));
  const typeName = readField(overlays, value, '__typename');
  return typeof typeName === 'string' && step.typeNames.has(typeName) ? valueAt(overlays, rest, value) : undefined;
}

/** Kept beside the plan, which is data. */
const known = new WeakMap<PlanNode, boolean>();

/** Tells whether any fetch of a plan takes values from above its entities. */
export function usesContexts(node: PlanNode): boolean {
  const answer = known.get(node) ?? findContexts(node);
  known.set(node, answer);
  return answer;
}

function hasContexts(node: PlanNode | undefined): boolean {
  return node !== undefined && findContexts(node);
}

function findContexts(node: PlanNode): boolean {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel':
      return node.nodes.some(findContexts);
    case 'Flatten':
      return findContexts(node.node);
    case 'Condition':
      return [node.ifClause, node.elseClause].some(hasContexts);
    case 'Defer':
      return [node.primary, ...node.blocks.map((block) => block.node)].some(hasContexts);
    case 'Subscription':
      return [node.primary, node.rest].some(hasContexts);
    case 'Fetch':
      return node.contexts.length > 0;
  }
}
