import { type DirectiveNode, type InlineFragmentNode, Kind, type SelectionNode, type SelectionSetNode } from 'graphql';

/** The selection set that has these selections. */
export function selectionSetOf(selections: readonly SelectionNode[]): SelectionSetNode {
  return { kind: Kind.SELECTION_SET, selections };
}

/** Selections in a fragment: on a type, or on whatever type there is. */
export function fragmentOn(
  typeName: string | undefined,
  selections: readonly SelectionNode[],
  directives: readonly DirectiveNode[] = [],
): InlineFragmentNode {
  const name = typeName === undefined ? undefined : ({ kind: Kind.NAME, value: typeName } as const);
  return {
    kind: Kind.INLINE_FRAGMENT,
    ...(name && { typeCondition: { kind: Kind.NAMED_TYPE, name } }),
    directives,
    selectionSet: selectionSetOf(selections),
  };
}
