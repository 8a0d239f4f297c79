import { isDeepStrictEqual } from 'node:util';
import { type DocumentNode, Kind, parse, validate } from 'graphql';
import { createTestSubgraph, type Resolvers, type TestSubgraph } from './subgraph.ts';

/** An object as a subgraph knows it. A function is a field with arguments; its `this` is the object. */
export type Row = Readonly<Record<string, unknown>>;

/** A subgraph that is its data. */
export interface SubgraphData {
  readonly sdl: string;
  /** 2 by default. */
  readonly federation?: 1 | 2;
  /** The root fields. */
  readonly query?: Row;
  readonly mutation?: Row;
  /**
   * The entities by type. A representation means the row that has the same values; what it says beyond that, because a
   * field requires it, is added to the row.
   */
  readonly entities?: Readonly<Record<string, readonly Row[]>>;
}

/**
 * Makes a subgraph of data. It is strict: it rejects a request that is not valid for its schema, and a representation
 * that holds none of the keys by which it can resolve the type.
 */
export function createDataSubgraph(name: string, data: SubgraphData): TestSubgraph {
  const { sdl, federation, query, mutation, entities = {} } = data;
  const keys = resolvableKeysOf(parse(sdl));
  const references = Object.entries(entities).map(([typeName, rows]) => {
    const resolve = (reference: Row) => findEntity(`${name} ${typeName}`, rows, keys.get(typeName) ?? [], reference);
    return [typeName, { __resolveReference: resolve }] as const;
  });
  const resolvers = {
    ...(query && { Query: rootResolvers(query) }),
    ...(mutation && { Mutation: rootResolvers(mutation) }),
    ...Object.fromEntries(references),
  };
  return refusingInvalid(createTestSubgraph(name, sdl, resolvers as Resolvers, federation));
}

function rootResolvers(root: Row): Resolvers[string] {
  return Object.fromEntries(
    Object.entries(root).map(([field, value]) => [
      field,
      (_: never, args: never) => (typeof value === 'function' ? value.call(root, args) : value),
    ]),
  );
}

/** A subgraph that rejects every request that is not valid for its schema. */
export function refusingInvalid(subgraph: TestSubgraph): TestSubgraph {
  const known = new Map<string, readonly Error[]>();
  return {
    ...subgraph,
    async execute(request) {
      const mistakes = known.get(request.document) ?? validate(subgraph.schema, parse(request.document));
      known.set(request.document, mistakes);
      if (mistakes[0]) throw mistakes[0];
      return subgraph.execute(request);
    },
  };
}

type FieldNames = ReadonlyMap<string, FieldNames | undefined>;

function findEntity(what: string, rows: readonly Row[], keys: readonly FieldNames[], reference: Row): Row | null {
  const key = keys.find((fields) => hasFields(reference, fields));
  if (!key) throw new Error(`${what} cannot be found by ${JSON.stringify(reference)}.`);
  const row = rows.find((candidate) =>
    [...key].every(([field, below]) => isSame(candidate[field], reference[field], below)),
  );
  const { __typename, ...given } = reference;
  return row ? { ...row, ...given } : null;
}

function hasFields(value: unknown, fields: FieldNames): boolean {
  if (Array.isArray(value)) return value.every((item) => hasFields(item, fields));
  if (typeof value !== 'object' || value === null) return false;
  return [...fields].every(([field, below]) => {
    const found = (value as Row)[field];
    return found !== undefined && (below === undefined || found === null || hasFields(found, below));
  });
}

function isSame(known: unknown, given: unknown, fields: FieldNames | undefined): boolean {
  if (fields === undefined) return isDeepStrictEqual(known, given);
  if (Array.isArray(known) && Array.isArray(given)) {
    return known.length === given.length && known.every((item, index) => isSame(item, given[index], fields));
  }
  return [...fields].every(([field, below]) => isSame((known as Row)?.[field], (given as Row)?.[field], below));
}

function resolvableKeysOf(document: DocumentNode): ReadonlyMap<string, readonly FieldNames[]> {
  const keys = new Map<string, FieldNames[]>();
  for (const definition of document.definitions) {
    if (!('fields' in definition) || !('name' in definition) || !definition.name) continue;
    const found = (definition.directives ?? []).flatMap((directive) => {
      const argument = (name: string) => directive.arguments?.find((one) => one.name.value === name)?.value;
      const [fields, resolvable] = [argument('fields'), argument('resolvable')];
      const isResolvable = resolvable?.kind !== Kind.BOOLEAN || resolvable.value;
      return directive.name.value === 'key' && fields?.kind === Kind.STRING && isResolvable
        ? [fieldNamesOf(fields.value)]
        : [];
    });
    keys.set(definition.name.value, [...(keys.get(definition.name.value) ?? []), ...found]);
  }
  return keys;
}

function fieldNamesOf(fieldSet: string): FieldNames {
  const [operation] = parse(`{ ${fieldSet} }`).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('A key is a field set.');
  return namesIn(operation.selectionSet);
}

function namesIn({
  selections,
}: Extract<DocumentNode['definitions'][number], { kind: Kind.OPERATION_DEFINITION }>['selectionSet']): FieldNames {
  return new Map(
    selections.flatMap((selection) =>
      selection.kind === Kind.FIELD
        ? [[selection.name.value, selection.selectionSet && namesIn(selection.selectionSet)] as const]
        : [],
    ),
  );
}
