import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type SelectionSetNode,
  type TypeNode,
  visit,
} from 'graphql';
import {
  type CompositeDefinition,
  directivesOf,
  isComposite,
  isFalse,
  isTrue,
  joinDirective,
  namedTypeOf,
  parseFieldSet,
  stringOf,
} from './join-directives.ts';

/** A field that requires others, in one of the subgraphs that have it. */
export interface RequiringField {
  readonly typeName: string;
  /** A root field that leads to such an object in this subgraph, without asking for anything. */
  readonly rootName: string;
  /** Its subgraph, as `join__Graph` names it. */
  readonly graph: string;
  /** What has to be sent of an object: a key of it, and what the field requires. */
  readonly needs: SelectionSetNode;
  /** Tells, from the labels that hold, whether the subgraph has the field. */
  readonly isOwned: (labels: ReadonlySet<string>) => boolean;
}

/** What a field leads to. */
export interface FieldTarget {
  readonly typeName: string;
  /** How many lists are around it. */
  readonly listDepth: number;
}

/** A supergraph in which nothing requires anything, and what it was that was required. */
export interface StepSupergraph {
  readonly document: DocumentNode;
  /** The fields that are asked for in steps of their own, by `Type.field`. */
  readonly fields: ReadonlyMap<string, readonly RequiringField[]>;
  /** By `Type.field`. */
  readonly targets: ReadonlyMap<string, FieldTarget>;
}

/**
 * Takes away what fields of objects require, and adds a root field for each entity of which there is such a field: what
 * is below it can be planned from there. Fields that take something from a context, and those that some subgraph has
 * without requiring anything, stay as they are.
 */
export function stepSupergraphOf(document: DocumentNode): StepSupergraph {
  const types = document.definitions.filter(isComposite);
  const fields = new Map(
    types
      .filter((type) => type.kind === Kind.OBJECT_TYPE_DEFINITION)
      .flatMap((type) =>
        (type.fields ?? []).map((field) => [coordinateOf(type, field), requiringOf(type, field)] as const),
      )
      .filter(([, requiring]) => requiring.length > 0),
  );
  const definitions = document.definitions.map((definition) => {
    if (!isComposite(definition)) return definition;
    if (definition.kind === Kind.OBJECT_TYPE_DEFINITION && definition.name.value === 'Query') {
      return withRoots(definition, [...fields.values()].flat());
    }
    const plain = (definition.fields ?? []).map((field) =>
      fields.has(coordinateOf(definition, field)) ? withoutRequired(field) : field,
    );
    return { ...definition, fields: plain };
  });
  const targets = types.flatMap((type) =>
    (type.fields ?? []).map((field) => [coordinateOf(type, field), targetOf(field.type)] as const),
  );
  return { document: accessible({ ...document, definitions }), fields, targets: new Map(targets) };
}

function coordinateOf(type: CompositeDefinition, field: FieldDefinitionNode): string {
  return `${type.name.value}.${field.name.value}`;
}

function requiringOf(type: CompositeDefinition, field: FieldDefinitionNode): readonly RequiringField[] {
  const owners = directivesOf(field, 'join__field').filter(
    (one) => !isTrue(one, 'external') && !isTrue(one, 'usedOverridden') && stringOf(one, 'graph') !== undefined,
  );
  const found = owners.flatMap((one): readonly RequiringField[] => {
    const graph = stringOf(one, 'graph') ?? '';
    const [requires, key] = [stringOf(one, 'requires'), keyOf(type, graph)];
    const isContextual = one.arguments?.some(({ name }) => name.value === 'contextArguments');
    if (requires === undefined || key === undefined || isContextual) return [];
    const typeName = type.name.value;
    const needs = parseFieldSet(`__typename ${key} ${requires}`);
    return [{ typeName, rootName: `step__${graph}__${typeName}`, graph, needs, isOwned: labelTest(one) }];
  });
  return found.length === owners.length ? found : [];
}

/** The shortest key by which a subgraph resolves a type. */
function keyOf(type: CompositeDefinition, graph: string): string | undefined {
  const memberships = directivesOf(type, 'join__type').filter(
    (one) => stringOf(one, 'graph') === graph && !isFalse(one, 'resolvable'),
  );
  const keys = memberships.flatMap((one) => stringOf(one, 'key') ?? []);
  return keys.sort((one, other) => one.split(/\s+/).length - other.split(/\s+/).length)[0];
}

function labelTest(ownership: ConstDirectiveNode): RequiringField['isOwned'] {
  const label = stringOf(ownership, 'overrideLabel');
  if (label === undefined) return () => true;
  const isOverriding = stringOf(ownership, 'override') !== undefined;
  return (labels) => labels.has(label) === isOverriding;
}

function withoutRequired(field: FieldDefinitionNode): FieldDefinitionNode {
  const directives = (field.directives ?? []).map((directive) => ({
    ...directive,
    arguments: (directive.arguments ?? []).filter(({ name }) => name.value !== 'requires'),
  }));
  return { ...field, directives };
}

function withRoots(query: ObjectTypeDefinitionNode, requiring: readonly RequiringField[]): ObjectTypeDefinitionNode {
  const memberships = directivesOf(query, 'join__type');
  const known = new Set(memberships.map((one) => stringOf(one, 'graph') ?? ''));
  const roots = new Map(requiring.map((field) => [field.rootName, field]));
  const missing = new Set([...roots.values()].map(({ graph }) => graph).filter((graph) => !known.has(graph)));
  const owned = (query.fields ?? []).map((field): FieldDefinitionNode => {
    if (directivesOf(field, 'join__field').length > 0) return field;
    const implied = [...known].map((graph) => joinDirective('field', { graph }));
    return { ...field, directives: [...(field.directives ?? []), ...implied] };
  });
  const added = Array.from(roots, ([value, { typeName, graph }]): FieldDefinitionNode => {
    const type: TypeNode = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: typeName } };
    const directives = [joinDirective('field', { graph })];
    return { kind: Kind.FIELD_DEFINITION, name: { kind: Kind.NAME, value }, type, directives };
  });
  const joined = [...missing].map((graph) => joinDirective('type', { graph }));
  return { ...query, directives: [...(query.directives ?? []), ...joined], fields: [...owned, ...added] };
}

function targetOf(type: TypeNode, listDepth = 0): FieldTarget {
  if (type.kind === Kind.NAMED_TYPE) return { typeName: namedTypeOf(type), listDepth };
  return targetOf(type.type, type.kind === Kind.LIST_TYPE ? listDepth + 1 : listDepth);
}

/** Keys and what is required may be inaccessible to clients. */
function accessible(document: DocumentNode): DocumentNode {
  return visit(document, { Directive: ({ name }) => (name.value === 'inaccessible' ? null : undefined) });
}
