import type { SchemaNeed, SupergraphNeeds } from '../supergraph/needs.ts';
import { isIncluded } from './guards.ts';
import type {
  AbstractShape,
  CollectedField,
  DataField,
  ObjectShape,
  OutputShape,
  RefusedField,
  RuntimeShape,
} from './output-shape.ts';

/** What of the needs of a supergraph a principal does not meet. */
export interface Verdict {
  /** Equal for equal verdicts on one supergraph. */
  readonly key: string;
  readonly unmet: ReadonlySet<SchemaNeed>;
}

/**
 * Marks in the shape of an answer what a verdict refuses: fields, objects of refused types behind interfaces and unions,
 * and what can only be null because of them, up to the nearest place that may be null. What is not touched stays the same
 * object. Objects are judged by the type that they turn out to be of, so a refused type leaves its siblings.
 *
 * @param shape Of an answer in one part.
 */
export function refuseFields(needs: SupergraphNeeds, { unmet }: Verdict, shape: ObjectShape): ObjectShape {
  const refusing: Refusing = { needs, unmet, known: new Map() };
  return refuseInObject(refusing, shape);
}

interface Refusing {
  readonly needs: SupergraphNeeds;
  readonly unmet: ReadonlySet<SchemaNeed>;
  /** Shapes stand at several places. */
  readonly known: Map<OutputShape, OutputShape>;
}

function refuseIn(refusing: Refusing, shape: OutputShape): OutputShape {
  const known = refusing.known.get(shape);
  if (known) return known;
  const refused = refuseInShape(refusing, shape);
  refusing.known.set(shape, refused);
  return refused;
}

function refuseInShape(refusing: Refusing, shape: OutputShape): OutputShape {
  switch (shape.kind) {
    case 'NonNull':
    case 'List': {
      const of = refuseIn(refusing, shape.of);
      return of === shape.of ? shape : Object.freeze({ ...shape, of });
    }
    case 'Object':
      return refuseInObject(refusing, shape);
    case 'Abstract':
      return refuseInAbstract(refusing, shape);
    case 'Scalar':
    case 'Enum':
      return shape;
  }
}

function refuseInObject(refusing: Refusing, shape: ObjectShape): ObjectShape {
  const fields = refuseInFields(refusing, [shape.typeName], shape.fields);
  return fields === shape.fields ? shape : Object.freeze({ ...shape, fields });
}

function refuseInAbstract(refusing: Refusing, shape: AbstractShape): AbstractShape {
  const shapes = new Map(
    Array.from(shape.shapes, ([name, runtime]): [string, RuntimeShape] => {
      const judged = [name, ...(refusing.needs.undivided.get(name) ?? [])];
      const needs = unmetOf(refusing, refusing.needs.types, judged);
      const fields = needs.length > 0 ? [refusedObject(needs)] : refuseInFields(refusing, judged, runtime.fields);
      return [name, fields === runtime.fields ? runtime : Object.freeze({ ...runtime, fields: Object.freeze(fields) })];
    }),
  );
  const isTouched = [...shapes].some(([name, runtime]) => runtime !== shape.shapes.get(name));
  return isTouched ? Object.freeze({ ...shape, shapes }) : shape;
}

/** What is not met of the needs of some elements. */
function unmetOf(
  { unmet }: Refusing,
  needs: ReadonlyMap<string, readonly SchemaNeed[]>,
  coordinates: readonly string[],
): readonly SchemaNeed[] {
  const all = coordinates.flatMap((coordinate) => needs.get(coordinate)?.filter((need) => unmet.has(need)) ?? []);
  return [...new Set(all)];
}

/** The one field of an object that is refused as a whole: null is not allowed, so it becomes the object's own. */
function refusedObject(needs: readonly SchemaNeed[]): RefusedField {
  const nowhere = { responseName: '', sourceName: '', coordinate: undefined };
  return Object.freeze({ kind: 'Refused', ...nowhere, guard: [], isRepeated: false, isNonNull: true, needs });
}

/** @param judged The types by which the fields are judged: that of the object, and undivided interfaces of it. */
function refuseInFields(
  refusing: Refusing,
  judged: readonly string[],
  fields: readonly CollectedField[],
): readonly CollectedField[] {
  const refused = fields.map((field) => (field.kind === 'Data' ? refuseInField(refusing, judged, field) : field));
  const cause = causeOfNull(refused);
  if (cause) return Object.freeze([cause]);
  return refused.some((field, index) => field !== fields[index]) ? Object.freeze(refused) : fields;
}

