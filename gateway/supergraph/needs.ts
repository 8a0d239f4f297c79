import { type DocumentNode, Kind, type SelectionSetNode } from 'graphql';
import { type AccessField, type AccessGraph, type AccessType, readAccessGraph } from './access-graph.ts';
import type { SchemaNeed } from './declared-needs.ts';
import { withoutImplied } from './implied-needs.ts';
import { parseFieldSet } from './join-directives.ts';

export type { SchemaNeed };

/** What a supergraph asks of principals. All needs of an element must be met; elements that need nothing are left out. */
export interface SupergraphNeeds {
  /**
   * What it takes to see an object, by its type: what the type and its interfaces need. An interface or union stands for
   * an object of which only that is known: it needs what any of its types needs.
   */
  readonly types: ReadonlyMap<string, readonly SchemaNeed[]>;
  /**
   * What it takes to ask a field of an object of a type, by `Type.field`: what the field needs, the same field of the
   * type's interfaces, what the field returns, and every field that it is computed from.
   */
  readonly fields: ReadonlyMap<string, readonly SchemaNeed[]>;
  /**
   * The interfaces of object types that some subgraph knows as an object (`@interfaceObject`). Such a subgraph cannot
   * tell the types apart, so behind an interface or union they are judged together, by what the interface needs.
   */
  readonly undivided: ReadonlyMap<string, readonly string[]>;
}

const none: SupergraphNeeds = Object.freeze({ types: new Map(), fields: new Map(), undivided: new Map() });

/**
 * Gathers the needs of a supergraph, once, as its SDL has them (before any change for the planner's sake).
 *
 * Composition notes on an interface whatever its object types need together. Such a need says nothing of its own:
 * objects are judged by their own types. Any other need of an interface holds for all of its types.
 */
export function needsOf(document: DocumentNode): SupergraphNeeds {
  const graph = readAccessGraph(document);
  if (!graph) return none;
  const gathering: Gathering = { graph, roots: rootNamesOf(document), sources: new Map(), own: new Map() };
  const types = new Map<string, readonly SchemaNeed[]>();
  const fields = new Map<string, readonly SchemaNeed[]>();
  for (const type of graph.values()) {
    keep(types, type.name, needsToSee(gathering, type));
    for (const name of type.fields.keys()) {
      const coordinate = `${type.name}.${name}`;
      keep(fields, coordinate, needsOfAll(gathering, reachableFrom(gathering, coordinate)));
    }
  }
  return Object.freeze({ types, fields, undivided: undividedIn(graph) });
}

interface Gathering {
  readonly graph: AccessGraph;
  /** The root types: no field leads to them, so their needs are those of their fields. */
  readonly roots: ReadonlySet<string>;
  /** The elements that each element is made of, by coordinate. */
  readonly sources: Map<string, readonly string[]>;
  /** The own needs of interfaces and of their fields, by coordinate. */
  readonly own: Map<string, readonly SchemaNeed[]>;
}

function undividedIn(graph: AccessGraph): ReadonlyMap<string, readonly string[]> {
  const undivided = [...graph.values()].flatMap(({ name, isObject, interfaces }) => {
    const known = interfaces.filter((one) => graph.get(one)?.isInterfaceObject);
    return isObject && known.length > 0 ? [[name, known] as const] : [];
  });
  return new Map(undivided);
}

function keep(map: Map<string, readonly SchemaNeed[]>, key: string, needs: Iterable<SchemaNeed>): void {
  const distinct = [...new Set(needs)].sort((one, other) => one.number - other.number);
  if (distinct.length > 0) map.set(key, Object.freeze(distinct));
}

function rootNamesOf({ definitions }: DocumentNode): ReadonlySet<string> {
  const declared = definitions.flatMap((definition) =>
    definition.kind === Kind.SCHEMA_DEFINITION || definition.kind === Kind.SCHEMA_EXTENSION
      ? (definition.operationTypes ?? []).map(({ type }) => type.name.value)
      : [],
  );
  return new Set([...declared, 'Query', 'Mutation', 'Subscription']);
}

function membersOf({ graph }: Gathering, type: AccessType): readonly AccessType[] {
  return [...type.possibleTypes].flatMap((name) => graph.get(name) ?? []);
}

function interfacesOf({ graph }: Gathering, type: AccessType): readonly AccessType[] {
  return type.interfaces.flatMap((name) => graph.get(name) ?? []);
}

