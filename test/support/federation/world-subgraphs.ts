import { isObjectType } from 'graphql';
import {
  type OwnedField,
  sharedNames,
  type World,
  type WorldAbstract,
  type WorldField,
  type WorldType,
} from './random-world.ts';
import { createTestSubgraph, type TestSubgraph } from './subgraph.ts';
import {
  createWorldState,
  fieldOf,
  mutationValue,
  objectFor,
  plainValue,
  type ResolvedObject,
  requiringValue,
  shadeOf,
  trueValue,
  typeOfKey,
  type WorldState,
} from './world-values.ts';

/** The subgraphs of a world. Each answers only what it was given the right to know, as the state says at the time. */
export function subgraphsOf(world: World, state = createWorldState()): readonly TestSubgraph[] {
  return world.subgraphs.map((name) => createWorldSubgraph(world, name, state));
}

function sdlOf(world: World, subgraph: string): string {
  const roots = world.rootFields.filter(({ owners }) => owners.includes(subgraph));
  const mutations = world.mutations.filter(({ owners }) => owners.includes(subgraph));
  const isStranger = world.entityInterface?.strangers.includes(subgraph) === true;
  const rootDefinitions = roots.map((field) => definitionOf(field, field.owners.length > 1 ? '@shareable' : ''));
  return [
    `type Query { alive_${subgraph}: Int ${rootDefinitions.join(' ')} }`,
    ...(mutations.length > 0 ? [`type Mutation { ${mutations.map((field) => definitionOf(field)).join(' ')} }`] : []),
    ...(isStranger ? [strangerSdl(world, subgraph)] : ownTypesSdl(world, subgraph)),
  ].join('\n');
}

function ownTypesSdl(world: World, subgraph: string): readonly string[] {
  const entities = world.types.filter(({ keys }) => keys.size > 0);
  const { entityInterface } = world;
  return [
    'type Place @shareable { row: Int! }',
    ...world.types.filter(({ keys }) => keys.size === 0).map(valueTypeSdl),
    ...entities.map((type) => entitySdl(world, type, subgraph)),
    ...world.interfaces.map((one) => interfaceSdl(world, one, subgraph)),
    ...world.unions.map(({ name, known }) => `union ${name} = ${known.get(subgraph)?.join(' | ')}`),
    entityInterface?.home === subgraph
      ? `interface ${entityInterface.name} @key(fields: "id") { id: ID! mtext: String }`
      : '',
  ];
}

/** The interface has those fields that all its types have here. */
function interfaceSdl({ types }: World, { name, known }: WorldAbstract, subgraph: string): string {
  const members = types.filter((type) => known.get(subgraph)?.includes(type.name));
  const shared = sharedNames.filter((field) =>
    members.every(({ fields }) => fields.some((one) => one.name === field && one.owners.includes(subgraph))),
  );
  return `interface ${name} { id: ID! ${shared.map((field) => `${field}: String`).join(' ')} }`;
}

/** A subgraph that knows the entity interface as an object, and none of its members. */
function strangerSdl({ types, entityInterface }: World, subgraph: string): string {
  const member = types.find(({ name }) => name === entityInterface?.members[0]);
  const own = member?.fields.filter(({ owners }) => owners.includes(subgraph)) ?? [];
  const required = own.some(({ requires }) => requires !== undefined) ? 'mtext: String @external' : '';
  const fields = own.map((field) =>
    definitionOf(field, field.requires === undefined ? '' : `@requires(fields: "${field.requires}")`),
  );
  return `type ${entityInterface?.name} @key(fields: "id") @interfaceObject { id: ID! ${required} ${fields.join(' ')} }`;
}

function definitionOf(
  { name, of, isList, isNonNull, hasArgument, context }: WorldField & { context?: string | undefined },
  directives = '',
): string {
  const taken = context === undefined ? '' : `tone: String @fromContext(field: "$${context} { tone }")`;
  const given = `${taken} ${hasArgument ? 'by: Int' : ''}`.trim();
  return `${name}${given === '' ? '' : `(${given})`}: ${isList ? `[${of}]` : of}${isNonNull ? '!' : ''} ${directives}`;
}

function valueTypeSdl({ name, fields }: WorldType): string {
  return `type ${name} @shareable { ${fields.map((field) => definitionOf(field)).join(' ')} }`;
}

/** A type that the subgraph does not know is a reference by id, which cannot be resolved here. */
function entitySdl(world: World, type: WorldType, subgraph: string): string {
  const { name, keys, fields } = type;
  const { entityInterface } = world;
  const interfaces = world.interfaces.filter(({ known }) => known.get(subgraph)?.includes(name)).map((one) => one.name);
  if (entityInterface?.home === subgraph && entityInterface.members.includes(name))
    interfaces.push(entityInterface.name);
  const head = `type ${name}${interfaces.length > 0 ? ` implements ${interfaces.join(' & ')}` : ''}`;
  const own = keys.get(subgraph);
  if (!own) return `${head} @key(fields: "id", resolvable: false) { id: ID! }`;
  const keyFields = new Set(
    [...own, ...(interfaces.length > 0 ? ['id'] : [])].flatMap((key) =>
      key
        .replace(/\{.*\}/, '')
        .trim()
        .split(' '),
    ),
  );
  const types: Readonly<Record<string, string>> = { id: 'ID!', code: 'ID!', zone: 'Int!', place: 'Place!' };
  const body = [
    ...[...keyFields].map((field) => `${field}: ${types[field]}`),
    ...fields.flatMap((field) => fieldSdl(world, name, fields, field, subgraph)),
  ];
  const context = fields.some((field) => field.name === 'tone' && field.owners.includes(subgraph))
    ? '@context(name: "c0")'
    : '';
  return `${head} ${own.map((key) => `@key(fields: "${key}")`).join(' ')} ${context} { ${body.join('\n')} }`;
}