function refuseInField(refusing: Refusing, judged: readonly string[], field: DataField): DataField | RefusedField {
  const name = field.coordinate.slice(field.coordinate.indexOf('.') + 1);
  const coordinates = judged.map((typeName) => `${typeName}.${name}`);
  const needs = unmetOf(refusing, refusing.needs.fields, coordinates);
  if (needs.length > 0) return asRefused(field, field.coordinate, needs);
  const shape = refuseIn(refusing, field.shape);
  const cause = causeOfNullIn(shape);
  if (cause) return asRefused(field, cause.coordinate ?? field.coordinate, cause.needs);
  return shape === field.shape ? field : Object.freeze({ ...field, shape });
}

function asRefused(field: DataField, coordinate: string, needs: readonly SchemaNeed[]): RefusedField {
  const { responseName, sourceName, guard, isRepeated, shape } = field;
  const isNonNull = shape.kind === 'NonNull';
  return Object.freeze({ kind: 'Refused', responseName, sourceName, guard, isRepeated, coordinate, isNonNull, needs });
}

/** The field that makes an object with these fields null, whatever the variables. */
export function causeOfNull(fields: readonly CollectedField[]): RefusedField | undefined {
  return fields.find((field) => field.kind === 'Refused' && field.isNonNull && field.guard.length === 0) as
    | RefusedField
    | undefined;
}

/** What makes a value null whatever it turns out to be. A list of values that may not be null is taken for one. */
function causeOfNullIn(shape: OutputShape): RefusedField | undefined {
  switch (shape.kind) {
    case 'NonNull':
      return causeOfNullIn(shape.of);
    case 'List':
      return shape.of.kind === 'NonNull' ? causeOfNullIn(shape.of) : undefined;
    case 'Object':
      return causeOfNull(shape.fields);
    case 'Abstract': {
      const objects = [...shape.shapes.values()].filter(({ objectTypeName }) => objectTypeName !== undefined);
      const causes = objects.map(({ fields }) => causeOfNull(fields));
      return causes.every((cause) => cause !== undefined) ? causes[0] : undefined;
    }
    case 'Scalar':
    case 'Enum':
      return undefined;
  }
}

/**
 * A root field that is refused under some variables, or that may turn out to be null because of something refused below
 * it. What must not begin before it is known to be allowed in full is tested with this.
 *
 * @param shape As `refuseFields` leaves it.
 */
export function findRefusedRoot(
  shape: ObjectShape,
  variables: Readonly<Record<string, unknown>>,
): RefusedField | undefined {
  const search: Search = { variables, known: new Map() };
  for (const field of shape.fields) {
    const cause = isIncluded(field.guard, variables) ? refusedBelow(search, field) : undefined;
    if (cause) return cause;
  }
  return undefined;
}

interface Search {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly known: Map<OutputShape, RefusedField | undefined>;
}

function refusedBelow(search: Search, field: CollectedField): RefusedField | undefined {
  if (field.kind === 'Refused') return field;
  return field.kind === 'Data' ? possibleCauseIn(search, field.shape) : undefined;
}

/** What may make a value null. */
function possibleCauseIn(search: Search, shape: OutputShape): RefusedField | undefined {
  switch (shape.kind) {
    case 'NonNull':
      return possibleCauseIn(search, shape.of);
    case 'List':
      return shape.of.kind === 'NonNull' ? possibleCauseIn(search, shape.of) : undefined;
    case 'Object':
    case 'Abstract': {
      if (search.known.has(shape)) return search.known.get(shape);
      const lists =
        shape.kind === 'Object' ? [shape.fields] : Array.from(shape.shapes.values(), ({ fields }) => fields);
      const cause = lists.map((fields) => possibleCause(search, fields)).find((one) => one !== undefined);
      search.known.set(shape, cause);
      return cause;
    }
    case 'Scalar':
    case 'Enum':
      return undefined;
  }
}

function possibleCause(search: Search, fields: readonly CollectedField[]): RefusedField | undefined {
  for (const field of fields) {
    const mayBeNull =
      field.kind === 'Refused' ? !field.isNonNull : field.kind === 'Data' && field.shape.kind !== 'NonNull';
    if (mayBeNull || !isIncluded(field.guard, search.variables)) continue;
    const cause = refusedBelow(search, field);
    if (cause) return cause;
  }
  return undefined;
}
