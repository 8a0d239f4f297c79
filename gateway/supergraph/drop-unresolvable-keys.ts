import type { DocumentNode } from 'graphql';
import { type CompositeDefinition, directivesOf, isComposite, isFalse, stringOf } from './join-directives.ts';

/**
 * Mends a fault of the planner: where a type has several keys in a subgraph, it may come back to that subgraph by the
 * first of them, though it is `resolvable: false`. A key that cannot be resolved says nothing beside one that can, so it
 * is left out.
 */
export function dropUnresolvableKeys(document: DocumentNode): DocumentNode {
  const definitions = document.definitions.map((definition) =>
    isComposite(definition) ? withoutUnresolvableKeys(definition) : definition,
  );
  return { ...document, definitions };
}

function withoutUnresolvableKeys(definition: CompositeDefinition): CompositeDefinition {
  const memberships = directivesOf(definition, 'join__type');
  const resolvable = memberships.filter((one) => stringOf(one, 'key') !== undefined && !isFalse(one, 'resolvable'));
  const graphs = new Set(resolvable.map((one) => stringOf(one, 'graph')));
  const dropped = new Set(
    memberships.filter((one) => isFalse(one, 'resolvable') && graphs.has(stringOf(one, 'graph'))),
  );
  return { ...definition, directives: (definition.directives ?? []).filter((one) => !dropped.has(one)) };
}
