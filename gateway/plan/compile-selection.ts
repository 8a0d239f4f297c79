import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  isUnionType,
  type SelectionSetNode,
} from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import {
  type Appearance,
  type CollectionContext,
  collectFields,
  type DeferredSelections,
  type GuardedField,
  type GuardedSelectionSet,
} from './collect-fields.ts';
import { guardKey } from './guards.ts';
import type {
  AbstractShape,
  CollectedField,
  DeferredPart,
  ObjectShape,
  OutputShape,
  RuntimeShape,
} from './output-shape.ts';
import { isTrueAlias, type SourceNames } from './rename-aliases.ts';

/**
 * Composite shapes by type and by the fields whose selection sets they merge. The runtime types of an abstract type
 * mostly select the same places; sharing their shapes keeps nested abstract types from multiplying.
 */
interface Compilation extends CollectionContext {
  readonly sourceNames: SourceNames;
  readonly shapes: Map<string, ObjectShape | AbstractShape>;
  readonly nodeNumbers: Map<FieldNode, number>;
}

/**
 * Compiles the selection set of an operation for its root type.
 *
 * @param sourceNames What fetches call the fields with some aliases.
 */
export function compileSelection(
  schema: GraphQLSchema,
  rootType: GraphQLObjectType,
  selectionSet: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  sourceNames: SourceNames = new Map(),
): ObjectShape {
  const compilation: Compilation = { schema, fragments, sourceNames, shapes: new Map(), nodeNumbers: new Map() };
  return compileObject(compilation, rootType, [{ selectionSet, guard: [] }]);
}

function compileOutput(
  compilation: Compilation,
  type: GraphQLOutputType,
  places: readonly GuardedField[],
): OutputShape {
  if (isNonNullType(type))
    return Object.freeze({ kind: 'NonNull', of: compileOutput(compilation, type.ofType, places) });
  if (isListType(type)) return Object.freeze({ kind: 'List', of: compileOutput(compilation, type.ofType, places) });
  if (isScalarType(type)) return Object.freeze({ kind: 'Scalar', typeName: type.name });
  if (isEnumType(type)) {
    const values = new Set(type.getValues().map(({ name }) => name));
    return Object.freeze({ kind: 'Enum', typeName: type.name, values });
  }
  return compileComposite(compilation, type, places);
}

function compileComposite(
  compilation: Compilation,
  type: GraphQLCompositeType,
  places: readonly GuardedField[],
): ObjectShape | AbstractShape {
  const selectionSets = mergeSelectionSets(places);
  const key = shapeKey(compilation, type, places, selectionSets);
  const known = compilation.shapes.get(key);
  if (known) return known;
  const shape = isObjectType(type)
    ? compileObject(compilation, type, selectionSets)
    : compileAbstract(compilation, type, selectionSets);
  compilation.shapes.set(key, shape);
  return shape;
}

/** `MergeSelectionSets`. A guard that all places share held already when the field itself was included. */
function mergeSelectionSets(places: readonly GuardedField[]): readonly GuardedSelectionSet[] {
  const guardKeys = new Set(places.map(({ guard }) => guardKey(guard)));
  return places.flatMap(({ node, guard }) =>
    node.selectionSet ? [{ selectionSet: node.selectionSet, guard: guardKeys.size === 1 ? [] : guard }] : [],
  );
}

function shapeKey(
  { nodeNumbers }: Compilation,
  type: GraphQLCompositeType,
  places: readonly GuardedField[],
  selectionSets: readonly GuardedSelectionSet[],
): string {
  const parts = places.map(({ node }, index) => {
    const number = nodeNumbers.get(node) ?? nodeNumbers.size;
    nodeNumbers.set(node, number);
    return `${number} ${guardKey(selectionSets[index]?.guard ?? [])}`;
  });
  return [type.name, ...parts].join('|');
}

function compileObject(
  compilation: Compilation,
  type: GraphQLObjectType,
  selectionSets: readonly GuardedSelectionSet[],
): ObjectShape {
  return Object.freeze({ kind: 'Object', typeName: type.name, ...compileFields(compilation, type, selectionSets) });
}

function compileAbstract(
  compilation: Compilation,
  type: Exclude<GraphQLCompositeType, GraphQLObjectType>,
  selectionSets: readonly GuardedSelectionSet[],
): AbstractShape {
  const { schema } = compilation;
  const interfaces = isUnionType(type) ? [] : schema.getImplementations(type).interfaces;
  const shapes = new Map<string, RuntimeShape>();
  for (const runtimeType of [type, ...interfaces, ...schema.getPossibleTypes(type)]) {
    const compiled = compileFields(compilation, runtimeType, selectionSets);
    const objectTypeName = isObjectType(runtimeType) ? runtimeType.name : undefined;
    shapes.set(runtimeType.name, Object.freeze({ objectTypeName, ...compiled }));
  }
  return Object.freeze({ kind: 'Abstract', typeName: type.name, shapes });
}

function compileFields(
  compilation: Compilation,
  type: GraphQLCompositeType,
  selectionSets: readonly GuardedSelectionSet[],
): Pick<DeferredPart, 'fields' | 'parts'> {
  const { places, appearances, deferred } = collectFields(compilation, type.name, selectionSets);
  const fields = appearances.map((appearance) =>
    compileField(compilation, type, appearance, places.get(appearance.responseName) ?? []),
  );
  const parts = deferred.map((selections) => compilePart(compilation, type, selections));
  return { fields: Object.freeze(fields), parts: parts.length > 0 ? Object.freeze(parts) : noParts };
}

const noParts: readonly DeferredPart[] = Object.freeze([]);

function compilePart(
  compilation: Compilation,
  type: GraphQLCompositeType,
  { number, guard, selectionSets }: DeferredSelections,
): DeferredPart {
  // What the part's guard asks holds already when its fields are answered.
  const guarded = selectionSets.map((selectionSet) => ({ selectionSet, guard: [] }));
  return Object.freeze({ number, guard, ...compileFields(compilation, type, guarded) });
}

function compileField(
  compilation: Compilation,
  parentType: GraphQLCompositeType,
  appearance: Appearance,
  places: readonly GuardedField[],
): CollectedField {
  const { responseName } = appearance;
  const node = places[0]?.node;
  const name = node?.name.value ?? '';
  if (name === '__typename') return Object.freeze({ kind: 'Typename', ...appearance });
  if (name === '__schema' || name === '__type') return Object.freeze({ kind: 'Introspection', ...appearance });
  const coordinate = `${parentType.name}.${name}`;
  const shape = compileOutput(compilation, fieldOf(parentType, name).type, places);
  const renamed = node && isTrueAlias(node) ? compilation.sourceNames.get(responseName) : undefined;
  return Object.freeze({ kind: 'Data', ...appearance, sourceName: renamed ?? responseName, coordinate, shape });
}

function fieldOf(type: GraphQLCompositeType, name: string): GraphQLField<unknown, unknown> {
  const field = isUnionType(type) ? undefined : type.getFields()[name];
  if (!field) throw new PanoramaError('BAD_USER_INPUT', `Cannot query field "${name}" on type "${type.name}".`);
  return field;
}
