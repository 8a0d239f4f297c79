import { interfaceRoots, randomContext, withEntityInterface, withOverrides } from './random-ownership.ts';
import { hashedChance, type SeededRandom } from './seeded-random.ts';

/**
 * A made-up graph: types, what is true of their objects, and which subgraph knows what. Every value depends on nothing
 * but the seed, the object, the field and its arguments, so any subgraph and the whole graph give the same.
 */
export interface World {
  readonly seed: number;
  readonly subgraphs: readonly string[];
  readonly types: readonly WorldType[];
  readonly interfaces: readonly WorldAbstract[];
  readonly unions: readonly WorldAbstract[];
  /** An interface with a key, which other subgraphs know as an object. */
  readonly entityInterface: EntityInterface | undefined;
  readonly rootFields: readonly RootField[];
  /** What each mutation does depends on how many there were before it. */
  readonly mutations: readonly RootField[];
}

export type RootField = WorldField & { readonly owners: readonly string[] };

/** An object type: an entity, or a value type when it has no keys. */
export interface WorldType {
  readonly name: string;
  /** The keys that each subgraph which knows the type resolves it by. */
  readonly keys: ReadonlyMap<string, readonly EntityKey[]>;
  readonly fields: readonly OwnedField[];
}

/** A union of entities, or an interface that they implement. */
export interface WorldAbstract {
  readonly name: string;
  readonly members: readonly string[];
  /** The members that each subgraph knows. One of them is known to all. */
  readonly known: ReadonlyMap<string, readonly string[]>;
}

/** An interface whose members have keys and a text in one subgraph. Others add fields, and do not know the members. */
export interface EntityInterface {
  readonly name: string;
  readonly members: readonly string[];
  readonly home: string;
  /** Subgraphs that know it as an `@interfaceObject`. */
  readonly strangers: readonly string[];
}

export type EntityKey = 'id' | 'code' | 'id zone' | 'place { row }';

export interface WorldField {
  readonly name: string;
  /** The type it leads to: `Int`, `String`, or a type of the world. */
  readonly of: string;
  readonly isList: boolean;
  readonly isNonNull: boolean;
  /** Whether it takes `(by: Int)`. */
  readonly hasArgument: boolean;
}

export interface OwnedField extends WorldField {
  readonly owners: readonly string[];
  /** What it is computed from, as a field set, in its only owner. */
  readonly requires: string | undefined;
  /** What of the entity it leads to it provides, in its only owner, which does not know that field otherwise. */
  readonly provides: string | undefined;
  /** Its only owner has it from another subgraph; with a label, only where that holds. */
  readonly override?: { readonly from: string; readonly label: string | undefined } | undefined;
  /** The context that its only owner takes the argument `tone` from. */
  readonly context?: string | undefined;
}

/** One object. */
export interface WorldObject {
  readonly __typename: string;
  readonly key: string;
}

export const objectsPerType = 4;

/** The fields that all members of an interface have. */
export const sharedNames = ['shared0', 'shared1'];

/**
 * Makes a world of 3 to 6 subgraphs that compose.
 *
 * @param isWide Whether it may have all there is: partial unions, an entity interface, overrides, contexts, mutations.
 */
