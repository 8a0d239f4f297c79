import { isIncluded } from '../plan/guards.ts';
import type { AbstractShape, CollectedField, DataField, DeferredPart, OutputShape } from '../plan/output-shape.ts';
import { findAbsence } from './execution.ts';
import { readField } from './overlays.ts';
import { type DataObject, isDataObject, ownValue } from './own-values.ts';
import { noteMissing } from './subgraph-failure.ts';
import { compileLeaf, quote } from './write-leaf.ts';
import { deny, dropDeferred, isExplained, noteDeferred, placeOf, refuse, type Writing } from './writing.ts';

/**
 * What became of a value: true when it was written; null when it is null, undefined when it is left out with an error
 * that is told already. Then nothing was written: it is null where null is allowed, else its parent takes the null over.
 */
type Outcome = true | null | undefined;

/** Writes a value to the text of the answer. */
type Write = (writing: Writing, value: unknown) => Outcome;

/** Writes an object with its fields. */
export type WriteFields = (writing: Writing, source: DataObject) => Outcome;

/** Writes the value of one field of an object. */
type WriteField = (writing: Writing, source: DataObject, overlay: DataObject | undefined) => Outcome;

interface FieldWriter {
  readonly responseName: string;
  /** The name and the colon, as they stand in the answer when the field is the first of its object, and when not. */
  readonly firstLabel: string;
  readonly label: string;
  readonly isNonNull: boolean;
  readonly isRepeated: boolean;
  readonly guard: CollectedField['guard'];
  readonly write: WriteField;
}

/** Kept beside the plan, which is data: shapes are frozen, and live as long as their plan. */
const known = new WeakMap<readonly CollectedField[], WriteFields>();

/**
 * `CompleteValue` and `ExecuteSelectionSet` of the GraphQL specification for values that are there already, made once
 * for the fields of a plan: takes from the fetched data what the client asked for, in its order, checks every value
 * against its type and propagates nulls, straight into the text of the answer.
 *
 * A value that is not of its type becomes null with an error at its place. So does a null where the type allows none,
 * unless an error of a subgraph explains it. A field whose fetch failed is noted at the failure.
 *
 * @param objectTypeName The runtime type of the object; undefined when it cannot be told.
 */
function compileFields(fields: readonly CollectedField[], objectTypeName: string | undefined): WriteFields {
  const compiled = known.get(fields);
  if (compiled) return compiled;
  const writers = fields.map((field) => compileField(field, objectTypeName));
  const hasConditions = writers.some(({ guard }) => guard.length > 0);
  const write: WriteFields = (writing, source) =>
    writeFields(writing, hasConditions ? includedWriters(writing, writers) : writers, source);
  known.set(fields, write);
  return write;
}

/** Writes the fields of an object, and notes what is deferred of it. */
export function compileObjectFields(
  { fields, parts }: Pick<DeferredPart, 'fields' | 'parts'>,
  objectTypeName: string | undefined,
): WriteFields {
  const write = compileFields(fields, objectTypeName);
  if (parts.length === 0) return write;
  return (writing, source) => {
    const outcome = write(writing, source);
    if (outcome) noteDeferred(writing, parts, source, objectTypeName);
    return outcome;
  };
}

/** The fields whose conditions hold, each response name once. */
function includedWriters({ execution }: Writing, writers: readonly FieldWriter[]): readonly FieldWriter[] {
  const names = new Set<string>();
  return writers.filter(({ responseName, guard, isRepeated }) => {
    if (!isIncluded(guard, execution.variables) || (isRepeated && names.has(responseName))) return false;
    names.add(responseName);
    return true;
  });
}

/** Stops at the first null that the object cannot hold. */
function writeFields(writing: Writing, writers: readonly FieldWriter[], source: DataObject): Outcome {
  const overlay = writing.execution.overlays.get(source);
  const { path, text } = writing;
  const place = writing.depth;
  writing.depth = place + 1;
  let isFirst = true;
  writing.text += '{';
  for (const writer of writers) {
    path[place] = writer.responseName;
    writing.text += isFirst ? writer.firstLabel : writer.label;
    isFirst = false;
    if (writer.write(writing, source, overlay)) continue;
    if (writer.isNonNull) {
      writing.text = text;
      writing.depth = place;
      dropDeferred(writing);
      return undefined;
    }
    writing.text += 'null';
  }
  writing.text += '}';
  writing.depth = place;
  return true;
}

function compileField(field: CollectedField, objectTypeName: string | undefined): FieldWriter {
  const { responseName, guard, isRepeated } = field;
  const isNonNull = isNonNullField(field);
  const write = compileFieldValue(field, objectTypeName);
  const firstLabel = `${quote(responseName)}:`;
  return { responseName, firstLabel, label: `,${firstLabel}`, isNonNull, isRepeated, guard, write };
}

function isNonNullField(field: CollectedField): boolean {
  if (field.kind === 'Refused') return field.isNonNull;
  return field.kind === 'Typename' || (field.kind === 'Data' && field.shape.kind === 'NonNull');
}

function compileFieldValue(field: CollectedField, objectTypeName: string | undefined): WriteField {
  switch (field.kind) {
    case 'Data':
      return compileDataField(field);
    case 'Refused':
      return (writing) => deny(writing, field);
    case 'Typename': {
      if (objectTypeName === undefined) return (writing) => refuse(writing, 'The type of the object is not known.');
      const text = quote(objectTypeName);
      return (writing) => append(writing, text);
    }
    case 'Introspection':
      return (writing) => append(writing, JSON.stringify(ownValue(writing.introspection, field.responseName) ?? null));
  }
}

