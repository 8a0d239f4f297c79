import type * as apollo from '@apollo/query-planner';
import { type FieldNode, type InlineFragmentNode, Kind, type SelectionNode, type SelectionSetNode } from 'graphql';
import { neverKey } from '../supergraph/complete-members.ts';
import { fetchedSelectionsOf, withSelections } from './fetched-fields.ts';
import { fieldTypeIn, type MemberKnowledge } from './lost-members.ts';
import { mapFetches, type PlannedNode } from './map-fetches.ts';

/** Leaves out of a plan that was made with `completeMembers` what it asks of members that are not there in truth. */
export function dropAddedMembers(knowledge: MemberKnowledge, plan: PlannedNode): PlannedNode {
  return mapFetches(plan, (fetch, nodeOf) => {
    const requires = fetch.requires?.filter((selection) => !hasNeverKey(selection));
    if (requires?.length === 0) return { kind: 'Sequence', nodes: [] };
    return nodeOf(withoutAdded(knowledge, { ...fetch, ...(requires && { requires }) }));
  });
}

function hasNeverKey({ selections = [] }: apollo.QueryPlanSelectionNode): boolean {
  return selections.some((selection) => selection.kind === 'Field' && selection.name === neverKey);
}

interface Walk extends MemberKnowledge {
  readonly subgraph: string;
}

function withoutAdded(knowledge: MemberKnowledge, fetch: apollo.FetchNode): apollo.FetchNode {
  const fetched = fetchedSelectionsOf(fetch);
  if (!fetched) return fetch;
  const { operation, entities, selectionSet } = fetched;
  const walk: Walk = { ...knowledge, subgraph: fetch.serviceName };
  const rootType = operation.operation === 'mutation' ? 'Mutation' : 'Query';
  const kept = keepKnown(walk, entities ? '' : rootType, selectionSet);
  const whole: SelectionSetNode = entities
    ? { kind: Kind.SELECTION_SET, selections: [{ ...entities, selectionSet: kept }] }
    : kept;
  return withSelections(fetch, operation, whole);
}

const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

function keepKnown(walk: Walk, typeName: string, { selections }: SelectionSetNode): SelectionSetNode {
  const kept = selections.flatMap((selection): readonly SelectionNode[] => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return [];
    if (selection.kind === Kind.INLINE_FRAGMENT) return keepFragment(walk, typeName, selection);
    if (!selection.selectionSet) return [selection];
    const below = fieldTypeIn(walk, walk.subgraph, typeName, selection.name.value);
    return [{ ...selection, selectionSet: keepKnown(walk, below, selection.selectionSet) }];
  });
  return { kind: Kind.SELECTION_SET, selections: kept.length > 0 ? kept : [typename] };
}

function keepFragment(walk: Walk, typeName: string, fragment: InlineFragmentNode): readonly SelectionNode[] {
  const condition = fragment.typeCondition?.name.value ?? typeName;
  const { bySubgraph } = walk.members;
  const here = bySubgraph.get(`${walk.subgraph} ${typeName}`);
  const wanted = bySubgraph.get(`${walk.subgraph} ${condition}`);
  if (here && ![...here].some((member) => wanted?.has(member))) return [];
  return [{ ...fragment, selectionSet: keepKnown(walk, condition, fragment.selectionSet) }];
}
