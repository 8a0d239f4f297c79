import {
  type ConstDirectiveNode,
  type ConstValueNode,
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
} from 'graphql';
import { createNeedReader, type SchemaNeed } from './declared-needs.ts';
import { directivesOf, isTrue, namedTypeOf, stringOf } from './join-directives.ts';
import { namesOfDirective } from './linked-directives.ts';

/** A type of a supergraph, with its extensions, as far as access goes. */
export interface AccessType {
  readonly name: string;
  readonly isObject: boolean;
  /** What its own directives ask for. */
  readonly needs: SchemaNeed[];
  readonly interfaces: string[];
  /** Whether some subgraph knows this interface as an object. */
  isInterfaceObject: boolean;
  /** The object types that a value of the type can be of. */
  readonly possibleTypes: Set<string>;
  readonly fields: Map<string, AccessField>;
}

export interface AccessField {
  readonly needs: readonly SchemaNeed[];
  /** Without lists and non-nulls. */
  readonly typeName: string;
  /** What it is computed from: field sets, and the type that each begins at. */
  readonly sources: readonly FieldSource[];
}

/** `@requires` begins at the field's own type, `@fromContext` at each type that sets the context. */
export interface FieldSource {
  readonly typeName: string | undefined;
  readonly fieldSet: string;
}

/** The types of a supergraph by name. */
export type AccessGraph = ReadonlyMap<string, AccessType>;

/** Reads what a supergraph says about access. Undefined when it asks nothing of anyone. */
export function readAccessGraph(document: DocumentNode): AccessGraph | undefined {
  const readNeed = createNeedReader(document);
  const needsOf = ({ directives = [] }: { readonly directives?: readonly ConstDirectiveNode[] | undefined }) =>
    directives.flatMap((directive) => readNeed(directive) ?? []);
  const contexts = contextTypesOf(document);
  const graph = new Map<string, AccessType>();
  for (const definition of document.definitions) {
    if (!isType(definition)) continue;
    const type = typeIn(graph, definition.name.value, definition.kind);
    type.needs.push(...needsOf(definition));
    type.isInterfaceObject ||= directivesOf(definition, 'join__type').some((one) => isTrue(one, 'isInterfaceObject'));
    if ('interfaces' in definition)
      type.interfaces.push(...(definition.interfaces ?? []).map(({ name }) => name.value));
    if ('types' in definition) for (const { name } of definition.types ?? []) type.possibleTypes.add(name.value);
    if (!hasOutputFields(definition)) continue;
    for (const field of definition.fields ?? []) {
      const sources = sourcesOf(field, contexts);
      type.fields.set(field.name.value, { needs: needsOf(field), typeName: namedTypeOf(field.type), sources });
    }
  }
  for (const { isObject, name, interfaces } of graph.values()) {
    if (isObject) for (const one of [name, ...interfaces]) graph.get(one)?.possibleTypes.add(name);
  }
  const asks = [...graph.values()].some(
    ({ needs, fields }) => needs.length > 0 || [...fields.values()].some((field) => field.needs.length > 0),
  );
  return asks ? graph : undefined;
}

function typeIn(graph: Map<string, AccessType>, name: string, kind: string): AccessType {
  const known = graph.get(name);
  if (known) return known;
  const isObject = kind === Kind.OBJECT_TYPE_DEFINITION || kind === Kind.OBJECT_TYPE_EXTENSION;
  const empty = {
    needs: [],
    interfaces: [],
    isInterfaceObject: false,
    possibleTypes: new Set<string>(),
    fields: new Map(),
  };
  const type: AccessType = { name, isObject, ...empty };
  graph.set(name, type);
  return type;
}

type TypeNode = Extract<
  DefinitionNode,
  { readonly kind: `${'Object' | 'Interface' | 'Union' | 'Scalar' | 'Enum'}Type${string}` }
>;

function isType(definition: DefinitionNode): definition is TypeNode {
  return /^(Object|Interface|Union|Scalar|Enum)Type(Definition|Extension)$/.test(definition.kind);
}

function hasOutputFields(
  definition: TypeNode,
): definition is Extract<TypeNode, { readonly kind: `${'Object' | 'Interface'}Type${string}` }> {
  return /^(Object|Interface)Type/.test(definition.kind);
}

/** The types that set each context, by the context's name. */
function contextTypesOf(document: DocumentNode): ReadonlyMap<string, readonly string[]> {
  const names = [...namesOfDirective(document, 'context')];
  const types = new Map<string, string[]>();
  for (const definition of document.definitions.filter(isType)) {
    for (const directive of names.flatMap((name) => directivesOf(definition, name))) {
      const context = stringOf(directive, 'name') ?? '';
      types.set(context, [...(types.get(context) ?? []), definition.name.value]);
    }
  }
  return types;
}

function sourcesOf(
  field: FieldDefinitionNode,
  contexts: ReadonlyMap<string, readonly string[]>,
): readonly FieldSource[] {
  return directivesOf(field, 'join__field').flatMap((directive) => {
    const requires = stringOf(directive, 'requires');
    return [
      ...(requires === undefined ? [] : [{ typeName: undefined, fieldSet: requires }]),
      ...contextArgumentsOf(directive).flatMap(({ context, selection }) =>
        (contexts.get(context) ?? []).map((typeName) => ({ typeName, fieldSet: selection })),
      ),
    ];
  });
}

interface ContextSelection {
  readonly context: string;
  readonly selection: string;
}

/** `contextArguments` of `@join__field`; a selection is written with its braces. */
function contextArgumentsOf({ arguments: given = [] }: ConstDirectiveNode): readonly ContextSelection[] {
  const value = given.find(({ name }) => name.value === 'contextArguments')?.value;
  if (value?.kind !== Kind.LIST) return [];
  return value.values.map((item) => ({
    context: textOf(item, 'context'),
    selection: textOf(item, 'selection')
      .trim()
      .replace(/^\{(.*)\}$/s, '$1'),
  }));
}

function textOf(value: ConstValueNode, key: string): string {
  const field = value.kind === Kind.OBJECT ? value.fields.find(({ name }) => name.value === key) : undefined;
  return field?.value.kind === Kind.STRING ? field.value.value : '';
}
