import {
  type ConstDirectiveNode,
  type DocumentNode,
  type GraphQLField,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  print,
  valueFromASTUntyped,
} from 'graphql';
import { linkedNames } from './linked-names.ts';
import type { Need } from './need.ts';
import { isPermission } from './permission.ts';

/** What a subgraph schema says that its elements need. Every need of a list must be met. */
export interface SchemaNeeds {
  /**
   * What reading a field needs, by coordinate (`Query.leads`): what is said at the field, at the same field of an
   * interface, and at the type it returns. A field that is not here needs no more than its parent did.
   */
  readonly ofFields: ReadonlyMap<string, readonly Need[]>;
  /**
   * What every object of a type needs, however it is reached. An empty list is that of an entity of which only the fields
   * need something; an entity that is not here is nobody's.
   */
  readonly ofTypes: ReadonlyMap<string, readonly Need[]>;
}

type Declared = ReadonlyMap<string, readonly Need[]>;

/**
 * Gathers what `@authenticated` and `@requiresScopes` say in a subgraph schema (Apollo Federation 2.5). Throws an error
 * that names the element where they say something that no principal could meet.
 */
export function needsOfSchema(schema: GraphQLSchema, document: DocumentNode): SchemaNeeds {
  const declared = readDeclaredNeeds(document);
  const ofTypes = new Map<string, readonly Need[]>();
  const ofFields = new Map<string, readonly Need[]>();
  const keys = readKeys(document);
  const note = (map: Map<string, readonly Need[]>, name: string, needs: readonly Need[]) => {
    if (needs.length > 0) map.set(name, distinct(needs));
  };
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));
  for (const type of types) {
    const names = isObjectType(type) || isInterfaceType(type) ? [type, ...type.getInterfaces()] : [type];
    note(
      ofTypes,
      type.name,
      names.flatMap(({ name }) => declared.get(name) ?? []),
    );
  }
  for (const type of types.filter((one) => isObjectType(one))) {
    const ofRoot = isRoot(schema, type) ? (ofTypes.get(type.name) ?? []) : [];
    for (const field of Object.values(type.getFields())) {
      note(ofFields, `${type.name}.${field.name}`, [
        ...ofRoot,
        ...declaredForField(declared, type, field),
        ...(ofTypes.get(getNamedType(field.type).name) ?? []),
      ]);
    }
    const isMapped = Object.keys(type.getFields()).every(
      (name) => ofFields.has(`${type.name}.${name}`) || keys.get(type.name)?.has(name),
    );
    if (keys.has(type.name) && !ofTypes.has(type.name) && isMapped) ofTypes.set(type.name, []);
  }
  return { ofFields, ofTypes };
}

/** Tells whether operations begin at a type. */
export function isRoot(schema: GraphQLSchema, type: GraphQLObjectType): boolean {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].includes(type);
}

function declaredForField(
  declared: Declared,
  type: GraphQLObjectType | GraphQLInterfaceType,
  field: GraphQLField<unknown, unknown>,
): Need[] {
  return [type, ...type.getInterfaces()].flatMap(({ name }) => declared.get(`${name}.${field.name}`) ?? []);
}

function distinct(needs: readonly Need[]): readonly Need[] {
  return [...new Map(needs.map((need) => [JSON.stringify(need.anyOf), need])).values()];
}

/** What is written at each type and field, by coordinate. */
function readDeclaredNeeds(document: DocumentNode): Declared {
  const readNeed = createNeedReader(document);
  const declared = new Map<string, Need[]>();
  const read = (coordinate: string, directives: readonly ConstDirectiveNode[] = []) => {
    const needs = directives.map((directive) => readNeed(coordinate, directive)).filter((need) => need !== undefined);
    if (needs.length > 0) declared.set(coordinate, [...(declared.get(coordinate) ?? []), ...needs]);
  };
  for (const definition of document.definitions) {
    if (!('name' in definition) || !definition.name || definition.kind === Kind.DIRECTIVE_DEFINITION) continue;
    const type = definition.name.value;
    if ('directives' in definition) read(type, definition.directives as readonly ConstDirectiveNode[] | undefined);
    if (!('fields' in definition)) continue;
    for (const field of definition.fields ?? []) read(`${type}.${field.name.value}`, field.directives);
  }
  return declared;
}

/**
 * The entities of a schema, each with the names in its keys. An interface object may have no need itself (composition
 * refuses it), so it is mapped when all other fields have one.
 */
function readKeys(document: DocumentNode): ReadonlyMap<string, ReadonlySet<string>> {
  const key = linkedNames(document, 'key');
  const keys = new Map<string, ReadonlySet<string>>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
    const ofType = (definition.directives ?? []).filter(({ name }) => key.has(name.value));
    if (ofType.length === 0) continue;
    const names = ofType.flatMap(({ arguments: given = [] }) =>
      given.flatMap(({ value }) => print(value).match(/\w+/g) ?? []),
    );
    keys.set(definition.name.value, new Set([...(keys.get(definition.name.value) ?? []), ...names]));
  }
  return keys;
}

function createNeedReader(document: DocumentNode) {
  const authenticated = linkedNames(document, 'authenticated');
  const requiresScopes = linkedNames(document, 'requiresScopes');
  const policy = linkedNames(document, 'policy');
  return (coordinate: string, directive: ConstDirectiveNode): Need | undefined => {
    const name = directive.name.value;
    if (authenticated.has(name)) return { anyOf: [] };
    if (requiresScopes.has(name)) return { anyOf: readScopes(coordinate, directive) };
    if (policy.has(name)) throw new Error(`${coordinate} has @${name}, which nothing here can decide.`);
    return undefined;
  };
}

function readScopes(coordinate: string, directive: ConstDirectiveNode): Need['anyOf'] {
  const argument = directive.arguments?.find(({ name }) => name.value === 'scopes');
  const scopes: unknown = argument && valueFromASTUntyped(argument.value);
  if (isListOf(scopes, (all) => isListOf(all, (one) => typeof one === 'string' && isPermission(one)))) {
    return scopes as string[][];
  }
  throw new Error(`The scopes of ${coordinate} must be lists of permissions, as in [["read:leads"]].`);
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isItem);
}
