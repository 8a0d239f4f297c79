import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';

/** Fragment definitions by name. */
export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

export function fragmentsOf({ definitions }: DocumentNode): Fragments {
  const fragments = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}

/** A selection set with inline fragments in place of its spreads. */
export function withInlineFragments(selectionSet: SelectionSetNode, fragments: Fragments): SelectionSetNode {
  const selections = selectionSet.selections.flatMap((selection): readonly SelectionNode[] => {
    if (selection.kind !== Kind.FRAGMENT_SPREAD) {
      if (!selection.selectionSet) return [selection];
      return [{ ...selection, selectionSet: withInlineFragments(selection.selectionSet, fragments) }];
    }
    const fragment = fragments.get(selection.name.value);
    if (!fragment) return [];
    const { typeCondition } = fragment;
    const nested = withInlineFragments(fragment.selectionSet, fragments);
    return [
      { kind: Kind.INLINE_FRAGMENT, typeCondition, directives: selection.directives ?? [], selectionSet: nested },
    ];
  });
  return { kind: Kind.SELECTION_SET, selections };
}

/** The names of the variables that a selection set uses. */
export function variableNamesIn(selectionSet: SelectionSetNode): ReadonlySet<string> {
  const names = new Set<string>();
  visit(selectionSet, { enter: (node) => void (node.kind === Kind.VARIABLE && names.add(node.name.value)) });
  return names;
}
