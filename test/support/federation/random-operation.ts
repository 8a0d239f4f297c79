import {
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isUnionType,
} from 'graphql';
import type { SeededRandom } from './seeded-random.ts';

/** An operation, not yet known to be valid: fields of one name may not merge. */
export interface RandomOperation {
  readonly source: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Values that arguments are given, so that they find something. */
export interface ValuePool {
  readonly ID: readonly string[];
  readonly String: readonly string[];
  readonly Int: readonly number[];
  /** Names that fields are given at times. */
  readonly aliases?: readonly string[];
}

interface Generation {
  readonly schema: GraphQLSchema;
  readonly random: SeededRandom;
  readonly pool: ValuePool;
  readonly variables: Record<string, unknown>;
  readonly variableDefinitions: string[];
  readonly fragments: { readonly name: string; readonly type: string; readonly text: string }[];
  /** Arguments by field, so that the same field selected twice mostly merges. */
  readonly knownArguments: Map<string, string>;
  fieldsLeft: number;
}

const harmlessAliases = ['a', 'b', 'c', 'constructor', 'toString'];

/** Makes a random operation on a schema, of up to about `maxFields` fields. */
export function randomOperation(
  schema: GraphQLSchema,
  random: SeededRandom,
  pool: ValuePool,
  maxFields: number,
): RandomOperation {
  const generation: Generation = {
    schema,
    random,
    pool,
    variables: {},
    variableDefinitions: [],
    fragments: [],
    knownArguments: new Map(),
    fieldsLeft: 1 + random.below(maxFields),
  };
  const mutationType = schema.getMutationType();
  const isMutation = mutationType && random.chance(0.1);
  const rootType = isMutation ? mutationType : schema.getQueryType();
  if (!rootType) throw new Error('The schema has no query type.');
  const selections = selectionSet(generation, rootType, 0);
  const definitions = generation.variableDefinitions;
  const head = `${isMutation ? 'mutation' : 'query'} Random${definitions.length > 0 ? `(${definitions.join(', ')})` : ''}`;
  const fragments = generation.fragments.map(({ name, type, text }) => `fragment ${name} on ${type} ${text}`);
  return { source: [`${head} ${selections}`, ...fragments].join('\n'), variables: generation.variables };
}

const maxDepth = 7;

function selectionSet(generation: Generation, type: GraphQLCompositeType, depth: number): string {
  const { random } = generation;
  const count = 1 + random.below(depth === 0 ? 3 : 4);
  const selections = Array.from({ length: count }, () => selection(generation, type, depth));
  const some = selections.filter((text) => text !== undefined);
  return `{ ${some.length > 0 ? some.join(' ') : '__typename'} }`;
}

function selection(generation: Generation, type: GraphQLCompositeType, depth: number): string | undefined {
  const { random, schema, pool } = generation;
  if (random.chance(0.08)) return `${random.chance(0.3) ? 'kind: ' : ''}__typename${conditions(generation)}`;
  if (depth === 0 && type === schema.getQueryType() && random.chance(0.04)) return introspection(generation);
  if (isUnionType(type) || random.chance(isAbstractType(type) ? 0.5 : 0.12)) return fragment(generation, type, depth);
  const field = random.pick(Object.values(type.getFields()));
  const nested = getNamedType(field.type);
  if (generation.fieldsLeft <= 0 || (isCompositeType(nested) && depth >= maxDepth)) return undefined;
  generation.fieldsLeft -= 1;
  const alias = random.chance(0.1) ? `${random.pick(pool.aliases ?? harmlessAliases)}: ` : '';
  const given = argumentsOf(generation, `${type.name}.${field.name}`, field.args);
  const condition = conditions(generation);
  if (!isCompositeType(nested)) return `${alias}${field.name}${given}${condition}`;
  // The stock planner loses a conditional object that has only conditional fields; that has a test of its own.
  const first = condition === '' ? '' : '__typename ';
  const body = selectionSet(generation, nested, depth + 1).replace('{ ', `{ ${first}`);
  return `${alias}${field.name}${given}${condition} ${body}`;
}

function introspection({ random, schema }: Generation): string {
  const typeName = random.pick(Object.keys(schema.getTypeMap()));
  return random.chance(0.5)
    ? `__type(name: "${typeName}") { kind name fields { name type { name } } possibleTypes { name } }`
    : '__schema { queryType { name } types { name enumValues { name } } }';
}

function fragment(generation: Generation, type: GraphQLCompositeType, depth: number): string {
  const { random, schema, fragments } = generation;
  const condition = isAbstractType(type) ? random.pick([type, ...schema.getPossibleTypes(type)]) : type;
  if (random.chance(0.3)) {
    const known = fragments.filter((candidate) => candidate.type === condition.name);
    if (known.length > 0 && random.chance(0.6)) return `...${random.pick(known).name}${conditions(generation)}`;
    const text = selectionSet(generation, condition, depth + 1);
    const name = `F${fragments.length}`;
    fragments.push({ name, type: condition.name, text });
    return `...${name}${conditions(generation)}`;
  }
  const on = condition === type && random.chance(0.3) ? '...' : `... on ${condition.name}`;
  return `${on}${conditions(generation)} ${selectionSet(generation, condition, depth + 1)}`;
}

function conditions(generation: Generation): string {
  const { random } = generation;
  if (!random.chance(0.08)) return '';
  const directive = random.pick(['skip', 'include']);
  const value = random.chance(0.5);
  if (random.chance(0.3)) return ` @${directive}(if: ${value})`;
  // A few names only, so that the same variable decides at several places.
  const name = `flag${random.below(3)}`;
  if (!(name in generation.variables)) {
    generation.variables[name] = value;
    generation.variableDefinitions.push(`$${name}: Boolean!${random.chance(0.3) ? ' = true' : ''}`);
  }
  return ` @${directive}(if: $${name})`;
}

function argumentsOf(generation: Generation, coordinate: string, args: readonly GraphQLArgument[]): string {
  const { random, knownArguments } = generation;
  const known = knownArguments.get(coordinate);
  if (known !== undefined && random.chance(0.8)) return known;
  const given = args
    .filter((arg) => isRequiredArgument(arg) || random.chance(0.5))
    .map(
      ({ name, type }) => `${name}: ${random.chance(0.35) ? variable(generation, type) : literal(generation, type)}`,
    );
  const text = given.length > 0 ? `(${given.join(', ')})` : '';
  knownArguments.set(coordinate, text);
  return text;
}

function variable(generation: Generation, type: GraphQLInputType): string {
  const { random } = generation;
  const name = `v${generation.variableDefinitions.length}`;
  generation.variableDefinitions.push(`$${name}: ${String(type)}`);
  if (isNonNullType(type) || random.chance(0.8)) generation.variables[name] = inputValue(generation, type);
  return `$${name}`;
}

function literal(generation: Generation, type: GraphQLInputType): string {
  return printLiteral(type, inputValue(generation, type));
}

function inputValue(generation: Generation, type: GraphQLInputType): unknown {
  const { random, pool } = generation;
  if (isNonNullType(type)) return inputValue(generation, type.ofType);
  if (isListType(type)) return Array.from({ length: random.below(3) }, () => inputValue(generation, type.ofType));
  if (isEnumType(type)) return random.pick(type.getValues()).name;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter((field) => isNonNullType(field.type) || random.chance(0.5));
    return Object.fromEntries(fields.map((field) => [field.name, inputValue(generation, field.type)]));
  }
  if (type.name === 'Boolean') return random.chance(0.5);
  return random.pick<string | number>(pool[type.name as 'ID' | 'String' | 'Int']);
}

function printLiteral(type: GraphQLInputType, value: unknown): string {
  if (isNonNullType(type)) return printLiteral(type.ofType, value);
  if (isListType(type)) return `[${(value as unknown[]).map((item) => printLiteral(type.ofType, item)).join(', ')}]`;
  if (isEnumType(type)) return String(value);
  if (!isInputObjectType(type)) return JSON.stringify(value);
  const given = Object.entries(value as Record<string, unknown>);
  const fields = type.getFields();
  return `{${given.flatMap(([name, item]) => (fields[name] ? [`${name}: ${printLiteral(fields[name].type, item)}`] : [])).join(', ')}}`;
}
