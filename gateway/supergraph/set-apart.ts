import {
  type ConstDirectiveNode,
  type DocumentNode,
  type EnumTypeDefinitionNode,
  type EnumValueDefinitionNode,
  type FieldDefinitionNode,
  Kind,
  type TypeDefinitionNode,
} from 'graphql';
import {
  type CompositeDefinition,
  directivesOf,
  isComposite,
  isFalse,
  isTrue,
  rootNamesOf,
  stringOf,
  subgraphNamesOf,
} from './join-directives.ts';
import type { Requirements } from './requirements.ts';

/** A supergraph in which some fields stand in subgraphs of their own, and which subgraph each of those is in truth. */
export interface ApartSupergraph {
  readonly document: DocumentNode;
  readonly subgraphNames: ReadonlyMap<string, string>;
}

/** One field that is set apart. */
interface ApartField {
  readonly typeName: string;
  readonly name: string;
  /** Its subgraph, as `join__Graph` names it. */
  readonly graph: string;
  /** The subgraph of its own. */
  readonly ownGraph: string;
}

/**
 * Mends a fault of the planner: where a field requires a second one, which itself requires a third, it may ask a subgraph
 * for fields that are external to it, or for the second field before the third is there.
 *
 * Every field that requires something is moved to a copy of its subgraph, which knows entities by their keys only; a
 * required one to a copy of its own. What is left of a subgraph knows no external fields. The planner can then neither
 * take the two for one nor ask at the wrong place. Its plans are not always the shortest, so they are the second choice.
 */
export function setApart(document: DocumentNode, requirements: Requirements): ApartSupergraph {
  const apart = apartFieldsOf(document, requirements);
  const copies: Copies = new Map(apart.map(({ graph, ownGraph }) => [ownGraph, graph]));
  const interfaceFields = interfaceFieldsOf(document);
  const interfaceKeys = interfaceKeysOf(document);
  const setting: Setting = {
    apart,
    copies,
    interfaceFields,
    interfaceKeys,
    unimplemented: unimplementedIn(document, interfaceFields, interfaceKeys),
  };
  const roots = rootNamesOf(document);
  const definitions = document.definitions.map((definition) => {
    if (definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === 'join__Graph') {
      return withGraphs(definition, copies);
    }
    // Without a root, no operation can begin in a copy.
    if (isComposite(definition))
      return roots.has(definition.name.value) ? definition : copyComposite(definition, setting);
    return 'directives' in definition ? copyWhole(definition as TypeDefinitionNode, copies) : definition;
  });
  const names = subgraphNamesOf(document);
  const subgraphNames = Array.from(copies, ([ownGraph, graph]) => [ownGraph, names.get(graph) ?? graph] as const);
  return { document: { ...document, definitions }, subgraphNames: new Map(subgraphNames) };
}

/** The copies of subgraphs, each with what it is copied from, as `join__Graph` names them. */
type Copies = ReadonlyMap<string, string>;

interface Setting {
  readonly apart: readonly ApartField[];
  readonly copies: Copies;
  /** As `Interface.field`. */
  readonly interfaceFields: ReadonlySet<string>;
  readonly interfaceKeys: InterfaceKeys;
  /** The fields of interfaces that some entity lacks in the copies of a subgraph, as `graph Interface.field`. */
  readonly unimplemented: ReadonlySet<string>;
}

function interfaceFieldsOf({ definitions }: DocumentNode): ReadonlySet<string> {
  const interfaces = definitions.filter((definition) => definition.kind === Kind.INTERFACE_TYPE_DEFINITION);
  return new Set(
    interfaces.flatMap(({ name, fields = [] }) => fields.map((field) => `${name.value}.${field.name.value}`)),
  );
}

function unimplementedIn(
  { definitions }: DocumentNode,
  interfaceFields: ReadonlySet<string>,
  interfaceKeys: InterfaceKeys,
): ReadonlySet<string> {
  const found = definitions.filter(isComposite).flatMap((type) => {
    const memberships = copiedMemberships(type, interfaceKeys);
    const known = keyNamesOf(memberships);
    const interfaces = new Set(known.size === 0 ? [] : (type.interfaces ?? []).map(({ name }) => name.value));
    const implemented = [...interfaceFields].map((field) => field.split('.') as [string, string]);
    return implemented
      .filter(([name]) => interfaces.has(name))
      .flatMap(([name, field]) => memberships.map((one) => [stringOf(one, 'graph'), name, field] as const))
      .filter(([graph, , field]) => !known.has(`${graph} ${field}`))
      .map(([graph, name, field]) => `${graph} ${name}.${field}`);
  });
  return new Set(found);
}

