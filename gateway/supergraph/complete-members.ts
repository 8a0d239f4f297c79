import {
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type TypeDefinitionNode,
  type UnionTypeDefinitionNode,
} from 'graphql';
import { graphsOf } from './abstract-members.ts';
import { type AddedType, addedTypesOf } from './added-types.ts';
import { type CompositeDefinition, directivesOf, isComposite, joinDirective } from './join-directives.ts';

/** The key of objects that no subgraph has ever sent. */
export const neverKey = 'key__never';

/**
 * Mends a fault of the planner: where a union or an interface lacks a member in one of the subgraphs that could be asked
 * for a field, it asks none of them for what is selected of that member.
 *
 * Here every subgraph knows all members of its unions and interfaces. Plans with it are right but for what they ask of
 * the members that are not there in truth: that has to be left out, and with it all that goes by `neverKey`. To ask for
 * it costs as much as to ask for what is there, or more, so that no plan turns to a subgraph for what it does not have.
 */
export function completeMembers(document: DocumentNode): DocumentNode {
  const added = addedTypesOf(document);
  const definitions = document.definitions.map((definition) => {
    if (definition.kind === Kind.UNION_TYPE_DEFINITION) return withMembers(definition, added);
    const mine = isComposite(definition) ? added.filter(({ type }) => type === definition.name.value) : [];
    return isComposite(definition) && mine.length > 0 ? withGraphs(definition, mine) : definition;
  });
  return { ...document, definitions };
}

function withMembers(definition: UnionTypeDefinitionNode, added: readonly AddedType[]): TypeDefinitionNode {
  const directives = added
    .filter(({ unions }) => unions.has(definition.name.value))
    .map(({ graph, type }) => joinDirective('unionMember', { graph }, { member: type }));
  return { ...definition, directives: [...(definition.directives ?? []), ...directives] };
}

function withGraphs(type: CompositeDefinition, added: readonly AddedType[]): CompositeDefinition {
  const memberships = added.flatMap(({ graph, interfaces }) =>
    [...interfaces].map((name) => joinDirective('implements', { graph }, { interface: name })),
  );
  const unknown = added.filter(({ isKnown }) => !isKnown);
  if (unknown.length === 0) return { ...type, directives: [...(type.directives ?? []), ...memberships] };
  const known = [...graphsOf(type)];
  const sources = new Set(unknown.flatMap((one) => [...one.sources]));
  const types = unknown.map(({ graph }) => joinDirective('type', { graph }));
  const keys = [...sources].map((graph) => joinDirective('type', { graph }, { key: neverKey }));
  const fields = (type.fields ?? []).map((field) => {
    const graphs = unknown.filter(({ fields: own }) => own.has(field.name.value)).map(({ graph }) => graph);
    return withOwners(withOwners(field, known), graphs, true);
  });
  return {
    ...type,
    directives: [...(type.directives ?? []), ...keys, ...types, ...memberships],
    fields: [...fields, keyField(unknown, sources)],
  };
}

/** A field without `join__field` is a field of all subgraphs that know the type. */
function withOwners(field: FieldDefinitionNode, graphs: readonly string[], always = false): FieldDefinitionNode {
  if (!always && directivesOf(field, 'join__field').length > 0) return field;
  const owners = graphs.map((graph) => joinDirective('field', { graph }));
  return { ...field, directives: [...(field.directives ?? []), ...owners] };
}

/** Known where the type is not, and not known where it is. */
function keyField(added: readonly AddedType[], sources: ReadonlySet<string>): FieldDefinitionNode {
  return {
    kind: Kind.FIELD_DEFINITION,
    name: { kind: Kind.NAME, value: neverKey },
    type: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: 'ID' } },
    directives: [
      ...added.map(({ graph }) => joinDirective('field', { graph })),
      ...[...sources].map((graph) => joinDirective('field', { graph }, {}, { external: true })),
    ],
  };
}
