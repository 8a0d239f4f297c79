import { type DirectiveNode, type DocumentNode, Kind, type SelectionNode, visit } from 'graphql';
import type { SeededRandom } from './seeded-random.ts';

const defer: DirectiveNode = { kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: 'defer' } };

/** Defers fragments of a query here and there, and puts fields into deferred fragments. */
export function deferAtRandom(document: DocumentNode, random: SeededRandom, chance: number): DocumentNode {
  const isChosen = () => random.chance(chance);
  return visit(document, {
    InlineFragment: (node) => (isChosen() ? { ...node, directives: [...(node.directives ?? []), defer] } : undefined),
    FragmentSpread: (node) => (isChosen() ? { ...node, directives: [...(node.directives ?? []), defer] } : undefined),
    SelectionSet: {
      leave: (node) => ({ ...node, selections: node.selections.map((one) => (isChosen() ? deferred(one) : one)) }),
    },
  });
}

function deferred(selection: SelectionNode): SelectionNode {
  return {
    kind: Kind.INLINE_FRAGMENT,
    directives: [defer],
    selectionSet: { kind: Kind.SELECTION_SET, selections: [selection] },
  };
}