function compileDataField(field: DataField): WriteField {
  const { sourceName, coordinate } = field;
  const write = compileValue(field.shape, coordinate);
  return (writing, source, overlay) => {
    const added = overlay && ownValue(overlay, sourceName);
    if (typeof added === 'object' && added !== null) return writeOnce(writing, field, write, added);
    const value = added !== undefined ? added : ownValue(source, sourceName);
    return value === undefined ? writeAbsent(writing, field, write, source) : write(writing, value);
  };
}

function append(writing: Writing, text: string): true {
  writing.text += text;
  return true;
}

/** An entity may stand at many places, and with it all that is below: it is written once. */
function writeOnce(writing: Writing, field: DataField, write: Write, value: object): Outcome {
  let texts = writing.texts.get(field);
  if (!texts) {
    texts = new Map();
    writing.texts.set(field, texts);
  }
  const written = texts.get(value);
  if (written !== undefined) return append(writing, written);
  const { text, incidents } = writing;
  writing.text = '';
  const outcome = write(writing, value);
  if (outcome && writing.incidents === incidents) texts.set(value, writing.text);
  writing.text = text + writing.text;
  return outcome;
}

function writeAbsent(writing: Writing, field: DataField, write: Write, source: DataObject): Outcome {
  const reason = findAbsence(writing.execution, source, field.sourceName);
  if (reason === 'no entity') return writeUnknown(writing, field, write);
  if (reason === undefined && !isExplained(writing)) {
    return refuse(writing, `No app gave a value for the field ${field.coordinate}.`);
  }
  writing.incidents += 1;
  if (typeof reason === 'object') noteMissing(reason, placeOf(writing));
  return undefined;
}

/** A field of something that is referred to and that its app does not know: it may have been removed since. */
function writeUnknown(writing: Writing, { shape, coordinate }: DataField, write: Write): Outcome {
  if (shape.kind !== 'NonNull' || isExplained(writing)) return write(writing, null);
  const [typeName] = coordinate.split('.', 1);
  return refuse(writing, `There is no ${typeName} with this id.`, 'NOT_FOUND');
}

/** @param coordinate Of the field whose value it is, for messages. */
function compileValue(shape: OutputShape, coordinate: string): Write {
  switch (shape.kind) {
    case 'NonNull':
      return compileNonNull(compileValue(shape.of, coordinate), coordinate);
    case 'List':
      return compileList(compileValue(shape.of, coordinate), shape.of.kind === 'NonNull', coordinate);
    case 'Object': {
      const write = compileObjectFields(shape, shape.typeName);
      return compileObject(coordinate, () => write);
    }
    case 'Abstract':
      return compileAbstract(shape, coordinate);
    case 'Scalar':
    case 'Enum': {
      const write = compileLeaf(shape);
      const message = `The value of ${coordinate} is not of type ${shape.typeName}.`;
      return (writing, value) => {
        if (value === null || value === undefined) return null;
        const text = write(value, writing.quote);
        return text === undefined ? refuse(writing, message) : append(writing, text);
      };
    }
  }
}

function compileNonNull(write: Write, coordinate: string): Write {
  const message = `Cannot return null for non-nullable field ${coordinate}.`;
  return (writing, value) => {
    const outcome = write(writing, value);
    if (outcome !== null) return outcome;
    return isExplained(writing) ? undefined : refuse(writing, message);
  };
}

function compileList(write: Write, isItemNonNull: boolean, coordinate: string): Write {
  const message = `The value of ${coordinate} is not a list.`;
  return (writing, value) => {
    if (value === null || value === undefined) return null;
    if (!Array.isArray(value)) return refuse(writing, message);
    const { path, text } = writing;
    const place = writing.depth;
    writing.depth = place + 1;
    let isNulled = false;
    writing.text += '[';
    for (let index = 0; index < value.length; index += 1) {
      path[place] = index;
      if (index > 0) writing.text += ',';
      const outcome = write(writing, value[index]);
      if (outcome) continue;
      writing.text += 'null';
      if (outcome === undefined) isNulled ||= isItemNonNull;
    }
    writing.depth = place;
    writing.text = isNulled ? text : `${writing.text}]`;
    if (isNulled) dropDeferred(writing);
    return isNulled ? undefined : true;
  };
}

function compileObject(
  coordinate: string,
  writeFieldsOf: (writing: Writing, value: DataObject) => WriteFields | undefined,
): Write {
  const noObject = `The value of ${coordinate} is not an object.`;
  const noType = `The value of ${coordinate} is of no type that it can be of.`;
  return (writing, value) => {
    if (value === null || value === undefined) return null;
    if (!isDataObject(value)) return refuse(writing, noObject);
    const write = writeFieldsOf(writing, value);
    return write ? write(writing, value) : refuse(writing, noType);
  };
}

function compileAbstract({ shapes, typeName: ownName }: AbstractShape, coordinate: string): Write {
  const writers = new Map<unknown, WriteFields>(
    Array.from(shapes, ([name, shape]) => [name, compileObjectFields(shape, shape.objectTypeName)]),
  );
  return compileObject(coordinate, ({ execution }, value) =>
    writers.get(readField(execution.overlays, value, '__typename') ?? ownName),
  );
}
