import { type DocumentNode, type FieldDefinitionNode, Kind, specifiedScalarTypes } from 'graphql';
import { type GraphMember, graphMembersOf, graphsOf } from './abstract-members.ts';
import {
  type CompositeDefinition,
  directivesOf,
  isComposite,
  isTrue,
  namedTypeOf,
  stringOf,
} from './join-directives.ts';

/** An object type that becomes a member of unions and interfaces in a subgraph; subgraphs as `join__Graph` names them. */
export interface AddedType {
  readonly graph: string;
  readonly type: string;
  /** Whether the subgraph knows the type already; then nothing but memberships is added. */
  readonly isKnown: boolean;
  /** The subgraphs that it is modelled on: where objects of the type can stand at the same places. */
  readonly sources: ReadonlySet<string>;
  /** The fields that it has in the subgraph. */
  readonly fields: ReadonlySet<string>;
  /** The unions and interfaces that it becomes a member of there. */
  readonly unions: ReadonlySet<string>;
  readonly interfaces: ReadonlySet<string>;
}

/** The types that a subgraph has to be given for its unions and interfaces to have all members. */
export function addedTypesOf(document: DocumentNode): readonly AddedType[] {
  const adding = startAdding(document);
  for (const definition of document.definitions) {
    const isUnion = definition.kind === Kind.UNION_TYPE_DEFINITION;
    if (!isUnion && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue;
    const typeName = definition.name.value;
    const known = adding.graphMembers.filter((one) => one.typeName === typeName);
    for (const graph of known.length > 0 ? graphsOf(definition) : []) {
      adding.completed.add(`${graph} ${typeName}`);
      for (const member of missingIn(graph, known)) {
        const sources = known.filter((one) => one.member === member).map((one) => one.graph);
        const added = addType(adding, graph, member, sources);
        (isUnion ? added.unions : added.interfaces).add(typeName);
      }
    }
  }
  for (const added of adding.added.values()) if (!added.isKnown) addFields(adding, added);
  return [...adding.added.values()];
}

interface MutableAddedType extends AddedType {
  readonly sources: Set<string>;
  readonly fields: Set<string>;
  readonly unions: Set<string>;
  readonly interfaces: Set<string>;
}

interface Adding {
  readonly types: ReadonlyMap<string, CompositeDefinition>;
  readonly graphMembers: readonly GraphMember[];
  /** The graphs that know a scalar or an enum; undefined for all of them. */
  readonly leafGraphs: ReadonlyMap<string, ReadonlySet<string> | undefined>;
  /** Unions and interfaces, as `graph Type`, which have all members once the types are added. */
  readonly completed: Set<string>;
  /** Grows while its fields are looked through. */
  readonly added: Map<string, MutableAddedType>;
}

function startAdding(document: DocumentNode): Adding {
  const types = document.definitions.filter(isComposite);
  const leaves = document.definitions.flatMap((definition) => {
    const isLeaf = definition.kind === Kind.SCALAR_TYPE_DEFINITION || definition.kind === Kind.ENUM_TYPE_DEFINITION;
    const graphs = isLeaf ? directivesOf(definition, 'join__type').map((one) => stringOf(one, 'graph') ?? '') : [];
    return isLeaf ? [[definition.name.value, new Set(graphs)] as const] : [];
  });
  return {
    types: new Map(types.map((type) => [type.name.value, type])),
    graphMembers: graphMembersOf(document),
    leafGraphs: new Map<string, ReadonlySet<string> | undefined>([
      ...specifiedScalarTypes.map(({ name }) => [name, undefined] as const),
      ...leaves,
    ]),
    completed: new Set(),
    added: new Map(),
  };
}

function missingIn(graph: string, known: readonly GraphMember[]): ReadonlySet<string> {
  const own = new Set(known.filter((one) => one.graph === graph).map(({ member }) => member));
  return new Set(known.map(({ member }) => member).filter((member) => !own.has(member)));
}

function isKnownIn(type: CompositeDefinition | undefined, graph: string): boolean {
  return type !== undefined && graphsOf(type).has(graph);
}

function addType({ added, types }: Adding, graph: string, type: string, sources: Iterable<string>): MutableAddedType {
  const key = `${graph} ${type}`;
  const one = added.get(key) ?? {
    graph,
    type,
    isKnown: isKnownIn(types.get(type), graph),
    sources: new Set<string>(),
    fields: new Set<string>(),
    unions: new Set<string>(),
    interfaces: new Set<string>(),
  };
  for (const source of sources) one.sources.add(source);
  added.set(key, one);
  return one;
}

/** The fields that the sources know of themselves, where what they lead to is alike or can be added too. */
function addFields(adding: Adding, added: MutableAddedType): void {
  const { graph, sources } = added;
  const type = adding.types.get(added.type);
  for (const field of type?.fields ?? []) {
    const owners = type ? ownersOf(type, field) : new Set();
    if (![...sources].every((source) => owners.has(source))) continue;
    const below = namedTypeOf(field.type);
    const target = adding.types.get(below);
    const isNew = target?.kind === Kind.OBJECT_TYPE_DEFINITION && !isKnownIn(target, graph);
    if (isNew) addType(adding, graph, below, sources);
    if (isNew || isLeafIn(adding, below, graph) || isAlike(adding, below, graph, sources)) {
      added.fields.add(field.name.value);
    }
  }
}

function isLeafIn({ leafGraphs }: Adding, typeName: string, graph: string): boolean {
  return leafGraphs.has(typeName) && (leafGraphs.get(typeName)?.has(graph) ?? true);
}

/** Tells whether a type has the same fields in a subgraph as in others, or the same members. */
function isAlike({ types, completed }: Adding, typeName: string, graph: string, sources: ReadonlySet<string>): boolean {
  const type = types.get(typeName);
  if (completed.has(`${graph} ${typeName}`)) return true;
  if (type?.kind !== Kind.OBJECT_TYPE_DEFINITION) return false;
  return (type.fields ?? []).every((field) => {
    const owners = ownersOf(type, field);
    return [...sources].every((source) => owners.has(source) === owners.has(graph));
  });
}

/** The graphs that know a field by themselves, without being sent anything. */
function ownersOf(type: CompositeDefinition, field: FieldDefinitionNode): ReadonlySet<string> {
  const ownerships = directivesOf(field, 'join__field');
  if (ownerships.length === 0) return graphsOf(type);
  const own = ownerships.filter((one) => !isTrue(one, 'external') && stringOf(one, 'requires') === undefined);
  return new Set(own.map((one) => stringOf(one, 'graph') ?? ''));
}
