import {
  type ConstArgumentNode,
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type FieldNode,
  Kind,
  print,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import {
  type CompositeDefinition,
  isComposite,
  namedTypeOf,
  parseFieldSet,
  stringOf,
  subgraphNamesOf,
} from './join-directives.ts';

/** What a stand-in is called in truth. */
export interface StandIn {
  readonly name: string;
  readonly arguments: readonly ConstArgumentNode[];
}

/** The stand-ins that a field requires, by the place of the field they stand for: its path below the entity. */
export type StandInRequirement = ReadonlyMap<string, ReadonlySet<string>>;

/** The stand-ins of a supergraph. */
export interface StandIns {
  /** By their own names. */
  readonly fields: ReadonlyMap<string, StandIn>;
  /** By the fields whose `@requires` names them, as `subgraph Type.field`. */
  readonly requirements: ReadonlyMap<string, StandInRequirement>;
}

/**
 * Mends a fault of the planner: it takes `price(currency: "USD")` in one `@requires` for the same field as
 * `price(currency: "EUR")` in another or in the client's operation, and fetches only one of them.
 *
 * Every field with arguments that a `@requires` selects gets a stand-in: a field without arguments, in the same types and
 * subgraphs, under a name of its own. The planner plans with stand-ins; the fetches are written back to the true fields.
 */
export function addStandIns(document: DocumentNode): { readonly document: DocumentNode; readonly standIns: StandIns } {
  const naming = createNaming(document);
  const definitions = document.definitions.map((definition) =>
    isComposite(definition) ? withRequirementsRenamed(naming, definition) : definition,
  );
  const complete = definitions.map((definition) =>
    isComposite(definition) ? withStandIns(naming, definition) : definition,
  );
  const { fields, requirements } = naming;
  return { document: { ...document, definitions: complete }, standIns: { fields, requirements } };
}

interface Naming {
  readonly types: ReadonlyMap<string, CompositeDefinition>;
  /** The subgraphs' names by their names in `join__Graph`. */
  readonly subgraphs: ReadonlyMap<string, string>;
  readonly fields: Map<string, StandIn>;
  readonly requirements: Map<string, Map<string, Set<string>>>;
  /** The stand-ins' names by what they stand for. */
  readonly names: Map<string, string>;
  /** The types that get each stand-in. */
  readonly owners: Map<string, Set<string>>;
}

function createNaming(document: DocumentNode): Naming {
  const types = document.definitions
    .filter(isComposite)
    .map((definition) => [definition.name.value, definition] as const);
  return {
    types: new Map(types),
    subgraphs: subgraphNamesOf(document),
    fields: new Map(),
    requirements: new Map(),
    names: new Map(),
    owners: new Map(),
  };
}

function withRequirementsRenamed(naming: Naming, type: CompositeDefinition): CompositeDefinition {
  const fields = (type.fields ?? []).map((field) => {
    const directives = (field.directives ?? []).map((directive) =>
      withRequirementRenamed(naming, type, field, directive),
    );
    return { ...field, directives };
  });
  return { ...type, fields };
}

function withRequirementRenamed(
  naming: Naming,
  type: CompositeDefinition,
  field: FieldDefinitionNode,
  directive: ConstDirectiveNode,
): ConstDirectiveNode {
  const required = directive.name.value === 'join__field' ? stringOf(directive, 'requires') : undefined;
  if (required === undefined) return directive;
  const requirement = new Map<string, Set<string>>();
  const renamed = renameFields({ naming, requirement }, type.name.value, parseFieldSet(required), []);
  if (requirement.size === 0) return directive;
  const subgraph = naming.subgraphs.get(stringOf(directive, 'graph') ?? '') ?? '';
  naming.requirements.set(`${subgraph} ${type.name.value}.${field.name.value}`, requirement);
  const value = { kind: Kind.STRING, value: print(renamed).slice(1, -1) } as const;
  return {
    ...directive,
    arguments: (directive.arguments ?? []).map((one) => (one.name.value === 'requires' ? { ...one, value } : one)),
  };
}

interface Renaming {
  readonly naming: Naming;
  readonly requirement: Map<string, Set<string>>;
}

function renameFields(
  renaming: Renaming,
  typeName: string,
  { selections }: SelectionSetNode,
  path: readonly string[],
): SelectionSetNode {
  const renamed = selections.map((selection): SelectionNode => {
    if (selection.kind === Kind.FIELD)
      return renameField(renaming, typeName, selection, [...path, selection.name.value]);
    if (selection.kind === Kind.FRAGMENT_SPREAD) return selection;
    const condition = selection.typeCondition?.name.value ?? typeName;
    return { ...selection, selectionSet: renameFields(renaming, condition, selection.selectionSet, path) };
  });
  return { kind: Kind.SELECTION_SET, selections: renamed };
}

function renameField(renaming: Renaming, typeName: string, node: FieldNode, path: readonly string[]): FieldNode {
  const { naming, requirement } = renaming;
  const definition = naming.types.get(typeName)?.fields?.find(({ name }) => name.value === node.name.value);
  if (!definition) return node;
  const below = namedTypeOf(definition.type);
  const selectionSet = node.selectionSet && renameFields(renaming, below, node.selectionSet, path);
  const renamed = { ...node, ...(selectionSet && { selectionSet }) };
  if (!definition.arguments?.length) return renamed;
  const name = standInNameOf(naming, typeName, node);
  const place = path.join('.');
  requirement.set(place, new Set([...(requirement.get(place) ?? []), name]));
  return { ...renamed, name: { kind: Kind.NAME, value: name }, arguments: [] };
}

/** One name for one field name with the same arguments, whatever the type: fields of an interface share it. */
function standInNameOf({ fields, names, owners }: Naming, typeName: string, node: FieldNode): string {
  const given = (node.arguments ?? []) as readonly ConstArgumentNode[];
  const meaning = [node.name.value, ...given.map((argument) => print(argument)).sort()].join(' ');
  const name = names.get(meaning) ?? `${node.name.value}__required_${names.size + 1}`;
  names.set(meaning, name);
  fields.set(name, { name: node.name.value, arguments: given });
  owners.set(name, new Set([...(owners.get(name) ?? []), typeName]));
  return name;
}

function withStandIns({ fields, owners }: Naming, type: CompositeDefinition): CompositeDefinition {
  const typeNames = [type.name.value, ...(type.interfaces ?? []).map(({ name }) => name.value)];
  const added = [...fields].flatMap(([value, standIn]) => {
    const field = type.fields?.find(({ name }) => name.value === standIn.name);
    const isOwned = typeNames.some((typeName) => owners.get(value)?.has(typeName));
    return field && isOwned ? [{ ...field, name: { kind: Kind.NAME, value } as const, arguments: [] }] : [];
  });
  return added.length > 0 ? { ...type, fields: [...(type.fields ?? []), ...added] } : type;
}
