import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { guardKey, guardOf, narrowGuard } from './guards.ts';
import { deferOf } from './number-defers.ts';
import type { Guard } from './output-shape.ts';

/** A selection set and when it applies. */
export interface GuardedSelectionSet {
  readonly selectionSet: SelectionSetNode;
  readonly guard: Guard;
}

/** One place where a field is selected, and when. */
export interface GuardedField {
  readonly node: FieldNode;
  readonly guard: Guard;
}

export interface CollectionContext {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

/** A response name, in the order in which it can first appear in a response. */
export interface Appearance {
  readonly responseName: string;
  readonly guard: Guard;
  /** It can have appeared before, under another guard. */
  readonly isRepeated: boolean;
}

/** The fields that selection sets ask of one type. */
export interface CollectedPlaces {
  /** Every place where a field is selected, by response name. */
  readonly places: ReadonlyMap<string, readonly GuardedField[]>;
  readonly appearances: readonly Appearance[];
  readonly deferred: readonly DeferredSelections[];
}

/** What selection sets defer of one type, as one part. */
export interface DeferredSelections {
  readonly number: number;
  readonly guard: Guard;
  readonly selectionSets: readonly SelectionSetNode[];
}

/**
 * `CollectFields` of the GraphQL specification, before variables are known: the fields that selection sets ask of a
 * type, each with every place where it is selected.
 */
export function collectFields(
  context: CollectionContext,
  typeName: string,
  selectionSets: readonly GuardedSelectionSet[],
): CollectedPlaces {
  const deferred = new Map<string, DeferredSelections>();
  const collection = { ...context, typeName, places: new Map(), appearances: [], deferred, visited: new Set<string>() };
  for (const { selectionSet, guard } of selectionSets) collectInto(collection, selectionSet, guard);
  return { places: collection.places, appearances: collection.appearances, deferred: [...deferred.values()] };
}

interface Collection extends CollectionContext {
  readonly typeName: string;
  readonly places: Map<string, GuardedField[]>;
  readonly appearances: Appearance[];
  /** By number and guard. */
  readonly deferred: Map<string, DeferredSelections>;
  /** Spreads that were followed, each with its guard. */
  readonly visited: Set<string>;
}

function collectInto(collection: Collection, selectionSet: SelectionSetNode, parentGuard: Guard): void {
  const { schema, fragments, typeName, visited } = collection;
  for (const selection of selectionSet.selections) {
    const guard = guardOf(parentGuard, selection);
    if (guard === undefined) continue;
    if (selection.kind === Kind.FIELD) {
      addPlace(collection, selection, guard);
      continue;
    }
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const visit = `${selection.name.value} ${guardKey(guard)}`;
      if (visited.has(visit)) continue;
      visited.add(visit);
    }
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    if (!fragment || !doesFragmentTypeApply(schema, typeName, fragment.typeCondition?.name.value)) continue;
    const undeferred = deferIfAsked(collection, selection, fragment.selectionSet, guard);
    if (undeferred) collectInto(collection, fragment.selectionSet, undeferred);
  }
}

/** Notes a fragment that is deferred. Gives the guard under which it is not; undefined when it always is. */
function deferIfAsked(
  { deferred }: Collection,
  selection: SelectionNode,
  selectionSet: SelectionSetNode,
  guard: Guard,
): Guard | undefined {
  const defer = deferOf(selection);
  if (!defer) return guard;
  const { number, variable } = defer;
  const deferring = variable === undefined ? guard : narrowGuard(guard, { variable, wanted: true });
  if (deferring) {
    const key = `${number} ${guardKey(deferring)}`;
    const selectionSets = [...(deferred.get(key)?.selectionSets ?? []), selectionSet];
    deferred.set(key, { number, guard: deferring, selectionSets });
  }
  return variable === undefined ? undefined : narrowGuard(guard, { variable, wanted: false });
}

function addPlace({ places, appearances }: Collection, node: FieldNode, guard: Guard): void {
  const responseName = node.alias?.value ?? node.name.value;
  const known = places.get(responseName) ?? [];
  const hasAppeared = known.some((place) => place.guard.length === 0 || guardKey(place.guard) === guardKey(guard));
  if (!hasAppeared) appearances.push(Object.freeze({ responseName, guard, isRepeated: known.length > 0 }));
  places.set(responseName, [...known, { node, guard }]);
}

function doesFragmentTypeApply(schema: GraphQLSchema, typeName: string, condition: string | undefined): boolean {
  if (condition === undefined || condition === typeName) return true;
  const type = schema.getType(typeName);
  const conditional = schema.getType(condition);
  return isAbstractType(conditional) && (isObjectType(type) || isInterfaceType(type))
    ? schema.isSubType(conditional, type)
    : false;
}
