import { type ASTNode, type DirectiveNode, type DocumentNode, Kind, type SelectionNode, visit } from 'graphql';
import { guardOf } from './guards.ts';

/**
 * Leaves out what `@skip(if: true)` and `@include(if: false)` exclude, and those of these directives that exclude
 * nothing. The planner would fetch for fields that are never answered. An object of which nothing is left is still
 * wanted: it stays with its `__typename`.
 */
export function dropExcluded(document: DocumentNode): DocumentNode {
  return visit(document, {
    enter: (node) => (isSelection(node) ? withoutConstants(node) : undefined),
    leave: (node) =>
      node.kind === Kind.SELECTION_SET && node.selections.length === 0
        ? { ...node, selections: [typename] }
        : undefined,
  });
}

const typename: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

function isSelection(node: ASTNode): node is SelectionNode {
  return node.kind === Kind.FIELD || node.kind === Kind.INLINE_FRAGMENT || node.kind === Kind.FRAGMENT_SPREAD;
}

/** Null removes the selection; undefined leaves it as it is. */
function withoutConstants(node: SelectionNode): SelectionNode | null | undefined {
  if (guardOf([], node) === undefined) return null;
  const directives = node.directives?.filter((directive) => !isConstant(directive)) ?? [];
  return directives.length === (node.directives?.length ?? 0) ? undefined : { ...node, directives };
}

function isConstant({ name, arguments: given = [] }: DirectiveNode): boolean {
  return (name.value === 'skip' || name.value === 'include') && given[0]?.value.kind === Kind.BOOLEAN;
}
