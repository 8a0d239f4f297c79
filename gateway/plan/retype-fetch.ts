import type * as apollo from '@apollo/query-planner';
import {
  type FieldNode,
  type InlineFragmentNode,
  Kind,
  print,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { TypedSubgraph } from '../supergraph/type-interface-objects.ts';
import { fetchedSelectionsOf, withSelections } from './fetched-fields.ts';
import { fragmentOn, selectionSetOf } from './selection-nodes.ts';

/**
 * Writes a fetch that was planned for a typed subgraph back to the true one, which knows the interface and none of its
 * types. Types of which different things are asked are asked for apart: there they would be the same object.
 */
export function retypeFetch(
  typed: ReadonlyMap<string, TypedSubgraph>,
  fetch: apollo.FetchNode,
): readonly apollo.FetchNode[] {
  const subgraph = typed.get(fetch.serviceName);
  const fetched = fetchedSelectionsOf(fetch);
  if (!subgraph || !fetched?.entities) return [fetch];
  const { operation, entities, selectionSet } = fetched;
  const asked = typesByRequest(subgraph, selectionSet);
  return Array.from(asked.values(), ({ interfaceName, types, selections }) => {
    const fragment = selectionSetOf([fragmentOn(interfaceName, selections)]);
    const below = selectionSetOf([{ ...entities, selectionSet: fragment }]);
    // Of an interface, objects of all its types are sent.
    const isTyped = [...types].every((type) => subgraph.interfaces.has(type));
    const isOfOthers = (type = '') => isTyped && subgraph.interfaces.has(type) && !types.has(type);
    const own = (fetch.requires ?? []).filter((one) => one.kind === 'InlineFragment' && !isOfOthers(one.typeCondition));
    const rewrites = [...types].map((type) => ({
      kind: 'ValueSetter' as const,
      path: [`... on ${type}`, '__typename'],
      setValueTo: interfaceName,
    }));
    const name = fetch.operationName?.replace(
      `__${fetch.serviceName}__`,
      `__${subgraph.name.replaceAll(/\W/g, '_')}__`,
    );
    const renamed = name === undefined ? operation : { ...operation, name: { kind: Kind.NAME, value: name } as const };
    const retyped = { ...fetch, serviceName: subgraph.name, operationName: name, requires: own };
    return withSelections({ ...retyped, inputRewrites: [...(fetch.inputRewrites ?? []), ...rewrites] }, renamed, below);
  });
}

interface Request {
  readonly interfaceName: string;
  readonly types: Set<string>;
  readonly selections: readonly SelectionNode[];
}

function typesByRequest(subgraph: TypedSubgraph, selectionSet: SelectionSetNode): ReadonlyMap<string, Request> {
  const requests = new Map<string, Request>();
  for (const [type, selections] of selectionsByType(selectionSet)) {
    for (const [interfaceName, own] of byInterface(subgraph, type, selections)) {
      const key = `${interfaceName} ${own.map((one) => print(one)).join(' ')}`;
      const request = requests.get(key) ?? { interfaceName, types: new Set(), selections: own };
      request.types.add(type);
      requests.set(key, request);
    }
  }
  return requests;
}

/** What the fragments select of each type. */
function selectionsByType({ selections }: SelectionSetNode): ReadonlyMap<string, readonly SelectionNode[]> {
  const byType = new Map<string, SelectionNode[]>();
  for (const selection of selections) {
    if (selection.kind !== Kind.INLINE_FRAGMENT) continue;
    const type = selection.typeCondition?.name.value ?? '';
    byType.set(type, [...(byType.get(type) ?? []), ...withoutConditions(selection)]);
  }
  return byType;
}

/** What a fragment selects, whatever the type: directives stay, and so do the types of what is below fields. */
function withoutConditions({ typeCondition: _, ...fragment }: InlineFragmentNode): readonly SelectionNode[] {
  const selections = fragment.selectionSet.selections.flatMap((selection) =>
    selection.kind === Kind.INLINE_FRAGMENT ? withoutConditions(selection) : [selection],
  );
  const isConditional = (fragment.directives ?? []).length > 0;
  return isConditional ? [{ ...fragment, selectionSet: selectionSetOf(selections) }] : selections;
}

function byInterface(
  { interfaces }: TypedSubgraph,
  type: string,
  selections: readonly SelectionNode[],
): ReadonlyMap<string, readonly SelectionNode[]> {
  const groups = new Map<string, SelectionNode[]>();
  for (const selection of selections) {
    const name = firstFieldOf(selection)?.name.value ?? '';
    const interfaceName = interfaces.get(`${type}.${name}`) ?? interfaces.get(type) ?? type;
    groups.set(interfaceName, [...(groups.get(interfaceName) ?? []), selection]);
  }
  return groups;
}

function firstFieldOf(selection: SelectionNode): FieldNode | undefined {
  if (selection.kind === Kind.FIELD) return selection;
  if (selection.kind === Kind.FRAGMENT_SPREAD) return undefined;
  return selection.selectionSet.selections.map(firstFieldOf).find((field) => field !== undefined);
}