export function randomWorld(seed: number, random: SeededRandom, isWide = false): World {
  const subgraphs = Array.from({ length: 3 + random.below(4) }, (_, index) => `s${index}`);
  const entityNames = Array.from({ length: 2 + random.below(3) }, (_, index) => `E${index}`);
  const someOf = <T>(items: readonly T[], least: number) => {
    const kept = items.filter(() => random.chance(0.6));
    return kept.length >= least ? kept : items.slice(0, least);
  };
  const abstractType = (name: string): readonly WorldAbstract[] =>
    random.chance(0.7) ? [randomAbstract(random, name, someOf(entityNames, 2), subgraphs, isWide)] : [];
  const interfaces = abstractType('I0');
  const unions = abstractType('U0');
  const abstract = [...interfaces, ...unions];
  const making: Making = { random, subgraphs, entityNames, abstractNames: abstract.map(({ name }) => name) };
  const plain = entityNames.map((name) => {
    const isMember = interfaces.some(({ members }) => members.includes(name));
    return randomEntity(making, name, isMember);
  });
  const { entityInterface, entities } = isWide
    ? withEntityInterface(random, plain, subgraphs)
    : { entityInterface: undefined, entities: plain };
  const provided = entities.map((entity) => withProvided(random, entity, entities));
  const context = isWide && random.chance(0.15) ? randomContext(random, subgraphs) : undefined;
  const types = [
    randomValueType(making),
    ...(isWide ? provided.map((entity) => withOverrides(random, entity, provided)) : provided),
    ...(context?.types ?? []),
  ];
  const known = (subgraph: string) => entities.filter(({ keys }) => keys.has(subgraph)).map(({ name }) => name);
  const rootFields = subgraphs.flatMap((subgraph) =>
    [
      ...known(subgraph),
      ...abstract
        .filter((one) => one.known.get(subgraph)?.some((name) => known(subgraph).includes(name)))
        .map(({ name }) => name),
    ]
      .filter((name) => random.chance(entityNames.includes(name) ? 0.6 : 0.9))
      .map((of) => ({ ...randomShape(random), name: `${subgraph}_${of}`, of, owners: [subgraph] })),
  );
  const mutations = isWide && random.chance(0.4) ? randomMutations(making, known) : [];
  return {
    seed,
    subgraphs: [...subgraphs, ...(entityInterface?.strangers ?? [])],
    types,
    interfaces,
    unions,
    entityInterface,
    rootFields: withSomeRoot(
      [
        ...rootFields,
        ...(isWide ? sharedRoots(making, known) : []),
        ...interfaceRoots(random, entityInterface),
        ...(context?.rootFields ?? []),
      ],
      entities,
    ),
    mutations,
  };
}

function randomAbstract(
  random: SeededRandom,
  name: string,
  members: readonly string[],
  subgraphs: readonly string[],
  isWide: boolean,
): WorldAbstract {
  const [first, ...others] = members;
  const isPartial = isWide && random.chance(0.4);
  const knownMembers = () => [first ?? '', ...others.filter(() => !isPartial || random.chance(0.6))];
  const known = new Map(subgraphs.map((subgraph) => [subgraph, knownMembers()]));
  // Together they know all members.
  if (subgraphs[0] !== undefined) known.set(subgraphs[0], [...members]);
  return { name, members, known };
}

/** A root field that several subgraphs have. */
function sharedRoots(
  { random, subgraphs, entityNames }: Making,
  known: (subgraph: string) => readonly string[],
): readonly RootField[] {
  const of = random.pick(entityNames);
  const owners = subgraphs.filter((subgraph) => known(subgraph).includes(of) && random.chance(0.7));
  return owners.length > 1 && random.chance(0.5) ? [{ ...randomShape(random), name: `shared_${of}`, of, owners }] : [];
}

function randomMutations(
  { random, subgraphs }: Making,
  known: (subgraph: string) => readonly string[],
): readonly RootField[] {
  return subgraphs.flatMap((subgraph) =>
    ['Int', ...known(subgraph)]
      .filter(() => random.chance(0.5))
      .map((of) => ({
        name: `do_${subgraph}_${of}`,
        of,
        isList: false,
        isNonNull: random.chance(0.3),
        hasArgument: true,
        owners: [subgraph],
      })),
  );
}

interface Making {
  readonly random: SeededRandom;
  readonly subgraphs: readonly string[];
  readonly entityNames: readonly string[];
  readonly abstractNames: readonly string[];
}

function withSomeRoot(fields: readonly RootField[], [entity]: readonly WorldType[]): readonly RootField[] {
  const [subgraph] = entity?.keys.keys() ?? [];
  if (fields.length > 0 || !entity || !subgraph) return fields;
  return [{ name: 'some', of: entity.name, isList: true, isNonNull: false, hasArgument: false, owners: [subgraph] }];
}

export function randomShape(random: SeededRandom) {
  return { isList: random.chance(0.4), isNonNull: random.chance(0.2), hasArgument: random.chance(0.25) };
}

function randomValueType({ random, subgraphs }: Making): WorldType {
  const fields = ['width', 'height', 'depth'].map((name) => ({
    ...randomShape(random),
    name,
    of: 'Int',
    isList: false,
    owners: subgraphs,
    requires: undefined,
    provides: undefined,
  }));
  return { name: 'V0', keys: new Map(), fields };
}