function apartFieldsOf({ definitions }: DocumentNode, requirements: Requirements): readonly ApartField[] {
  const requiredNames = new Set(
    [...requirements.fields.values()].flatMap((paths) => [...paths].flatMap((path) => path.split('.'))),
  );
  return definitions.filter(isComposite).flatMap((type) =>
    (type.fields ?? []).flatMap((field) =>
      directivesOf(field, 'join__field')
        .filter((one) => stringOf(one, 'requires') !== undefined)
        .map((one): ApartField => {
          const [typeName, name, graph] = [type.name.value, field.name.value, stringOf(one, 'graph') ?? ''];
          const ownGraph = requiredNames.has(name) ? `${graph}_APART_${typeName}_${name}` : `${graph}_APART`;
          return { typeName, name, graph, ownGraph };
        }),
    ),
  );
}

function withGraphs(definition: EnumTypeDefinitionNode, copies: Copies): EnumTypeDefinitionNode {
  const values = definition.values ?? [];
  const added = Array.from(copies, ([ownGraph, graph]) =>
    values.filter(({ name }) => name.value === graph).map((value) => renamedGraph(value, ownGraph)),
  );
  return { ...definition, values: [...values, ...added.flat()] };
}

function renamedGraph(value: EnumValueDefinitionNode, ownGraph: string): EnumValueDefinitionNode {
  const directives = (value.directives ?? []).map((directive) => ({
    ...directive,
    arguments: (directive.arguments ?? []).map((argument) =>
      argument.name.value === 'name'
        ? { ...argument, value: { kind: Kind.STRING, value: ownGraph } as const }
        : argument,
    ),
  }));
  return { ...value, name: { ...value.name, value: ownGraph }, directives };
}

/** Types without fields of their own in subgraphs: unions, enums, inputs, scalars. */
function copyWhole(definition: TypeDefinitionNode, copies: Copies): TypeDefinitionNode {
  const copied = { ...definition, directives: withCopies(definition.directives, copies) };
  if (copied.kind === Kind.ENUM_TYPE_DEFINITION) {
    return {
      ...copied,
      values: (copied.values ?? []).map((value) => ({ ...value, directives: withCopies(value.directives, copies) })),
    };
  }
  if (copied.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
    return {
      ...copied,
      fields: (copied.fields ?? []).map((field) => ({ ...field, directives: withCopies(field.directives, copies) })),
    };
  }
  return copied;
}

function copyComposite(
  type: CompositeDefinition,
  { apart, copies, interfaceFields, interfaceKeys, unimplemented }: Setting,
): CompositeDefinition {
  const keyNames = keyNamesOf(directivesOf(type, 'join__type'));
  const copiedKeyNames = keyNamesOf(copiedMemberships(type, interfaceKeys));
  const fields = (type.fields ?? []).map((field): FieldDefinitionNode => {
    const [typeName, name] = [type.name.value, field.name.value];
    const isImplemented = (type.interfaces ?? []).some((one) => interfaceFields.has(`${one.name.value}.${name}`));
    const directives = withOwnerships(type, field, interfaceKeys).flatMap((directive) => {
      const graph = stringOf(directive, 'graph') ?? '';
      const mine = apart.find((one) => one.typeName === typeName && one.name === name && one.graph === graph);
      if (mine) return [withGraph(directive, mine.ownGraph)];
      const isExternal = isTrue(directive, 'external');
      const isWhole = keyNames.size === 0 && !unimplemented.has(`${graph} ${typeName}.${name}`);
      const isCopied = isWhole || copiedKeyNames.has(`${graph} ${name}`) || isExternal;
      const [own, ...others] = isCopied ? withCopies([directive], copies) : [directive];
      const isDropped = isExternal && !keyNames.has(`${graph} ${name}`) && !isImplemented;
      return own && !isDropped ? [withoutProvided(own), ...others.map(withoutProvided)] : others;
    });
    return { ...field, directives };
  });
  const others = (type.directives ?? []).filter(({ name }) => name.value !== 'join__type');
  const memberships = [
    ...directivesOf(type, 'join__type'),
    ...onlyCopies(copiedMemberships(type, interfaceKeys), copies),
  ];
  return { ...type, directives: [...memberships, ...withCopies(others, copies)], fields };
}

