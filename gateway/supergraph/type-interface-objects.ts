import {
  type ConstDirectiveNode,
  type DocumentNode,
  type EnumTypeDefinitionNode,
  type FieldDefinitionNode,
  Kind,
  type TypeDefinitionNode,
} from 'graphql';
import { graphsOf } from './abstract-members.ts';
import {
  type CompositeDefinition,
  directivesOf,
  isComposite,
  isTrue,
  joinDirective,
  parseFieldSet,
  rootNamesOf,
  stringOf,
  subgraphNamesOf,
} from './join-directives.ts';

/** A supergraph in which interface objects are typed, and what its further subgraphs are in truth. */
export interface TypedSupergraph {
  readonly document: DocumentNode;
  /** By the names of the further subgraphs. */
  readonly typed: ReadonlyMap<string, TypedSubgraph>;
}

/** A subgraph as it would be if it knew the types of its interface objects. */
export interface TypedSubgraph {
  /** Its true name. */
  readonly name: string;
  /** The interfaces by their fields in it, as `Type.field`; by `Type` one of the interfaces of a type. */
  readonly interfaces: ReadonlyMap<string, string>;
}

/** A field of an interface object. */
interface ObjectField {
  readonly graph: string;
  readonly interfaceName: string;
  readonly name: string;
  readonly ownership: ConstDirectiveNode;
  readonly requires: string | undefined;
}

/**
 * Mends a fault of the planner: asked for a field of an interface object that requires something of the true type, it
 * goes round in a circle and never ends.
 *
 * Such fields are moved to a further subgraph, which knows the types of the interface and not the interface. The fetches
 * of it have to be written back: the true subgraph knows the interface only.
 */
export function typeInterfaceObjects(document: DocumentNode): TypedSupergraph {
  const own = document.definitions.filter(isComposite).flatMap(objectFieldsOf);
  if (own.length === 0) return { document, typed: new Map() };
  const graphs = new Set(own.map(({ graph }) => graph));
  const roots = rootNamesOf(document);
  const interfaces = new Map(
    document.definitions.filter(isComposite).map((definition) => [definition.name.value, definition] as const),
  );
  const definitions = document.definitions.map((definition) => {
    if (definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === 'join__Graph') {
      return withTypedGraphs(definition, graphs);
    }
    // Without a root, no operation can begin there.
    if (!isComposite(definition))
      return 'directives' in definition ? copyWhole(definition as TypeDefinitionNode, graphs) : definition;
    if (roots.has(definition.name.value)) return definition;
    const mine = own.filter(({ interfaceName }) => implementsIt(definition, interfaceName));
    const copied = copyComposite(definition, graphs);
    return mine.length > 0 ? typeObject(copied, mine, interfaces) : copied;
  });
  const names = subgraphNamesOf(document);
  const typed = [...graphs].map((graph) => {
    const mine = own.filter((field) => field.graph === graph);
    const value = { name: names.get(graph) ?? graph, interfaces: interfacesOf(document, mine) };
    return [typedGraph(graph), value] as const;
  });
  return { document: { ...document, definitions }, typed: new Map(typed) };
}

function typedGraph(graph: string): string {
  return `${graph}_TYPED`;
}

/** The fields that an interface gets as an object, in subgraphs where some of them require something. */
function objectFieldsOf(type: CompositeDefinition): readonly ObjectField[] {
  const memberships = directivesOf(type, 'join__type').filter((one) => isTrue(one, 'isInterfaceObject'));
  const graphs = new Set(memberships.map((one) => stringOf(one, 'graph') ?? ''));
  const fields = (type.fields ?? []).flatMap((field) =>
    directivesOf(field, 'join__field').map((ownership): ObjectField => {
      const [graph = '', requires] = [stringOf(ownership, 'graph'), stringOf(ownership, 'requires')];
      return { graph, interfaceName: type.name.value, name: field.name.value, ownership, requires };
    }),
  );
  const requiring = new Set(fields.filter(({ requires }) => requires !== undefined).map(({ graph }) => graph));
  return fields.filter(
    ({ graph, ownership }) => graphs.has(graph) && requiring.has(graph) && !isTrue(ownership, 'external'),
  );
}

function implementsIt(type: CompositeDefinition, interfaceName: string): boolean {
  const isObject = type.kind === Kind.OBJECT_TYPE_DEFINITION;
  return isObject && (type.interfaces ?? []).some(({ name }) => name.value === interfaceName);
}

function interfacesOf({ definitions }: DocumentNode, own: readonly ObjectField[]): ReadonlyMap<string, string> {
  return new Map(
    definitions
      .filter(isComposite)
      .flatMap((type) =>
        own
          .filter(({ interfaceName }) => implementsIt(type, interfaceName))
          .flatMap(({ interfaceName, name }) => [
            [type.name.value, interfaceName] as const,
            [`${type.name.value}.${name}`, interfaceName] as const,
          ]),
      ),
  );
}

function withTypedGraphs(definition: EnumTypeDefinitionNode, graphs: ReadonlySet<string>): EnumTypeDefinitionNode {
  const added = (definition.values ?? [])
    .filter(({ name }) => graphs.has(name.value))
    .map((value) => {
      const name = typedGraph(value.name.value);
      return {
        ...value,
        name: { ...value.name, value: name },
        directives: [joinDirective('graph', {}, { name, url: '' })],
      };
    });
  return { ...definition, values: [...(definition.values ?? []), ...added] };
}

