import type { FetchNode as ApolloFetchNode } from '@apollo/query-planner';
import { type DocumentNode, type FragmentDefinitionNode, Kind, parse, type SelectionSetNode } from 'graphql';
import type { Rewrite } from './plan-node.ts';

/**
 * The response names that a fetch brings to the objects it works on: those of its root selection, or of `_entities`
 * when it fetches entities, after the output rewrites.
 */
export function fetchedResponseNames(node: ApolloFetchNode, outputRewrites: readonly Rewrite[]): ReadonlySet<string> {
  const document = node.operationDocumentNode ?? parse(node.operation);
  const names = new Set<string>();
  for (const selectionSet of rootSelectionSets(document, node.requires !== undefined)) {
    collectResponseNames(fragmentsOf(document), selectionSet, names);
  }
  for (const rewrite of outputRewrites) {
    const isAtTop = rewrite.path.every((step) => step.kind === 'InlineFragment');
    if (isAtTop && rewrite.kind === 'KeyRenamer' && names.delete(rewrite.key)) names.add(rewrite.newKey);
  }
  return names;
}

function rootSelectionSets(document: DocumentNode, fetchesEntities: boolean): readonly SelectionSetNode[] {
  const roots = document.definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION ? [definition.selectionSet] : [],
  );
  if (!fetchesEntities) return roots;
  return roots.flatMap(({ selections }) =>
    selections.flatMap((selection) =>
      selection.kind === Kind.FIELD && selection.selectionSet ? [selection.selectionSet] : [],
    ),
  );
}

function fragmentsOf(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}

function collectResponseNames(
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  selectionSet: SelectionSetNode,
  names: Set<string>,
): void {
  for (const selection of selectionSet.selections) {
    if (selection.kind === Kind.FIELD) {
      names.add(selection.alias?.value ?? selection.name.value);
      continue;
    }
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    if (fragment) collectResponseNames(fragments, fragment.selectionSet, names);
  }
}
