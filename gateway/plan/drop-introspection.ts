import { type ASTNode, type DocumentNode, Kind, visit } from 'graphql';

const typename = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } } as const;

/**
 * Leaves out `__schema` and `__type`, which the API schema answers: no subgraph is asked for them, and the planner's own
 * schema knows fewer of their fields (no `isOneOf`).
 */
export function dropIntrospection(document: DocumentNode): DocumentNode {
  return visit(document, {
    enter: (node) => (isIntrospection(node) ? null : undefined),
    leave: (node) =>
      node.kind === Kind.SELECTION_SET && node.selections.length === 0
        ? { ...node, selections: [typename] }
        : undefined,
  });
}

function isIntrospection(node: ASTNode): boolean {
  if (node.kind === Kind.FIELD) return node.name.value === '__schema' || node.name.value === '__type';
  return node.kind === Kind.FRAGMENT_DEFINITION && node.typeCondition.name.value.startsWith('__');
}
