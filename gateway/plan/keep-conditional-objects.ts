import { type DocumentNode, type FieldNode, Kind, type SelectionNode, visit } from 'graphql';

/**
 * Mends a fault of the planner: a field with `@skip` or `@include`, all of whose selections have one too, is not fetched
 * when they are excluded, though it is an object without fields then, and not null. A `__typename` inside tells the
 * planner that the object itself is wanted.
 */
export function keepConditionalObjects(document: DocumentNode): DocumentNode {
  return visit(document, {
    enter: (node) => (node.kind === Kind.FIELD && isConditional(node) ? withUnconditionalField(node) : undefined),
  });
}

function withUnconditionalField(node: FieldNode): FieldNode {
  const { selectionSet } = node;
  if (!selectionSet) return node;
  const { selections } = selectionSet;
  if (selections.some((selection) => selection.kind === Kind.FIELD && !isConditional(selection))) return node;
  const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };
  return { ...node, selectionSet: { ...selectionSet, selections: [typename, ...selections] } };
}

function isConditional({ directives = [] }: SelectionNode): boolean {
  return directives.some(({ name }) => name.value === 'skip' || name.value === 'include');
}
