import type * as apollo from '@apollo/query-planner';
import type { FieldPaths, Requirements } from '../supergraph/requirements.ts';
import { type FetchedField, fetchedFields, fetchedSelectionsOf } from './fetched-fields.ts';

type Fragment = apollo.QueryPlanInlineFragmentNode;
type Selection = apollo.QueryPlanSelectionNode;

/**
 * Mends two faults of the planner in what a fetch sends of its entities, so that every fragment of it is a whole
 * representation, to be sent where all of it is there:
 *
 * - What a field with `@skip` or `@include` requires is asked of all entities, though it is not there when the field is
 *   left out: the other fields would not be answered.
 * - What is required of an interface stands apart from the key of the one type that was asked for: entities of the other
 *   types would be sent without a key.
 */
export function arrangeRequires(requirements: Requirements, fetch: apollo.FetchNode): apollo.FetchNode {
  const fetched = fetch.requires && fetchedSelectionsOf(fetch);
  if (!fetch.requires || !fetched) return fetch;
  const fragments = fetch.requires.filter((selection) => selection.kind === 'InlineFragment');
  const keyed = fragments.filter((fragment) => hasKey(requirements, fetch.serviceName, fragment));
  if (keyed.length === 0 || fragments.length < fetch.requires.length) return fetch;
  const whole = fragments.flatMap((fragment) =>
    keyed.includes(fragment) ? [fragment] : withKeys(requirements, fragment, keyed),
  );
  const fields = fetchedFields(fetched, requirements.objectTypes);
  const requires = whole.flatMap((fragment) => byCondition(requirements, fetch.serviceName, fragment, fields));
  return { ...fetch, requires };
}

function hasKey(requirements: Requirements, subgraph: string, { typeCondition = '', selections }: Fragment): boolean {
  const paths = requiredPaths(selections);
  return keysOf(requirements, subgraph, typeCondition).some((key) => [...key].every((path) => paths.has(path)));
}

/** The keys of a type and of its interfaces: an `@interfaceObject` subgraph knows the interface only. */
function keysOf({ keys, interfaces }: Requirements, subgraph: string, typeName: string): readonly FieldPaths[] {
  return [typeName, ...(interfaces.get(typeName) ?? [])].flatMap((name) => keys.get(`${subgraph} ${name}`) ?? []);
}

/** A fragment without a key, joined with each that has one for some of the same objects. */
function withKeys({ interfaces }: Requirements, fragment: Fragment, keyed: readonly Fragment[]): readonly Fragment[] {
  const isOf = (one = '', other = '') => one === other || interfaces.get(one)?.includes(other) === true;
  return keyed.flatMap(({ typeCondition, selections }): readonly Fragment[] => {
    const joined = [...selections, ...fragment.selections];
    if (isOf(typeCondition, fragment.typeCondition)) return [fragmentOn(typeCondition, joined)];
    return isOf(fragment.typeCondition, typeCondition) ? [fragmentOn(fragment.typeCondition, joined)] : [];
  });
}

function fragmentOn(typeCondition: string | undefined, selections: Selection[]): Fragment {
  return { kind: 'InlineFragment', ...(typeCondition !== undefined && { typeCondition }), selections };
}

/** A fragment without what only conditional fields require, and one more for each of these fields. */
function byCondition(
  requirements: Requirements,
  subgraph: string,
  fragment: Fragment,
  fields: readonly FetchedField[],
): readonly Fragment[] {
  const { typeCondition = '', selections } = fragment;
  const requiredBy = ({ typeName, node }: FetchedField) =>
    requirements.fields.get(`${subgraph} ${typeName}.${node.name.value}`) ?? new Set<string>();
  const conditional = fields.filter((field) => field.guard.length > 0 && requiredBy(field).size > 0);
  if (conditional.length === 0) return [fragment];
  const always = fields.filter(({ guard }) => guard.length === 0).map(requiredBy);
  const kept = new Set([...always, ...keysOf(requirements, subgraph, typeCondition)].flatMap((paths) => [...paths]));
  const optional = new Set(conditional.flatMap((field) => [...requiredBy(field)]).filter((path) => !kept.has(path)));
  if (optional.size === 0) return [fragment];
  const parts = [new Set<string>(), ...conditional.map(requiredBy)].map((wanted) =>
    fragmentOn(
      fragment.typeCondition,
      selectPaths(selections, (path) => !optional.has(path) || wanted.has(path)),
    ),
  );
  return [...new Map(parts.map((part) => [JSON.stringify(part), part])).values()];
}

/** The fields that are sent, each as its path. */
export function requiredPaths(selections: readonly Selection[], prefix = ''): FieldPaths {
  const paths = selections.flatMap((selection) => {
    if (selection.kind === 'InlineFragment') return [...requiredPaths(selection.selections, prefix)];
    const path = prefix + selection.name;
    return selection.selections ? [...requiredPaths(selection.selections, `${path}.`)] : [path];
  });
  return new Set(paths);
}

/** The selections whose paths are wanted. An object is not wanted for its `__typename` alone. */
function selectPaths(selections: readonly Selection[], isWanted: (path: string) => boolean, prefix = ''): Selection[] {
  return selections.flatMap((selection): Selection[] => {
    const path = selection.kind === 'Field' ? prefix + selection.name : prefix;
    if (!selection.selections) return isWanted(path) ? [selection] : [];
    const below = selection.kind === 'Field' ? `${path}.` : prefix;
    const nested = selectPaths(selection.selections, isWanted, below);
    const isPruned = nested.length < selection.selections.length;
    const isEmpty = nested.every((one) => one.kind === 'Field' && one.name === '__typename');
    return isPruned && isEmpty ? [] : [{ ...selection, selections: nested }];
  });
}
