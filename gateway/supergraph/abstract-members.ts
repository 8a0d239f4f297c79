import { type DocumentNode, Kind, type UnionTypeDefinitionNode } from 'graphql';
import {
  type CompositeDefinition,
  directivesOf,
  isComposite,
  isTrue,
  stringOf,
  subgraphNamesOf,
} from './join-directives.ts';

/** Which object types an object of a type can be of, and in which subgraph. */
export interface AbstractMembers {
  /** By `subgraph Type`, for the types that the subgraph knows. An object type is its own only member. */
  readonly bySubgraph: ReadonlyMap<string, ReadonlySet<string>>;
  /** Of the whole supergraph, by type. */
  readonly all: ReadonlyMap<string, ReadonlySet<string>>;
  /** What a field leads to where its subgraph has another type for it than the supergraph, by `subgraph Type.field`. */
  readonly fieldTypes: ReadonlyMap<string, string>;
  /** The unions and interfaces that have other members in one subgraph than in another. */
  readonly partial: ReadonlySet<string>;
}

/** A type with its subgraphs, and one of its members in one of them; subgraphs as `join__Graph` names them. */
export interface GraphMember {
  readonly graph: string;
  readonly typeName: string;
  readonly member: string;
}

/**
 * The members that unions and interfaces have in each subgraph. Federation 1 supergraphs do not tell; an
 * `@interfaceObject` is no interface in its subgraph.
 */
export function graphMembersOf({ definitions }: DocumentNode): readonly GraphMember[] {
  return definitions.flatMap((definition): readonly GraphMember[] => {
    const name = 'name' in definition ? (definition.name?.value ?? '') : '';
    if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
      return membersIn(definition, 'join__unionMember', 'member').map(([graph, member]) => ({
        graph,
        typeName: name,
        member,
      }));
    }
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) return [];
    const interfaces = membersIn(definition, 'join__implements', 'interface');
    return interfaces.map(([graph, typeName]) => ({ graph, typeName, member: name }));
  });
}

function membersIn(
  definition: UnionTypeDefinitionNode | CompositeDefinition,
  directive: string,
  argument: string,
): readonly (readonly [string, string])[] {
  return directivesOf(definition, directive).map((one) => [
    stringOf(one, 'graph') ?? '',
    stringOf(one, argument) ?? '',
  ]);
}

/** The graphs in which a type is known as what it is, and not as an `@interfaceObject`. */
export function graphsOf(definition: UnionTypeDefinitionNode | CompositeDefinition): ReadonlySet<string> {
  const memberships = directivesOf(definition, 'join__type').filter((one) => !isTrue(one, 'isInterfaceObject'));
  return new Set(memberships.map((one) => stringOf(one, 'graph') ?? ''));
}

/** Reads the members of all types of a supergraph. */
export function abstractMembersOf(document: DocumentNode): AbstractMembers {
  const names = subgraphNamesOf(document);
  const bySubgraph = new Map<string, Set<string>>();
  const all = new Map<string, Set<string>>();
  const add = (graph: string, typeName: string, member: string) => {
    addTo(bySubgraph, `${names.get(graph)} ${typeName}`, member);
    addTo(all, typeName, member);
  };
  const graphMembers = graphMembersOf(document);
  for (const { graph, typeName, member } of graphMembers) add(graph, typeName, member);
  const types = document.definitions.filter(
    (definition) => isComposite(definition) || definition.kind === Kind.UNION_TYPE_DEFINITION,
  );
  const told = new Set(graphMembers.map(({ typeName }) => typeName));
  const partial = new Set<string>();
  for (const type of types) {
    const name = type.name.value;
    const graphs = graphsOf(type);
    if (type.kind === Kind.OBJECT_TYPE_DEFINITION) for (const graph of graphs) add(graph, name, name);
    const sizes = [...graphs].map((graph) => bySubgraph.get(`${names.get(graph)} ${name}`)?.size ?? 0);
    if (told.has(name) && sizes.some((size) => size < (all.get(name)?.size ?? 0))) partial.add(name);
  }
  return { bySubgraph, all, fieldTypes: ownFieldTypesOf(document, names), partial };
}

function ownFieldTypesOf(
  { definitions }: DocumentNode,
  names: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const types = definitions.filter(isComposite).flatMap((type) =>
    (type.fields ?? []).flatMap((field) =>
      directivesOf(field, 'join__field').flatMap((directive) => {
        const typeName = stringOf(directive, 'type')?.replaceAll(/\W/g, '');
        const subgraph = names.get(stringOf(directive, 'graph') ?? '');
        return typeName === undefined
          ? []
          : [[`${subgraph} ${type.name.value}.${field.name.value}`, typeName] as const];
      }),
    ),
  );
  return new Map(types);
}

function addTo(sets: Map<string, Set<string>>, key: string, value: string): void {
  sets.set(key, (sets.get(key) ?? new Set()).add(value));
}
