import { isObjectType } from 'graphql';
import type { OwnedField, World, WorldField, WorldType } from './random-world.ts';
import { createTestSubgraph, type TestSubgraph } from './subgraph.ts';
import { fieldOf, objectFor, plainValue, type ResolvedObject, requiringValue, trueValue } from './world-values.ts';

/** The subgraphs of a world. Each answers only what it was given the right to know. */
export function subgraphsOf(world: World): readonly TestSubgraph[] {
  return world.subgraphs.map((name) => createWorldSubgraph(world, name));
}

function sdlOf(world: World, subgraph: string): string {
  const entities = world.types.filter(({ keys }) => keys.size > 0);
  const roots = world.rootFields.filter((field) => field.subgraph === subgraph);
  return [
    `type Query { alive_${subgraph}: Int ${roots.map((field) => definitionOf(field)).join(' ')} }`,
    'type Place @shareable { row: Int! }',
    ...world.types.filter(({ keys }) => keys.size === 0).map(valueTypeSdl),
    ...entities.map((type) => entitySdl(world, type, subgraph)),
    ...world.interfaces.map(({ name }) => `interface ${name} { id: ID! }`),
    ...world.unions.map(({ name, members }) => `union ${name} = ${members.join(' | ')}`),
  ].join('\n');
}

function definitionOf({ name, of, isList, isNonNull, hasArgument }: WorldField, directives = ''): string {
  return `${name}${hasArgument ? '(by: Int)' : ''}: ${isList ? `[${of}]` : of}${isNonNull ? '!' : ''} ${directives}`;
}

function valueTypeSdl({ name, fields }: WorldType): string {
  return `type ${name} @shareable { ${fields.map((field) => definitionOf(field)).join(' ')} }`;
}

/** A type that the subgraph does not know is a reference by id, which cannot be resolved here. */
function entitySdl(world: World, { name, keys, fields }: WorldType, subgraph: string): string {
  const interfaces = world.interfaces.filter(({ members }) => members.includes(name)).map((one) => one.name);
  const head = `type ${name}${interfaces.length > 0 ? ` implements ${interfaces.join(' & ')}` : ''}`;
  const own = keys.get(subgraph);
  if (!own) return `${head} @key(fields: "id", resolvable: false) { id: ID! }`;
  const keyFields = new Set(
    own.flatMap((key) =>
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
  return `${head} ${own.map((key) => `@key(fields: "${key}")`).join(' ')} { ${body.join('\n')} }`;
}

function fieldSdl(
  world: World,
  typeName: string,
  fields: readonly OwnedField[],
  field: OwnedField,
  subgraph: string,
): readonly string[] {
  const { name, owners, requires, provides } = field;
  const providers = providersOf(world, typeName, name);
  if (owners.includes(subgraph)) {
    const isShared = owners.length > 1 || providers.length > 0;
    const directives = [
      isShared ? '@shareable' : '',
      requires === undefined ? '' : `@requires(fields: "${requires}")`,
      provides === undefined ? '' : `@provides(fields: "${provides}")`,
    ];
    return [definitionOf(field, directives.join(' '))];
  }
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
function createWorldSubgraph(world: World, name: string): TestSubgraph {
  const references = world.types
    .filter(({ keys }) => keys.has(name))
    .map((type) => [type.name, { __resolveReference: (given: never) => objectFor(type.name, given) }] as const);
  const subgraph = createTestSubgraph(name, sdlOf(world, name), Object.fromEntries(references));
  for (const type of Object.values(subgraph.schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('_')) continue;
    for (const field of Object.values(type.getFields())) {
      if (field.name.startsWith('_')) continue;
      field.resolve = (source, { by }) => knownValue(world, name, type.name, source, field.name, by);
    }
  }
  return subgraph;
}

/** The value of a field in a subgraph; throws where the subgraph has no right to know it. */
function knownValue(
  world: World,
  subgraph: string,
  typeName: string,
  source: ResolvedObject,
  name: string,
  by: unknown,
): unknown {
  const field = fieldOf(world, typeName, name);
  if (!field) return wholeGraphValue(world, typeName, source, name, by);
  const { owners, requires, provides } = field;
  if (requires !== undefined) {
    return requiringValue(requires, by, (required, given) => sentValue(world, source, required, given), world);
  }
  if (!owners.includes(subgraph) && source.provided !== name) {
    throw new Error(`${subgraph} was asked for ${typeName}.${name}, which it does not know here.`);
  }
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
export function wholeGraphValue(world: World, parentType: string, source: unknown, name: string, by: unknown): unknown {
  if (parentType !== 'Query') return trueValue(world, source as ResolvedObject, name, by);
  const root = world.rootFields.find((field) => field.name === name);
  return root ? plainValue(world, name, root, by) : 1;
}
