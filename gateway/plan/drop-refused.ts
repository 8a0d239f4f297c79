import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  getOperationAST,
  type InlineFragmentNode,
  isAbstractType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { type Fragments, fragmentsOf } from './inline-fragments.ts';
import type { AbstractShape, CollectedField, ObjectShape, OutputShape } from './output-shape.ts';
import { causeOfNull } from './refuse-fields.ts';
import { fragmentOn } from './selection-nodes.ts';

/**
 * Taking an interface apart into its types multiplies selections, once for each interface inside another. Past this many
 * the operation is refused, unless it was that large before: it can name the types itself.
 */
const maxSelections = 1_000;

/**
 * Leaves out of an operation what a shape refuses, so that it is not fetched. Where some types of an interface or union
 * are refused more than others, its fields are asked of the others by name, and of all only `__typename`.
 *
 * Throws `OPERATION_LIMIT_EXCEEDED` when too much would be left.
 *
 * @param shape Of the operation's answer, as `refuseFields` leaves it; its source names are the document's.
 */
export function dropRefused(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | undefined,
  shape: ObjectShape,
): DocumentNode {
  const operation = getOperationAST(document, operationName);
  if (!operation) return document;
  const dropping: Dropping = { schema, fragments: fragmentsOf(document), touched: new Map(), visited: 0, limit: 0 };
  if (!isTouched(dropping, shape)) return document;
  const sizes = new Map<SelectionSetNode, number>();
  dropping.limit = Math.max(maxSelections, sizeOf(operation.selectionSet, dropping.fragments, sizes));
  const selectionSet = dropIn(dropping, operation.selectionSet, placeOf(shape));
  if (sizeOf(selectionSet, dropping.fragments, sizes) > dropping.limit) throw tooManySelections(dropping);
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  return { ...document, definitions: [{ ...operation, selectionSet }, ...fragments] };
}

interface Dropping {
  readonly schema: GraphQLSchema;
  readonly fragments: Fragments;
  /** Whether something is refused in a shape. */
  readonly touched: Map<OutputShape, boolean>;
  /** How many selections were looked at. */
  visited: number;
  limit: number;
}

/** Where a selection set applies: the object types that are possible there, each with its fields in the answer. */
type Place = ReadonlyMap<string, readonly CollectedField[]>;

const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

function placeOf(shape: ObjectShape | AbstractShape): Place {
  if (shape.kind === 'Object') return new Map([[shape.typeName, shape.fields]]);
  const objects = [...shape.shapes.values()].flatMap(({ objectTypeName, fields }) =>
    objectTypeName === undefined ? [] : [[objectTypeName, fields] as const],
  );
  return new Map(objects);
}

function isTouched(dropping: Dropping, shape: OutputShape): boolean {
  const known = dropping.touched.get(shape);
  if (known !== undefined) return known;
  const answer = findTouched(dropping, shape);
  dropping.touched.set(shape, answer);
  return answer;
}

function findTouched(dropping: Dropping, shape: OutputShape): boolean {
  if (shape.kind === 'Scalar' || shape.kind === 'Enum') return false;
  if (shape.kind === 'NonNull' || shape.kind === 'List') return isTouched(dropping, shape.of);
  const lists = shape.kind === 'Object' ? [shape.fields] : Array.from(shape.shapes.values(), ({ fields }) => fields);
  return lists
    .flat()
    .some((field) => field.kind === 'Refused' || (field.kind === 'Data' && isTouched(dropping, field.shape)));
}

/** A selection set without what is refused. It is never empty: that an object is there is still asked. */
function dropIn(dropping: Dropping, selectionSet: SelectionSetNode, place: Place): SelectionSetNode {
  const isWhole = [...place.values()].every((fields) => !causeOfNull(fields));
  const selections = selectionsIn(dropping, selectionSet, place);
  const needsTypename = selections.length === 0 || !isWhole || place.size > 1;
  return { ...selectionSet, selections: needsTypename ? [typename, ...selections] : selections };
}

