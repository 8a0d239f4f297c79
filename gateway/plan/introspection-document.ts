import {
  type DocumentNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { type Fragments, variableNamesIn, withInlineFragments } from './inline-fragments.ts';

/**
 * The part of an operation that asks for `__schema` and `__type`, as a document of its own that holds no fragment
 * definitions and defines only the variables it uses. Undefined when the operation asks for neither.
 */
export function introspectionDocument(
  operation: OperationDefinitionNode,
  fragments: Fragments,
): DocumentNode | undefined {
  const selectionSet = introspectionOnly(operation.selectionSet, fragments);
  if (selectionSet.selections.length === 0) return undefined;
  const used = variableNamesIn(selectionSet);
  const variableDefinitions = operation.variableDefinitions?.filter(({ variable }) => used.has(variable.name.value));
  return {
    kind: Kind.DOCUMENT,
    definitions: [{ ...operation, variableDefinitions: variableDefinitions ?? [], directives: [], selectionSet }],
  };
}

/** Of a root selection set, only the introspection fields; the directives around them stay. */
function introspectionOnly(selectionSet: SelectionSetNode, fragments: Fragments): SelectionSetNode {
  const { selections } = withInlineFragments(selectionSet, fragments);
  const kept = selections.flatMap((selection): readonly SelectionNode[] => {
    if (selection.kind === Kind.FIELD) return /^__(schema|type)$/.test(selection.name.value) ? [selection] : [];
    if (selection.kind === Kind.FRAGMENT_SPREAD) return [];
    const nested = introspectionOnly(selection.selectionSet, fragments);
    return nested.selections.length > 0 ? [{ ...selection, selectionSet: nested }] : [];
  });
  return { kind: Kind.SELECTION_SET, selections: kept };
}
