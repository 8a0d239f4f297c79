import { type ConstDirectiveNode, type DocumentNode, Kind, type SelectionSetNode } from 'graphql';
import {
  type CompositeDefinition,
  directivesOf,
  isComposite,
  isFalse,
  isTrue,
  namedTypeOf,
  parseFieldSet,
  stringOf,
  subgraphNamesOf,
} from './join-directives.ts';

/** Fields below an object, each as its path: `id`, `size.height`. */
export type FieldPaths = ReadonlySet<string>;

/** What subgraphs want to be sent of an entity, as the supergraph says it. */
export interface Requirements {
  /** The keys by which a subgraph resolves a type, by `subgraph Type`. */
  readonly keys: ReadonlyMap<string, readonly FieldPaths[]>;
  /** What a field requires, by `subgraph Type.field`. */
  readonly fields: ReadonlyMap<string, FieldPaths>;
  /** The interfaces of each type. */
  readonly interfaces: ReadonlyMap<string, readonly string[]>;
  readonly objectTypes: ReadonlySet<string>;
  readonly interfaceNames: ReadonlySet<string>;
  /** The types that fields lead to, by `Type.field`. */
  readonly fieldTypes: ReadonlyMap<string, string>;
  /** The fields that a subgraph does not know by itself, by `subgraph Type.field`. */
  readonly externals: ReadonlySet<string>;
  /** What of such fields a field provides below it, by `subgraph Type.field`. */
  readonly provided: ReadonlyMap<string, FieldPaths>;
  /** The names of all fields that the planner may add to an operation. */
  readonly addedNames: ReadonlySet<string>;
}

/** Reads the requirements of a supergraph. */
export function requirementsOf(document: DocumentNode): Requirements {
  const subgraphs = subgraphNamesOf(document);
  const types = document.definitions.filter(isComposite);
  const objects = types.filter(({ kind }) => kind === Kind.OBJECT_TYPE_DEFINITION);
  const keys = keysOf(types, subgraphs);
  const ownerships = types.flatMap((type) =>
    (type.fields ?? []).flatMap((field) =>
      directivesOf(field, 'join__field').map((directive) => {
        const subgraph = subgraphs.get(stringOf(directive, 'graph') ?? '');
        return { coordinate: `${subgraph} ${type.name.value}.${field.name.value}`, directive };
      }),
    ),
  );
  const fieldSetsOf = (argument: string) =>
    ownerships.flatMap(({ coordinate, directive }) => {
      const fieldSet = stringOf(directive, argument);
      return fieldSet === undefined ? [] : [[coordinate, leafPaths(parseFieldSet(fieldSet))] as const];
    });
  const fields = fieldSetsOf('requires');
  const externals = ownerships.filter(({ directive }) => isTrue(directive, 'external'));
  const paths = [...[...keys.values()].flat(), ...fields.map(([, one]) => one)].flatMap((one) => [...one]);
  return {
    keys,
    fields: new Map(fields),
    interfaces: new Map(types.map((type) => [type.name.value, (type.interfaces ?? []).map(({ name }) => name.value)])),
    objectTypes: new Set(objects.map(({ name }) => name.value)),
    interfaceNames: new Set(types.filter((type) => !objects.includes(type)).map(({ name }) => name.value)),
    fieldTypes: new Map(types.flatMap(fieldTypesOf)),
    externals: new Set(externals.map(({ coordinate }) => coordinate)),
    provided: new Map(fieldSetsOf('provides')),
    addedNames: new Set([
      '__typename',
      ...paths.flatMap((path) => path.split('.')),
      ...ownerships.flatMap(({ directive }) => namesOfContexts(directive)),
    ]),
  };
}

function keysOf(types: readonly CompositeDefinition[], subgraphs: ReadonlyMap<string, string>): Requirements['keys'] {
  const keys = new Map<string, FieldPaths[]>();
  for (const type of types) {
    for (const membership of directivesOf(type, 'join__type')) {
      const key = stringOf(membership, 'key');
      if (key === undefined || isFalse(membership, 'resolvable')) continue;
      const entity = `${subgraphs.get(stringOf(membership, 'graph') ?? '')} ${type.name.value}`;
      keys.set(entity, [...(keys.get(entity) ?? []), leafPaths(parseFieldSet(key))]);
    }
  }
  return keys;
}

/** The names in what a field takes from the objects above it (`@fromContext`); names of types may be among them. */
function namesOfContexts({ arguments: given = [] }: ConstDirectiveNode): readonly string[] {
  const contexts = given.find(({ name }) => name.value === 'contextArguments')?.value;
  if (contexts?.kind !== Kind.LIST) return [];
  return contexts.values.flatMap((context) => {
    const fields = context.kind === Kind.OBJECT ? context.fields : [];
    const selection = fields.find(({ name }) => name.value === 'selection')?.value;
    return selection?.kind === Kind.STRING ? (selection.value.match(/\w+/g) ?? []) : [];
  });
}

function fieldTypesOf(type: CompositeDefinition): readonly (readonly [string, string])[] {
  return (type.fields ?? []).map((field) => [`${type.name.value}.${field.name.value}`, namedTypeOf(field.type)]);
}

function leafPaths({ selections }: SelectionSetNode, prefix = ''): FieldPaths {
  const paths = selections.flatMap((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return [];
    if (selection.kind === Kind.INLINE_FRAGMENT) return [...leafPaths(selection.selectionSet, prefix)];
    const path = prefix + selection.name.value;
    return selection.selectionSet ? [...leafPaths(selection.selectionSet, `${path}.`)] : [path];
  });
  return new Set(paths);
}