function selectionsIn(dropping: Dropping, { selections }: SelectionSetNode, place: Place): readonly SelectionNode[] {
  return selections.flatMap((selection): readonly SelectionNode[] => {
    dropping.visited += 1;
    if (dropping.visited > dropping.limit) throw tooManySelections(dropping);
    if (selection.kind === Kind.FIELD) return fieldsIn(dropping, selection, place);
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : dropping.fragments.get(selection.name.value);
    if (!fragment) return [];
    const { typeCondition, selectionSet } = fragment;
    const narrowed = typeCondition ? narrow(dropping, place, typeCondition.name.value) : place;
    const nested = selectionsIn(dropping, selectionSet, narrowed);
    const inline: InlineFragmentNode = {
      kind: Kind.INLINE_FRAGMENT,
      directives: selection.directives ?? [],
      selectionSet: { kind: Kind.SELECTION_SET, selections: nested },
      ...(typeCondition && { typeCondition }),
    };
    return nested.length > 0 ? [inline] : [];
  });
}

/** How many selections there are with all fragments in place; each set is counted once, as a node may stand at many. */
function sizeOf(selectionSet: SelectionSetNode, fragments: Fragments, known: Map<SelectionSetNode, number>): number {
  const answer = known.get(selectionSet);
  if (answer !== undefined) return answer;
  let size = 0;
  for (const selection of selectionSet.selections) {
    const isSpread = selection.kind === Kind.FRAGMENT_SPREAD;
    const below = isSpread ? fragments.get(selection.name.value)?.selectionSet : selection.selectionSet;
    size += 1 + (below ? sizeOf(below, fragments, known) : 0);
  }
  known.set(selectionSet, size);
  return size;
}

function tooManySelections({ limit }: Dropping): PanoramaError {
  return new PanoramaError(
    'OPERATION_LIMIT_EXCEEDED',
    'The operation asks for interfaces inside interfaces of which some types are refused. Name the types by fragments.',
    { limit: 'selectionsOfAllowedTypes', value: limit },
  );
}

/** The part of a place where a type condition holds. */
function narrow({ schema }: Dropping, place: Place, condition: string): Place {
  const type = schema.getType(condition);
  const names = isAbstractType(type) ? schema.getPossibleTypes(type).map(({ name }) => name) : [condition];
  return new Map(names.flatMap((name) => [[name, place.get(name)] as const]).filter(isPossible));
}

function isPossible(
  entry: readonly [string, readonly CollectedField[] | undefined],
): entry is readonly [string, readonly CollectedField[]] {
  return entry[1] !== undefined;
}

/** A field as it is, or as it is asked of each type where they differ. */
function fieldsIn(dropping: Dropping, node: FieldNode, place: Place): readonly SelectionNode[] {
  if (node.name.value.startsWith('__')) return [node];
  const known = new Map<OutputShape, FieldNode>();
  const asked = Array.from(place, ([typeName, fields]) => ({
    typeName,
    field: causeOfNull(fields) ? undefined : fieldOf(dropping, node, fields, known),
  }));
  const [first] = asked;
  if (!first) return [];
  if (asked.every(({ field }) => field === first.field)) return first.field ? [first.field] : [];
  return asked.flatMap(({ typeName, field }) => (field ? [fragmentOn(typeName, [field])] : []));
}

/** Undefined when the field is refused. */
function fieldOf(
  dropping: Dropping,
  node: FieldNode,
  fields: readonly CollectedField[],
  known: Map<OutputShape, FieldNode>,
): FieldNode | undefined {
  const name = node.alias?.value ?? node.name.value;
  const field = fields.find((one) => (one.kind === 'Data' || one.kind === 'Refused') && one.sourceName === name);
  if (field?.kind !== 'Data') return undefined;
  const shape = compositeOf(field.shape);
  if (!shape || !node.selectionSet || !isTouched(dropping, shape)) return node;
  const fieldNode = known.get(shape) ?? {
    ...node,
    selectionSet: dropIn(dropping, node.selectionSet, placeOf(shape)),
  };
  known.set(shape, fieldNode);
  return fieldNode;
}

function compositeOf(shape: OutputShape): ObjectShape | AbstractShape | undefined {
  if (shape.kind === 'NonNull' || shape.kind === 'List') return compositeOf(shape.of);
  return shape.kind === 'Object' || shape.kind === 'Abstract' ? shape : undefined;
}
