import type { Execution } from './execution.ts';
import { type Overlays, readField } from './overlays.ts';
import { type DataObject, isDataObject, ownValue } from './own-values.ts';
import type { ResponsePath } from './subgraph-failure.ts';

/**
 * The objects at a flatten path. What a fetch brought may stand at several places of the response, and is walked once.
 */
export function findTargets({ root, overlays }: Execution, path: readonly string[]): readonly DataObject[] {
  let values: unknown[] = [root];
  for (const step of path) values = step === '@' ? itemsOf(values) : fieldsOf(overlays, values, step);
  return values.filter(isDataObject);
}

function itemsOf(values: readonly unknown[]): unknown[] {
  const items: unknown[] = [];
  for (const value of values) {
    if (Array.isArray(value)) for (const item of value) items.push(item);
  }
  return items;
}

function fieldsOf(overlays: Overlays, values: readonly unknown[], responseName: string): unknown[] {
  const fields: unknown[] = [];
  const shared = new Set<unknown>();
  for (const value of values) {
    if (!isDataObject(value)) continue;
    const overlay = overlays.get(value);
    const added = overlay && ownValue(overlay, responseName);
    if (added === undefined) {
      fields.push(ownValue(value, responseName));
    } else if (!shared.has(added)) {
      shared.add(added);
      fields.push(added);
    }
  }
  return fields;
}

/** An object that a fetch works on, and where it stands in the response. */
export interface Position {
  readonly target: DataObject;
  readonly path: ResponsePath;
  /** The objects that hold it, from the root on. */
  readonly ancestors: readonly DataObject[];
}

/** A value on the way to a position. */
interface Place extends Omit<Position, 'target'> {
  readonly value: unknown;
}

/** Every place of the objects at a flatten path. Paths are built only here: most fetches never need them. */
export function findPositions({ root, overlays }: Execution, path: readonly string[]): readonly Position[] {
  let places: readonly Place[] = [{ value: root, path: [], ancestors: [] }];
  for (const step of path) places = places.flatMap((place) => placesAt(overlays, place, step));
  return places.flatMap(({ value, ...place }) => (isDataObject(value) ? [{ target: value, ...place }] : []));
}

function placesAt(overlays: Overlays, { value, path, ancestors }: Place, step: string): readonly Place[] {
  if (step === '@') {
    if (!Array.isArray(value)) return [];
    return value.map((item: unknown, index) => ({ value: item, path: [...path, index], ancestors }));
  }
  if (!isDataObject(value)) return [];
  return [{ value: readField(overlays, value, step), path: [...path, step], ancestors: [...ancestors, value] }];
}