const anyKeys: readonly (readonly EntityKey[])[] = [
  ['id'],
  ['id'],
  ['code'],
  ['id zone'],
  ['place { row }'],
  ['code', 'id'],
];
const keysWithId = anyKeys.filter((keys) => keys.some((key) => key.startsWith('id')));

/** One subgraph knows every key that any of the others has, so that all of them can be reached. */
function randomEntity(making: Making, name: string, isMember: boolean): WorldType {
  const { random, subgraphs } = making;
  const [bridge = 's0', ...others] = subgraphs.filter(() => random.chance(0.6));
  const keys = new Map(others.map((subgraph) => [subgraph, random.pick(isMember ? keysWithId : anyKeys)]));
  keys.set(bridge, [...new Set<EntityKey>(['id', ...[...keys.values()].flat()])]);
  const owners = [...keys.keys()];
  const ownNames = Array.from({ length: 3 + random.below(4) }, (_, index) => `${name.toLowerCase()}f${index}`);
  const fields = [
    ...(isMember ? sharedNames : []).map((field) => randomField(making, field, owners, true)),
    ...ownNames.map((field) => randomField(making, field, owners, false)),
  ];
  for (let index = random.below(5); index > 0; index -= 1) {
    const requiring = randomRequiringField(random, `${name.toLowerCase()}r${index}`, owners, fields);
    if (requiring) fields.push(requiring);
  }
  return { name, keys, fields };
}

/** Lets some fields that lead to an entity provide a field of it. */
function withProvided(random: SeededRandom, type: WorldType, entities: readonly WorldType[]): WorldType {
  const fields = type.fields.map((field): OwnedField => {
    const [owner] = field.owners;
    const target = entities.find(({ name }) => name === field.of);
    if (!target?.keys.has(owner ?? '') || field.owners.length > 1 || random.chance(0.5)) return field;
    const leaves = target.fields.filter(
      ({ owners, of, requires, hasArgument }) =>
        !owners.includes(owner ?? '') &&
        owners.every((one) => target.keys.has(one)) &&
        requires === undefined &&
        !hasArgument &&
        /^(Int|String)$/.test(of),
    );
    return leaves.length > 0 ? { ...field, provides: random.pick(leaves).name } : field;
  });
  return { ...type, fields };
}

function randomField(making: Making, name: string, subgraphs: readonly string[], isShared: boolean): OwnedField {
  const { random, entityNames, abstractNames } = making;
  const leaves = ['Int', 'String', 'String'];
  const of = random.pick(isShared ? leaves : [...leaves, 'V0', ...entityNames, ...abstractNames]);
  const shape = isShared ? { isList: false, isNonNull: false, hasArgument: false } : randomShape(random);
  const owners = random.chance(0.3) ? subgraphs.filter(() => random.chance(0.5)) : [];
  return {
    ...shape,
    name,
    of: isShared ? 'String' : of,
    owners: owners.length > 0 ? owners : [random.pick(subgraphs)],
    requires: undefined,
    provides: undefined,
  };
}

function randomRequiringField(
  random: SeededRandom,
  name: string,
  subgraphs: readonly string[],
  fields: readonly OwnedField[],
): OwnedField | undefined {
  const owner = random.pick(subgraphs);
  const elsewhere = fields.filter(({ owners, of }) => !owners.includes(owner) && ['Int', 'String', 'V0'].includes(of));
  if (elsewhere.length === 0) return undefined;
  const chosen = new Set([random.pick(elsewhere), random.pick(elsewhere)]);
  const requires = [...chosen].map(({ name: field, of, hasArgument }) => {
    const given = hasArgument && random.chance(0.8) ? `(by: ${1 + random.below(2)})` : '';
    return `${field}${given}${of === 'V0' ? ' { width height }' : ''}`;
  });
  return {
    ...{ name, of: 'String', isList: false, isNonNull: false, hasArgument: random.chance(0.2) },
    owners: [owner],
    requires: requires.join(' '),
    provides: undefined,
  };
}

/** The objects of a type: `E0-1`, `E0-2`... */
export function objectOf(typeName: string, number: number): WorldObject {
  return { __typename: typeName, key: `${typeName}-${1 + (number % objectsPerType)}` };
}

/** A number from 0 to 1 that depends on the world and a text. */
export function chanceOf({ seed }: World, text: string): number {
  return hashedChance(`${seed} ${text}`);
}
