import type { Need } from '../../../kernel/permissions/need.ts';
import type { World } from './random-world.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What each type (`E0`) and field (`E0.name`) of a world asks of a principal; null is a policy, which nobody meets. */
export type WorldNeeds = ReadonlyMap<string, Need | null>;

export const worldPermissions = ['read:a', 'read:b', 'read:c', 'write:a'] as const;

/** Gives some types and fields of a world needs. Keys have none: they are how subgraphs speak of entities at all. */
export function randomNeeds(world: World, random: SeededRandom): WorldNeeds {
  const types = world.types.map(({ name }) => name);
  const fields = world.types.flatMap(({ name, fields: own }) => own.map((field) => `${name}.${field.name}`));
  const roots = [
    ...world.rootFields.map(({ name }) => `Query.${name}`),
    ...world.mutations.map(({ name }) => `Mutation.${name}`),
  ];
  const needs = new Map<string, Need | null>();
  const give = (coordinates: readonly string[], probability: number, need: () => Need | null) => {
    for (const coordinate of coordinates) if (random.chance(probability)) needs.set(coordinate, need());
  };
  const anyNeed = () => (random.chance(0.08) ? null : random.chance(0.15) ? { anyOf: [] } : randomScopes(random));
  give(types, 0.2, anyNeed);
  give(fields, 0.2, anyNeed);
  give(roots, 0.1, anyNeed);
  // Of interfaces only what cannot be taken for the needs of their types together.
  const { entityInterface } = world;
  const added = entityInterface?.strangers.map((stranger) => `${entityInterface.name}.${stranger}number`) ?? [];
  give(
    [...world.interfaces.map(({ name }) => name), ...(entityInterface ? [entityInterface.name, ...added] : [])],
    0.15,
    () => ({ anyOf: [['read:interfaces']] }),
  );
  return needs;
}

function randomScopes(random: SeededRandom): Need {
  const all = () => [...new Set(Array.from({ length: 1 + random.below(2) }, () => random.pick(worldPermissions)))];
  return { anyOf: Array.from({ length: 1 + random.below(2) }, all) };
}

const imports = `
  @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY, as: "signedIn")
  @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY, import: [{name: "@requiresScopes", as: "@tag"}])
  @link(url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY, import: ["@policy"])
`;

const definitions = `
  directive @signedIn on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
  directive @tag(scopes: [[requiresScopes__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
  directive @policy(policies: [[policy__Policy!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
  scalar requiresScopes__Scope
  scalar policy__Policy
`;

/** A supergraph with needs, under other names than their usual ones. Composition would not let all of them through. */
export function withNeeds(supergraphSdl: string, needs: WorldNeeds): string {
  let type = '';
  const lines = supergraphSdl.split('\n').map((line) => {
    const head = /^(?:type|interface) (\w+)/.exec(line);
    if (head?.[1]) {
      type = head[1];
      return line.replace(/^(type|interface) \w+(?: implements [\w& ]+)?/, (text) => `${text} ${sdlOf(needs, type)}`);
    }
    const field = /^ {2}(\w+)(?:\(.*?\))?: [^ ]+/.exec(line);
    return field ? line.replace(field[0], `${field[0]} ${sdlOf(needs, `${type}.${field[1]}`)}`) : line;
  });
  return lines.join('\n').replace(/^schema/, `schema ${imports}`) + definitions;
}

function sdlOf(needs: WorldNeeds, coordinate: string): string {
  const need = needs.get(coordinate);
  if (need === undefined) return '';
  if (need === null) return '@policy(policies: [["somebody"]])';
  return need.anyOf.length === 0 ? '@signedIn' : `@tag(scopes: ${JSON.stringify(need.anyOf)})`;
}