/**
 * The needs of the directives of a type or field itself, but for those of an interface that its object types have
 * together.
 */
function ownNeeds(gathering: Gathering, type: AccessType, name?: string): readonly SchemaNeed[] {
  const needsIn = (one: AccessType) => (name === undefined ? one.needs : (one.fields.get(name)?.needs ?? []));
  const needs = needsIn(type);
  if (type.isObject || type.possibleTypes.size === 0 || needs.length === 0) return needs;
  const coordinate = `${type.name}.${name}`;
  const known = gathering.own.get(coordinate);
  if (known) return known;
  const own = withoutImplied(needs, membersOf(gathering, type).map(needsIn));
  gathering.own.set(coordinate, own);
  return own;
}

/** What a field that leads to a type needs for it. What the types of an abstract type need shows with their objects. */
function needsToReturn(gathering: Gathering, type: AccessType): readonly SchemaNeed[] {
  return [type, ...interfacesOf(gathering, type)].flatMap((one) => ownNeeds(gathering, one));
}

function needsToSee(gathering: Gathering, type: AccessType): readonly SchemaNeed[] {
  return [type, ...membersOf(gathering, type)].flatMap((one) => needsToReturn(gathering, one));
}

/** The needs of types and fields by themselves, by coordinate. */
function needsOfAll(gathering: Gathering, coordinates: Iterable<string>): readonly SchemaNeed[] {
  return [...coordinates].flatMap((coordinate) => {
    const [typeName = '', name] = coordinate.split('.');
    const type = gathering.graph.get(typeName);
    if (!type) return [];
    return name === undefined ? needsToSee(gathering, type) : needsToAsk(gathering, type, name);
  });
}

function needsToAsk(gathering: Gathering, type: AccessType, name: string): readonly SchemaNeed[] {
  const returned = gathering.graph.get(type.fields.get(name)?.typeName ?? '');
  return [
    ...[type, ...interfacesOf(gathering, type)].flatMap((one) => ownNeeds(gathering, one, name)),
    ...(returned ? needsToReturn(gathering, returned) : []),
    ...(gathering.roots.has(type.name) ? needsToReturn(gathering, type) : []),
  ];
}

/** A coordinate and all that it is made of, through any number of steps. */
function reachableFrom(gathering: Gathering, coordinate: string): ReadonlySet<string> {
  const reached = new Set([coordinate]);
  // A set that grows is walked to its end.
  for (const one of reached) for (const source of sourcesOf(gathering, one)) reached.add(source);
  return reached;
}

/**
 * The elements that a field is made of: what it is computed from in any subgraph, and the same field of every object
 * type when it is asked of an interface.
 */
function sourcesOf(gathering: Gathering, coordinate: string): readonly string[] {
  const known = gathering.sources.get(coordinate);
  if (known) return known;
  const [typeName = '', name = ''] = coordinate.split('.');
  const type = gathering.graph.get(typeName);
  const fields = type ? [type, ...interfacesOf(gathering, type)].flatMap((one) => one.fields.get(name) ?? []) : [];
  const members = type && !type.isObject ? [...type.possibleTypes].map((member) => `${member}.${name}`) : [];
  const sources = [...members, ...fields.flatMap((field) => computedFrom(gathering, typeName, field))];
  gathering.sources.set(coordinate, sources);
  return sources;
}

function computedFrom({ graph }: Gathering, ownType: string, { sources }: AccessField): readonly string[] {
  return sources.flatMap(({ typeName = ownType, fieldSet }) => elementsIn(graph, typeName, parseFieldSet(fieldSet)));
}

/** The fields that a field set selects, and the types of the objects that it goes through. */
function elementsIn(graph: AccessGraph, typeName: string, { selections }: SelectionSetNode): readonly string[] {
  return selections.flatMap((selection): readonly string[] => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return [];
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const condition = selection.typeCondition?.name.value ?? typeName;
      return [condition, ...elementsIn(graph, condition, selection.selectionSet)];
    }
    const coordinate = `${typeName}.${selection.name.value}`;
    const next = graph.get(typeName)?.fields.get(selection.name.value)?.typeName;
    if (!selection.selectionSet || next === undefined) return [coordinate];
    return [coordinate, next, ...elementsIn(graph, next, selection.selectionSet)];
  });
}