function fieldSdl(
  world: World,
  typeName: string,
  fields: readonly OwnedField[],
  field: OwnedField,
  subgraph: string,
): readonly string[] {
  const { name, owners, requires, provides, override } = field;
  const providers = providersOf(world, typeName, name);
  if (owners.includes(subgraph)) {
    const isShared = owners.length > 1 || providers.length > 0;
    const label = override?.label === undefined ? '' : `, label: "${override.label}"`;
    const directives = [
      isShared ? '@shareable' : '',
      requires === undefined ? '' : `@requires(fields: "${requires}")`,
      provides === undefined ? '' : `@provides(fields: "${provides}")`,
      override === undefined ? '' : `@override(from: "${override.from}"${label})`,
    ];
    return [definitionOf(field, directives.join(' '))];
  }
  if (override?.from === subgraph) return [definitionOf(field)];
  const isRequired = fields.some(
    (other) => other.owners.includes(subgraph) && other.requires?.split(/[ (]/).includes(name),
  );
  return isRequired || providers.includes(subgraph) ? [definitionOf(field, '@external')] : [];
}

/** The subgraphs that provide a field of a type somewhere. */
function providersOf({ types }: World, typeName: string, name: string): readonly string[] {
  return types.flatMap(({ fields }) =>
    fields.filter(({ of, provides }) => of === typeName && provides === name).flatMap(({ owners }) => owners),
  );
}

/** One subgraph: it finds entities by its keys, and computes every field that it is asked for. */
function createWorldSubgraph(world: World, name: string, state: WorldState): TestSubgraph {
  const { entityInterface } = world;
  const knowsInterface = [entityInterface?.home, ...(entityInterface?.strangers ?? [])].includes(name);
  const typeNames = [
    ...world.types.filter(({ keys }) => keys.has(name)).map((type) => type.name),
    ...(entityInterface && knowsInterface ? [entityInterface.name] : []),
  ];
  const references = typeNames.map(
    (typeName) => [typeName, { __resolveReference: (given: never) => objectFor(typeName, given) }] as const,
  );
  const subgraph = createTestSubgraph(name, sdlOf(world, name), Object.fromEntries(references));
  const knowledge: Knowledge = { world, subgraph: name, state };
  for (const type of Object.values(subgraph.schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('_')) continue;
    for (const field of Object.values(type.getFields())) {
      if (field.name.startsWith('_')) continue;
      field.resolve = (source, args) => knownValue(knowledge, type.name, source, field.name, args);
    }
  }
  return subgraph;
}

interface Knowledge {
  readonly world: World;
  readonly subgraph: string;
  readonly state: WorldState;
}

type Given = Readonly<Record<string, unknown>>;

/** The value of a field in a subgraph; throws where the subgraph has no right to know it. */
function knownValue(
  { world, subgraph, state }: Knowledge,
  typeName: string,
  known: ResolvedObject,
  name: string,
  { by, tone }: Given,
): unknown {
  // A stranger calls the object by the name of its interface.
  const isInterface = typeName === world.entityInterface?.name;
  const source = isInterface ? { ...known, __typename: typeOfKey(known.key) } : known;
  const trueType = isInterface ? source.__typename : typeName;
  const field = fieldOf(world, trueType, name);
  if (!field) return wholeGraphValue(world, trueType, source, name, by, state);
  const { owners, requires, provides, override, context } = field;
  if (requires !== undefined) {
    return requiringValue(requires, by, (required, given) => sentValue(world, source, required, given), world);
  }
  const isOverridden = override && (override.label === undefined || state.labels.includes(override.label));
  const knowing = override && !isOverridden ? [override.from] : owners;
  if (!knowing.includes(subgraph) && source.provided !== name) {
    throw new Error(`${subgraph} was asked for ${trueType}.${name}, which it does not know here.`);
  }
  if (context !== undefined) return shadeOf(source, by, tone);
  const value = trueValue(world, source, name, by);
  if (provides === undefined) return value;
  const withProvided = (item: unknown) => item && { ...(item as ResolvedObject), provided: provides };
  return Array.isArray(value) ? value.map(withProvided) : withProvided(value);
}

function sentValue(world: World, source: ResolvedObject, name: string, by: unknown): unknown {
  if (source.provided === name) return trueValue(world, source, name, by);
  const value = source.given?.[name];
  if (value === undefined) throw new Error(`${source.__typename}.${name} is required and was not sent.`);
  return value;
}

/** The value of a field as the whole graph has it, for a gateway's answers to be compared with. */
export function wholeGraphValue(
  world: World,
  parentType: string,
  source: unknown,
  name: string,
  by: unknown,
  state = createWorldState(),
): unknown {
  if (parentType === 'Mutation') {
    const mutation = world.mutations.find((field) => field.name === name);
    return mutation && mutationValue(world, state, mutation, by);
  }
  if (parentType !== 'Query')
    return withTone(world, source as ResolvedObject, trueValue(world, source as ResolvedObject, name, by));
  const root = world.rootFields.find((field) => field.name === name);
  return root ? plainValue(world, name, root, by) : 1;
}

/** Objects know the context that is set above them. */
function withTone(world: World, source: ResolvedObject, value: unknown): unknown {
  const tone = fieldOf(world, source.__typename, 'tone') ? trueValue(world, source, 'tone') : source.tone;
  if (tone === undefined) return value;
  const below = (item: unknown) => (typeof item === 'object' && item !== null ? { ...item, tone } : item);
  return Array.isArray(value) ? value.map(below) : below(value);
}
