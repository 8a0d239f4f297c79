import { Kind, parse, type SelectionSetNode, valueFromASTUntyped } from 'graphql';
import {
  chanceOf,
  type OwnedField,
  objectOf,
  objectsPerType,
  type World,
  type WorldField,
  type WorldObject,
} from './random-world.ts';

/** An object as a resolver has it. */
export interface ResolvedObject extends WorldObject {
  /** The representation that it was found by. */
  readonly given?: Readonly<Record<string, unknown>>;
  /** The field that the path to it provides. */
  readonly provided?: string | undefined;
  /** What the nearest object above it sets as the context. */
  readonly tone?: unknown;
}

/** What has been done to a world so far, and what is decided for it. */
export interface WorldState {
  mutationCount: number;
  labels: readonly string[];
}

export function createWorldState(): WorldState {
  return { mutationCount: 0, labels: [] };
}

/** The value of a field of an object, as the whole graph has it. */
export function trueValue(world: World, object: WorldObject, name: string, by?: unknown): unknown {
  const field = fieldOf(world, object.__typename, name);
  if (!field) return keyValue(object, name);
  if (field.context !== undefined) return shadeOf(object, by, (object as ResolvedObject).tone);
  if (field.requires === undefined) return plainValue(world, `${object.key}.${name}`, field, by);
  return requiringValue(field.requires, by, (required, given) => trueValue(world, object, required, given), world);
}

/** The value of the field that takes something from its context. */
export function shadeOf({ key }: WorldObject, by: unknown, tone: unknown): string {
  return `${key} ${by ?? ''} in ${tone ?? 'nothing'}`;
}

/** What the next mutation gives, which is another thing every time. */
export function mutationValue(world: World, state: WorldState, { name, of }: WorldField, by: unknown): unknown {
  state.mutationCount += 1;
  const count = state.mutationCount + Math.floor(1_000 * chanceOf(world, `${name} ${by ?? ''}`));
  return of === 'Int' ? count : objectOf(of, count);
}

export function fieldOf(world: World, typeName: string, name: string) {
  return world.types.find((type) => type.name === typeName)?.fields.find((field) => field.name === name);
}

/** A value that depends on nothing but where it stands. */
export function plainValue(world: World, place: string, field: WorldField & Owned, by: unknown): unknown {
  const text = field.hasArgument ? `${place} ${by ?? ''}` : place;
  const isNull = !field.isNonNull && chanceOf(world, `${text} is null`) < 0.1;
  if (isNull) return null;
  const members = membersAt(world, field);
  if (!field.isList) return singleValue(world, text, field.of, members);
  const length = Math.floor(4 * chanceOf(world, `${text} length`));
  return Array.from({ length }, (_, index) => singleValue(world, `${text} ${index}`, field.of, members));
}

interface Owned {
  readonly owners: readonly string[];
  readonly override?: OwnedField['override'];
}

/** The entities that a field can lead to: all its owners know them where it stands. */
function membersAt(world: World, { of, owners, override }: WorldField & Owned): readonly string[] {
  if (of === world.entityInterface?.name) return world.entityInterface.members;
  const abstract = [...world.interfaces, ...world.unions].find(({ name }) => name === of);
  const subgraphs = override ? [...owners, override.from] : owners;
  return (
    abstract?.members.filter((member) => subgraphs.every((one) => abstract.known.get(one)?.includes(member))) ?? [of]
  );
}

function singleValue(world: World, text: string, typeName: string, members: readonly string[]): unknown {
  const chance = chanceOf(world, text);
  if (typeName === 'Int') return Math.floor(1_000 * chance);
  if (typeName === 'String') return `text ${Math.floor(1_000 * chance)}`;
  if (typeName === 'V0') return { __typename: 'V0', key: text };
  const member = members[Math.floor(members.length * chanceOf(world, `${text} type`))] ?? typeName;
  return objectOf(member, Math.floor(objectsPerType * chance));
}

/** The values of key fields; each of them tells which object it is. */
export function keyValue({ key }: WorldObject, name: string): unknown {
  const number = Number(key.split('-')[1]);
  if (name === 'id') return key;
  if (name === 'code') return `code ${key}`;
  if (name === 'zone') return number % 2;
  if (name === 'row') return number;
  return name === 'place' ? { __typename: 'Place', key } : undefined;
}

/** The object that a representation means. */
export function objectFor(typeName: string, given: Readonly<Record<string, unknown>>): ResolvedObject {
  const { id, code, place } = given as { id?: string; code?: string; place?: { row: number } };
  const key = id ?? code?.slice('code '.length) ?? (place && `${typeName}-${place.row}`);
  if (key === undefined) throw new Error(`A representation of ${typeName} has no key.`);
  return { __typename: typeOfKey(key), key, given };
}

/** The type of an object; what refers to it may know only its interface. */
export function typeOfKey(key: string): string {
  return key.split('-')[0] ?? key;
}

type ReadField = (name: string, by: unknown) => unknown;

/** What a field makes of what it requires: all of it, as text. */
export function requiringValue(fieldSet: string, by: unknown, read: ReadField, world: World): string {
  const [operation] = parse(`{ ${fieldSet} }`).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('A requirement is a field set.');
  return `${JSON.stringify(readAll(operation.selectionSet, read, world))} ${by ?? ''}`;
}

function readAll({ selections }: SelectionSetNode, read: ReadField, world: World): unknown {
  return selections.map((selection) => {
    if (selection.kind !== Kind.FIELD) return undefined;
    const [by] = (selection.arguments ?? []).map(({ value }) => valueFromASTUntyped(value));
    const value = read(selection.name.value, by);
    const { selectionSet } = selection;
    if (!selectionSet) return value;
    const below = (item: unknown) => (item === null ? null : readAll(selectionSet, readerOf(world, item), world));
    return Array.isArray(value) ? value.map(below) : below(value);
  });
}

/** A value type is an object of the world, or what a representation says of one. */
function readerOf(world: World, item: unknown): ReadField {
  const object = item as WorldObject & Readonly<Record<string, unknown>>;
  return (name, by) => ('key' in object ? trueValue(world, object, name, by) : object[name]);
}
