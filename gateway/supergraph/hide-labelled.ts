import { type ConstDirectiveNode, type DocumentNode, type FieldDefinitionNode, Kind } from 'graphql';
import { graphsOf } from './abstract-members.ts';
import { type CompositeDefinition, directivesOf, isComposite, joinDirective, stringOf } from './join-directives.ts';

/**
 * Mends a fault of the planner: a field of an interface it asks of a subgraph as it is, though for one of the types a
 * progressive override has given the field to another subgraph.
 *
 * Such fields become external to the interface there. The planner then asks type by type, where it minds the labels.
 */
export function hideLabelled(document: DocumentNode): DocumentNode {
  const hidden = new Set(document.definitions.filter(isComposite).flatMap(labelledFieldsOf));
  if (hidden.size === 0) return document;
  const definitions = document.definitions.map((definition) =>
    definition.kind === Kind.INTERFACE_TYPE_DEFINITION
      ? { ...definition, fields: (definition.fields ?? []).map((field) => hideField(hidden, definition, field)) }
      : definition,
  );
  return { ...document, definitions };
}

/** What an object type has under a label, of the fields of its interfaces, as `graph Interface.field`. */
function labelledFieldsOf({ kind, interfaces = [], fields = [] }: CompositeDefinition): readonly string[] {
  if (kind !== Kind.OBJECT_TYPE_DEFINITION) return [];
  return fields.flatMap((field) =>
    directivesOf(field, 'join__field')
      .filter((one) => stringOf(one, 'overrideLabel') !== undefined)
      .flatMap((one) => interfaces.map(({ name }) => `${stringOf(one, 'graph')} ${name.value}.${field.name.value}`)),
  );
}

function hideField(
  hidden: ReadonlySet<string>,
  type: CompositeDefinition,
  field: FieldDefinitionNode,
): FieldDefinitionNode {
  const isHidden = (graph: string | undefined) => hidden.has(`${graph} ${type.name.value}.${field.name.value}`);
  if (![...graphsOf(type)].some(isHidden)) return field;
  const others = (field.directives ?? []).filter(({ name }) => name.value !== 'join__field');
  const written = directivesOf(field, 'join__field');
  const ownerships =
    written.length > 0 ? written : [...graphsOf(type)].map((graph) => joinDirective('field', { graph }));
  const hide = (one: ConstDirectiveNode) => {
    const graph = stringOf(one, 'graph');
    return graph !== undefined && isHidden(graph) ? joinDirective('field', { graph }, {}, { external: true }) : one;
  };
  return { ...field, directives: [...others, ...ownerships.map(hide)] };
}
