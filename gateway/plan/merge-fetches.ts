import type * as apollo from '@apollo/query-planner';
import { type FieldNode, Kind, print, type SelectionSetNode } from 'graphql';
import { fetchedSelectionsOf, withSelections } from './fetched-fields.ts';
import type { PlannedNode } from './map-fetches.ts';

/**
 * Makes one fetch of those that are sent to a subgraph at the same time for the same objects: the planner did not know
 * that it is the same subgraph.
 */
export function mergeFetches(plan: apollo.PlanNode): apollo.PlanNode;
export function mergeFetches(plan: PlannedNode): PlannedNode;
export function mergeFetches(plan: PlannedNode): PlannedNode {
  switch (plan.kind) {
    case 'Sequence':
      return { ...plan, nodes: plan.nodes.map((node) => mergeFetches(node)) };
    case 'Parallel': {
      const nodes = mergeSiblings(plan.nodes.map((node) => mergeFetches(node)));
      const [only] = nodes;
      return only && nodes.length === 1 ? only : { ...plan, nodes: [...nodes] };
    }
    case 'Subscription':
      return { ...plan, ...(plan.rest && { rest: mergeFetches(plan.rest) }) };
    case 'Fetch':
    case 'Flatten':
    case 'Condition':
    case 'Defer':
      return plan;
  }
}

function mergeSiblings(nodes: readonly apollo.PlanNode[]): readonly apollo.PlanNode[] {
  const merged: apollo.PlanNode[] = [];
  for (const node of nodes) {
    const index = merged.findIndex((known) => mergedNode(known, node) !== undefined);
    const known = merged[index];
    if (known) merged[index] = mergedNode(known, node) ?? known;
    else merged.push(node);
  }
  return merged;
}

function mergedNode(known: apollo.PlanNode, node: apollo.PlanNode): apollo.PlanNode | undefined {
  if (known.kind !== 'Flatten' || node.kind !== 'Flatten' || known.path.join('.') !== node.path.join('.'))
    return undefined;
  const [one, other] = [known.node, node.node];
  if (one.kind !== 'Fetch' || other.kind !== 'Fetch' || one.serviceName !== other.serviceName) return undefined;
  const fetch = mergedFetch(one, other);
  return fetch && { ...known, node: fetch };
}

/** Undefined when the two send different objects, or could call two things the same. */
function mergedFetch(one: apollo.FetchNode, other: apollo.FetchNode): apollo.FetchNode | undefined {
  const [first, second] = [fetchedSelectionsOf(one), fetchedSelectionsOf(other)];
  if (!first?.entities || !second?.entities || typesOf(one) !== typesOf(other)) return undefined;
  const isPlain = [one, other].every((fetch) => !fetch.contextRewrites?.length && !fetch.outputRewrites?.length);
  if (!isPlain || !canMerge(first.selectionSet, second.selectionSet)) return undefined;
  const selections = [...first.selectionSet.selections, ...second.selectionSet.selections];
  const entities = { ...first.entities, selectionSet: { kind: Kind.SELECTION_SET, selections } as const };
  const definitions = [first, second].flatMap(({ operation }) => operation.variableDefinitions ?? []);
  const byName = new Map(definitions.map((definition) => [definition.variable.name.value, definition]));
  const operation = { ...first.operation, variableDefinitions: [...byName.values()] };
  const fetch: apollo.FetchNode = {
    ...one,
    requires: mergedRequires(one.requires ?? [], other.requires ?? []),
    inputRewrites: [...(one.inputRewrites ?? []), ...(other.inputRewrites ?? [])],
    variableUsages: [...new Set([...(one.variableUsages ?? []), ...(other.variableUsages ?? [])])],
  };
  return withSelections(fetch, operation, { kind: Kind.SELECTION_SET, selections: [entities] });
}

function typesOf({ requires = [] }: apollo.FetchNode): string {
  return requires
    .map((one) => (one.kind === 'InlineFragment' ? one.typeCondition : ''))
    .sort()
    .join(' ');
}

function mergedRequires(
  one: readonly apollo.QueryPlanSelectionNode[],
  other: readonly apollo.QueryPlanSelectionNode[],
): apollo.QueryPlanSelectionNode[] {
  return one.map((selection) => {
    const same = other.find((candidate) => isFragmentOn(candidate, selection));
    const more = (same?.selections ?? []).filter(
      (field) => !selection.selections?.some((known) => JSON.stringify(known) === JSON.stringify(field)),
    );
    return { ...selection, selections: [...(selection.selections ?? []), ...more] };
  });
}

function isFragmentOn(one: apollo.QueryPlanSelectionNode, other: apollo.QueryPlanSelectionNode): boolean {
  return one.kind === 'InlineFragment' && other.kind === 'InlineFragment' && one.typeCondition === other.typeCondition;
}

/** Tells whether no two fields share a response name, but for those that are the same. */
function canMerge(one: SelectionSetNode, other: SelectionSetNode): boolean {
  const known = fieldsIn(one);
  return [...fieldsIn(other)].every(([name, field]) => {
    const same = known.get(name);
    if (!same) return true;
    if (headOf(same) !== headOf(field)) return false;
    return !same.selectionSet || !field.selectionSet || canMerge(same.selectionSet, field.selectionSet);
  });
}

/** The fields of an object by response name. */
function fieldsIn({ selections }: SelectionSetNode): ReadonlyMap<string, FieldNode> {
  return new Map(
    selections.flatMap((selection): readonly (readonly [string, FieldNode])[] => {
      if (selection.kind === Kind.FIELD) return [[(selection.alias ?? selection.name).value, selection]];
      return selection.kind === Kind.FRAGMENT_SPREAD ? [] : [...fieldsIn(selection.selectionSet)];
    }),
  );
}

/** A field without what is below it. */
function headOf({ selectionSet: _, ...field }: FieldNode): string {
  return print(field);
}