/** The fields of keys, as `graph field`. */
function keyNamesOf(memberships: readonly ConstDirectiveNode[]): ReadonlySet<string> {
  return new Set(
    memberships.flatMap((one) => {
      const names = (stringOf(one, 'key') ?? '').split(/[^\w]+/).filter((name) => name !== '');
      return names.map((name) => `${stringOf(one, 'graph')} ${name}`);
    }),
  );
}

/**
 * A copy has one key only: with two it could be asked for one by the other, and be of use beyond its own field. Objects
 * have that of their interface, if it has one.
 */
function copiedMemberships(type: CompositeDefinition, keys: InterfaceKeys): readonly ConstDirectiveNode[] {
  const preferred = new Set((type.interfaces ?? []).flatMap(({ name }) => keys.get(name.value) ?? []));
  const rank = (one: ConstDirectiveNode) =>
    (isFalse(one, 'resolvable') ? 0 : 1) + (preferred.has(graphKeyOf(one)) ? 2 : 0);
  const byGraph = new Map<string | undefined, ConstDirectiveNode>();
  for (const one of directivesOf(type, 'join__type')) {
    const graph = stringOf(one, 'graph');
    const known = byGraph.get(graph);
    if (!known || rank(one) > rank(known)) byGraph.set(graph, one);
  }
  return [...byGraph.values()];
}

/** The keys that the copies of interfaces have, as `graph key`, by interface. */
type InterfaceKeys = ReadonlyMap<string, readonly string[]>;

function interfaceKeysOf({ definitions }: DocumentNode): InterfaceKeys {
  const interfaces = definitions.filter((definition) => definition.kind === Kind.INTERFACE_TYPE_DEFINITION);
  return new Map(
    interfaces.map((type) => {
      const keyed = copiedMemberships(type, new Map()).filter((one) => stringOf(one, 'key') !== undefined);
      return [type.name.value, keyed.map(graphKeyOf)] as const;
    }),
  );
}

function graphKeyOf(membership: ConstDirectiveNode): string {
  return `${stringOf(membership, 'graph')} ${stringOf(membership, 'key')}`;
}

/** The directives of a field. One without `join__field` is a field of all subgraphs that know the type. */
function withOwnerships(
  type: CompositeDefinition,
  field: FieldDefinitionNode,
  interfaceKeys: InterfaceKeys,
): readonly ConstDirectiveNode[] {
  const { directives = [] } = field;
  if (directivesOf(field, 'join__field').length > 0) return directives;
  const implied = copiedMemberships(type, interfaceKeys).map((membership): ConstDirectiveNode => {
    const graph = (membership.arguments ?? []).filter((one) => one.name.value === 'graph');
    return { kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: 'join__field' }, arguments: graph };
  });
  return [...directives, ...implied];
}

function withoutProvided(directive: ConstDirectiveNode): ConstDirectiveNode {
  return { ...directive, arguments: (directive.arguments ?? []).filter(({ name }) => name.value !== 'provides') };
}

/** Directives, and again those that are for a subgraph with copies, for each of these. */
function withCopies(directives: readonly ConstDirectiveNode[] = [], copies: Copies): readonly ConstDirectiveNode[] {
  return directives.flatMap((directive) => [directive, ...onlyCopies([directive], copies)]);
}

function onlyCopies(directives: readonly ConstDirectiveNode[], copies: Copies): readonly ConstDirectiveNode[] {
  return directives.flatMap((directive) => {
    const graph = directive.name.value.startsWith('join__') ? stringOf(directive, 'graph') : undefined;
    const own = [...copies].filter(([, copied]) => copied === graph);
    return own.map(([ownGraph]) => withGraph(directive, ownGraph));
  });
}

function withGraph(directive: ConstDirectiveNode, graph: string): ConstDirectiveNode {
  const value = { kind: Kind.ENUM, value: graph } as const;
  return {
    ...directive,
    arguments: (directive.arguments ?? []).map((one) => (one.name.value === 'graph' ? { ...one, value } : one)),
  };
}
