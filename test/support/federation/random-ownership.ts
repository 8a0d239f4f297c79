import type { EntityInterface, EntityKey, OwnedField, RootField, WorldType } from './random-world.ts';
import type { SeededRandom } from './seeded-random.ts';

const plain = { isList: false, isNonNull: false, hasArgument: false, requires: undefined, provides: undefined };

/** Gives some entities an interface with a key, to which one or two subgraphs of their own add fields. */
export function withEntityInterface(
  random: SeededRandom,
  entities: readonly WorldType[],
  subgraphs: readonly string[],
): { readonly entityInterface: EntityInterface | undefined; readonly entities: readonly WorldType[] } {
  if (!random.chance(0.4)) return { entityInterface: undefined, entities };
  const kept = entities.filter(() => random.chance(0.7));
  const members = (kept.length > 0 ? kept : entities.slice(0, 1)).map(({ name }) => name);
  const home = random.pick(subgraphs);
  const strangers = random.chance(0.4) ? ['x0', 'x1'] : ['x0'];
  const added = [homeField(home), ...strangers.flatMap((stranger) => strangerFields(random, stranger))];
  return {
    entityInterface: { name: 'M0', members, home, strangers },
    entities: entities.map((entity) => {
      if (!members.includes(entity.name)) return entity;
      const keys = new Map(entity.keys);
      keys.set(home, [...new Set<EntityKey>([...(keys.get(home) ?? []), 'id'])]);
      return { ...entity, keys, fields: [...entity.fields, ...added] };
    }),
  };
}

function homeField(home: string): OwnedField {
  return { ...plain, name: 'mtext', of: 'String', owners: [home] };
}

function strangerFields(random: SeededRandom, stranger: string): readonly OwnedField[] {
  const field = (name: string, of: string): OwnedField => ({
    ...plain,
    name: `${stranger}${name}`,
    of,
    owners: [stranger],
  });
  return [
    field('number', 'Int'),
    ...(random.chance(0.6) ? [{ ...field('like', 'M0'), isList: random.chance(0.5) }] : []),
    ...(random.chance(0.6) ? [{ ...field('made', 'String'), requires: 'mtext' }] : []),
  ];
}

/** Root fields that lead to the interface. */
export function interfaceRoots(
  random: SeededRandom,
  entityInterface: EntityInterface | undefined,
): readonly RootField[] {
  if (!entityInterface) return [];
  const { name: of, home, strangers } = entityInterface;
  return [home, ...strangers]
    .filter(() => random.chance(0.8))
    .map((owner) => ({ ...plain, name: `${owner}_${of}`, of, isList: random.chance(0.5), owners: [owner] }));
}

/** Lets some fields have been in another subgraph before. */
export function withOverrides(random: SeededRandom, type: WorldType, entities: readonly WorldType[]): WorldType {
  const isProvided = (name: string) =>
    entities.some(({ fields }) => fields.some(({ of, provides }) => of === type.name && provides === name));
  const fields = type.fields.map((field): OwnedField => {
    const { name, owners, requires, provides } = field;
    const [owner = ''] = owners;
    const isFixed = owners.length > 1 || requires !== undefined || provides !== undefined || isProvided(name);
    if (isFixed || !type.keys.has(owner) || name === 'mtext' || !random.chance(0.2)) return field;
    const requiring = type.fields.filter((other) => other.requires?.split(/[ (]/).includes(name));
    const possible = [...type.keys.keys()].filter(
      (subgraph) => subgraph !== owner && !requiring.some((other) => other.owners.includes(subgraph)),
    );
    if (possible.length === 0) return field;
    const label = requiring.length === 0 && random.chance(0.6) ? random.pick(['percent(50)', 'beta']) : undefined;
    return { ...field, override: { from: random.pick(possible), label } };
  });
  return { ...type, fields };
}

/** Types of which one sets a context for what is below it. */
export function randomContext(
  random: SeededRandom,
  subgraphs: readonly string[],
): { readonly types: readonly WorldType[]; readonly rootFields: readonly RootField[] } {
  const [owner = 's0', other = 's1'] = random.chance(0.5) ? subgraphs : [...subgraphs].reverse();
  const keys = new Map<string, readonly EntityKey[]>([owner, other].map((subgraph) => [subgraph, ['id']]));
  const field = (name: string, of: string, owners = [owner]): OwnedField => ({ ...plain, name, of, owners });
  const setting: WorldType = {
    name: 'C0',
    keys,
    fields: [
      field('tone', 'String'),
      { ...field('lines', 'L0'), isList: true },
      field('line', 'L0'),
      field('depth', 'Int', [other]),
    ],
  };
  const taking: WorldType = {
    name: 'L0',
    keys,
    fields: [
      { ...field('shade', 'String'), hasArgument: random.chance(0.5), context: 'c0' },
      field('next', 'L0'),
      field('grain', 'Int', [other]),
    ],
  };
  const rootFields = ['C0', 'C0'].map((of, index) => ({
    ...plain,
    name: `${owner}_${of}_${index}`,
    of,
    isList: index === 1,
    owners: [owner],
  }));
  return { types: [setting, taking], rootFields };
}
