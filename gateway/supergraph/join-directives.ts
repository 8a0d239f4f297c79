import {
  type ConstArgumentNode,
  type ConstDirectiveNode,
  type ConstValueNode,
  type DefinitionNode,
  type DocumentNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  type SelectionSetNode,
  type TypeNode,
} from 'graphql';

/** A type that has fields. */
export type CompositeDefinition = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode;

export function isComposite(definition: DefinitionNode): definition is CompositeDefinition {
  return definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION;
}

/** The directives of one name on a definition of a supergraph. */
export function directivesOf(
  node: { readonly directives?: readonly ConstDirectiveNode[] },
  name: string,
): readonly ConstDirectiveNode[] {
  return (node.directives ?? []).filter((directive) => directive.name.value === name);
}

/** The text of a directive's argument that is a string or an enum value. */
export function stringOf(directive: ConstDirectiveNode, argument: string): string | undefined {
  const value = directive.arguments?.find(({ name }) => name.value === argument)?.value;
  return value?.kind === Kind.STRING || value?.kind === Kind.ENUM ? value.value : undefined;
}

/** Tells whether a directive's argument is given, and true. */
export function isTrue(directive: ConstDirectiveNode, argument: string): boolean {
  return booleanOf(directive, argument) === true;
}

/** Tells whether a directive's argument is given, and false. */
export function isFalse(directive: ConstDirectiveNode, argument: string): boolean {
  return booleanOf(directive, argument) === false;
}

function booleanOf(directive: ConstDirectiveNode, argument: string): boolean | undefined {
  const value = directive.arguments?.find(({ name }) => name.value === argument)?.value;
  return value?.kind === Kind.BOOLEAN ? value.value : undefined;
}

/** The names of the subgraphs by their names in `join__Graph`. */
export function subgraphNamesOf({ definitions }: DocumentNode): ReadonlyMap<string, string> {
  const graphs = definitions.flatMap((definition) =>
    definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === 'join__Graph'
      ? (definition.values ?? [])
      : [],
  );
  return new Map(
    graphs.flatMap((value) =>
      directivesOf(value, 'join__graph').map((graph) => [value.name.value, stringOf(graph, 'name') ?? ''] as const),
    ),
  );
}

/** The selections of a field set, as keys and requirements have it. */
export function parseFieldSet(fieldSet: string): SelectionSetNode {
  const [operation] = parse(`{ ${fieldSet} }`, { noLocation: true }).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('A field set is a selection set.');
  return operation.selectionSet;
}

/** The type that a field leads to, without lists and non-nulls. */
export function namedTypeOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedTypeOf(type.type);
}

/** The names of the root types. */
export function rootNamesOf({ definitions }: DocumentNode): ReadonlySet<string> {
  const schema = definitions.find((definition) => definition.kind === Kind.SCHEMA_DEFINITION);
  return new Set(schema?.operationTypes.map(({ type }) => type.name.value));
}

/** Makes a `join__` directive of arguments that are enum values, strings and Booleans. */
export function joinDirective(
  name: string,
  enums: Readonly<Record<string, string>>,
  strings: Readonly<Record<string, string>> = {},
  flags: Readonly<Record<string, boolean>> = {},
): ConstDirectiveNode {
  return {
    kind: Kind.DIRECTIVE,
    name: { kind: Kind.NAME, value: `join__${name}` },
    arguments: [
      ...Object.entries(enums).map(([key, value]) => argumentOf(key, { kind: Kind.ENUM, value })),
      ...Object.entries(strings).map(([key, value]) => argumentOf(key, { kind: Kind.STRING, value })),
      ...Object.entries(flags).map(([key, value]) => argumentOf(key, { kind: Kind.BOOLEAN, value })),
    ],
  };
}

function argumentOf(name: string, value: ConstValueNode): ConstArgumentNode {
  return { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: name }, value };
}