/** Types without fields of their own in subgraphs: unions, enums, inputs, scalars. */
function copyWhole(definition: TypeDefinitionNode, graphs: ReadonlySet<string>): TypeDefinitionNode {
  const copied = { ...definition, directives: withCopies(definition.directives, graphs) };
  if (copied.kind === Kind.ENUM_TYPE_DEFINITION) {
    const values = (copied.values ?? []).map((one) => ({ ...one, directives: withCopies(one.directives, graphs) }));
    return { ...copied, values };
  }
  if (copied.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
    const fields = (copied.fields ?? []).map((one) => ({ ...one, directives: withCopies(one.directives, graphs) }));
    return { ...copied, fields };
  }
  return copied;
}

/** Nothing but the requiring fields is a reason to go there, so other types have no keys. */
function copyComposite(type: CompositeDefinition, graphs: ReadonlySet<string>): CompositeDefinition {
  const memberships = directivesOf(type, 'join__type');
  const known = new Map(
    memberships
      .filter((one) => graphs.has(stringOf(one, 'graph') ?? ''))
      .map((one) => [stringOf(one, 'graph') ?? '', one] as const),
  );
  const copies = Array.from(known, ([graph, membership]) => {
    if (!isTrue(membership, 'isInterfaceObject')) return joinDirective('type', { graph: typedGraph(graph) });
    const key = stringOf(membership, 'key') ?? '';
    const flags = { isInterfaceObject: true, resolvable: false };
    return joinDirective('type', { graph: typedGraph(graph) }, { key }, flags);
  });
  const others = (type.directives ?? []).filter(({ name }) => name.value !== 'join__type');
  const isObjectIn = (graph: string) => isTrue(known.get(graph) ?? joinDirective('type', {}), 'isInterfaceObject');
  const fields = (type.fields ?? []).map((field) => {
    const ownerships = directivesOf(field, 'join__field');
    if (ownerships.length === 0) return field;
    const kept = ownerships.flatMap((one) => {
      const graph = stringOf(one, 'graph') ?? '';
      const isRequiring = stringOf(one, 'requires') !== undefined;
      if (!graphs.has(graph) || (isRequiring && !isObjectIn(graph))) return [one];
      return isRequiring ? [] : [one, withGraph(one, typedGraph(graph))];
    });
    return withOwnerships(field, kept.length > 0 ? kept : [joinDirective('field', {})]);
  });
  return { ...type, directives: [...memberships, ...copies, ...withCopies(others, graphs)], fields };
}

function withOwnerships(field: FieldDefinitionNode, ownerships: readonly ConstDirectiveNode[]): FieldDefinitionNode {
  const others = (field.directives ?? []).filter(({ name }) => name.value !== 'join__field');
  return { ...field, directives: [...others, ...ownerships] };
}

/** Gives an object type the fields of its interfaces, with what they require and the keys of the interfaces. */
function typeObject(
  type: CompositeDefinition,
  own: readonly ObjectField[],
  interfaces: ReadonlyMap<string, CompositeDefinition>,
): CompositeDefinition {
  const keys = own.flatMap(({ graph, interfaceName }) =>
    directivesOf(interfaces.get(interfaceName) ?? type, 'join__type')
      .filter((one) => stringOf(one, 'graph') === graph)
      .map((one) => [`${graph} ${stringOf(one, 'key')}`, { graph, key: stringOf(one, 'key') ?? '' }] as const),
  );
  const memberships = [...new Map(keys).values()];
  const isKey = (graph: string, name: string) =>
    memberships.some((one) => one.graph === graph && namesIn(one.key).has(name));
  const known = [...graphsOf(type)];
  const fields = (type.fields ?? []).map((field) => {
    const name = field.name.value;
    const owned = own
      .filter((one) => one.name === name && !isKey(one.graph, name))
      .map(({ graph, ownership }) => withGraph(ownership, typedGraph(graph)));
    const required = new Set(own.filter((one) => namesIn(one.requires ?? '').has(name)).map(({ graph }) => graph));
    const given = [...new Set(memberships.map(({ graph }) => graph))].filter(
      (graph) => isKey(graph, name) || required.has(graph),
    );
    const external = given.map((graph) =>
      joinDirective('field', { graph: typedGraph(graph) }, {}, isKey(graph, name) ? {} : { external: true }),
    );
    const ownerships = directivesOf(field, 'join__field').filter((one) => stringOf(one, 'graph') !== undefined);
    const isBare = ownerships.length === 0 && directivesOf(field, 'join__field').length > 0;
    const implied =
      isBare || ownerships.length > 0 ? ownerships : known.map((graph) => joinDirective('field', { graph }));
    const all = [...implied, ...owned, ...external];
    return withOwnerships(field, all.length > 0 ? all : [joinDirective('field', {})]);
  });
  const added = memberships.map(({ graph, key }) => joinDirective('type', { graph: typedGraph(graph) }, { key }));
  return { ...type, directives: [...(type.directives ?? []), ...added], fields };
}

function namesIn(fieldSet: string): ReadonlySet<string> {
  if (fieldSet === '') return new Set();
  const { selections } = parseFieldSet(fieldSet);
  return new Set(selections.flatMap((one) => (one.kind === Kind.FIELD ? [one.name.value] : [])));
}

function withCopies(
  directives: readonly ConstDirectiveNode[] = [],
  graphs: ReadonlySet<string>,
): readonly ConstDirectiveNode[] {
  return directives.flatMap((directive) => {
    const graph = directive.name.value.startsWith('join__') ? stringOf(directive, 'graph') : undefined;
    return graph !== undefined && graphs.has(graph)
      ? [directive, withGraph(directive, typedGraph(graph))]
      : [directive];
  });
}

function withGraph(directive: ConstDirectiveNode, graph: string): ConstDirectiveNode {
  const value = { kind: Kind.ENUM, value: graph } as const;
  const given = (directive.arguments ?? []).map((one) => (one.name.value === 'graph' ? { ...one, value } : one));
  return { ...directive, arguments: given };
}
