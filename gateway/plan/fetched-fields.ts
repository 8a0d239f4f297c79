import type { FetchNode as ApolloFetchNode } from '@apollo/query-planner';
import {
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionSetNode,
  stripIgnoredCharacters,
} from 'graphql';
import { guardOf } from './guards.ts';
import { fragmentsOf, variableNamesIn, withInlineFragments } from './inline-fragments.ts';
import type { Guard } from './output-shape.ts';

/** The selections of a fetch on the objects that it is for: entities, or a root type. */
export interface FetchedSelections {
  readonly operation: OperationDefinitionNode;
  /** `_entities`; undefined for a root type. */
  readonly entities: FieldNode | undefined;
  /** Without spreads. */
  readonly selectionSet: SelectionSetNode;
}

/** A field of such an object, the type that it is asked of, and when. */
export interface FetchedField {
  readonly node: FieldNode;
  readonly typeName: string;
  readonly guard: Guard;
}

/** What a fetch of the planner asks of the objects that it is for. */
export function fetchedSelectionsOf(fetch: ApolloFetchNode): FetchedSelections | undefined {
  const document = fetch.operationDocumentNode ?? parse(fetch.operation, { noLocation: true });
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (!operation) return undefined;
  const fragments = fragmentsOf(document);
  if (!fetch.requires) {
    return { operation, entities: undefined, selectionSet: withInlineFragments(operation.selectionSet, fragments) };
  }
  const entities = operation.selectionSet.selections[0];
  if (entities?.kind !== Kind.FIELD || !entities.selectionSet) return undefined;
  return { operation, entities, selectionSet: withInlineFragments(entities.selectionSet, fragments) };
}

/** A fetch that selects something else, and takes no variables beyond those that this needs. */
export function withSelections(
  fetch: ApolloFetchNode,
  operation: OperationDefinitionNode,
  selectionSet: SelectionSetNode,
): ApolloFetchNode {
  const used = variableNamesIn(selectionSet);
  const variableDefinitions = operation.variableDefinitions?.filter(({ variable }) => used.has(variable.name.value));
  const document: DocumentNode = {
    kind: Kind.DOCUMENT,
    definitions: [{ ...operation, variableDefinitions: variableDefinitions ?? [], selectionSet }],
  };
  return {
    ...fetch,
    operation: stripIgnoredCharacters(print(document)),
    operationDocumentNode: document,
    variableUsages: (fetch.variableUsages ?? []).filter((name) => used.has(name)),
  };
}

/**
 * The fields of the objects themselves.
 *
 * @param objectTypes The names of the object types: what a fragment on one of them selects of an interface, it selects of
 * that type.
 */
export function fetchedFields(
  { selectionSet }: FetchedSelections,
  objectTypes: ReadonlySet<string>,
): readonly FetchedField[] {
  return fieldsIn(selectionSet, objectTypes, '', []);
}

function fieldsIn(
  { selections }: SelectionSetNode,
  objectTypes: ReadonlySet<string>,
  typeName: string,
  parent: Guard,
): readonly FetchedField[] {
  return selections.flatMap((selection): readonly FetchedField[] => {
    const guard = guardOf(parent, selection);
    if (guard === undefined || selection.kind === Kind.FRAGMENT_SPREAD) return [];
    if (selection.kind === Kind.FIELD) return [{ node: selection, typeName, guard }];
    const narrowed = narrowType(objectTypes, typeName, selection.typeCondition?.name.value);
    return narrowed === undefined ? [] : fieldsIn(selection.selectionSet, objectTypes, narrowed, guard);
  });
}

/** The type of an object in a fragment; undefined when the fragment can never apply to it. */
export function narrowType(
  objectTypes: ReadonlySet<string>,
  typeName: string,
  condition: string | undefined,
): string | undefined {
  if (condition === undefined || condition === typeName) return typeName;
  if (!objectTypes.has(typeName)) return condition;
  return objectTypes.has(condition) ? undefined : typeName;
}
