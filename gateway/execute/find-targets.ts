import type { Execution } from './execution.ts';
import { type Overlays, readField } from './overlays.ts';
import { type DataObject, isDataObject, ownValue } from './own-values.ts';
import type { ResponsePath } from './subgraph-failure.ts';

/** One look for the objects at a path. */
interface Search {
  readonly overlays: Overlays;
  readonly path: readonly string[];
  /** By step, what a fetch brought there and was walked already. */
  readonly walked: Set<unknown>[];
  readonly targets: DataObject[];
}

/** What was found last: fetches that begin together are often for the same objects. */
export interface FoundTargets {
  readonly path: readonly string[];
  /** That of the overlays. */
  readonly version: number;
  readonly targets: readonly DataObject[];
}

/**
 * The objects at a flatten path. What a fetch brought may stand at several places of the response, and is walked once.
 */
export function findTargets(execution: Execution, path: readonly string[]): readonly DataObject[] {
  const { root, overlays, lastFound } = execution;
  if (lastFound?.version === overlays.version && isSamePath(lastFound.path, path)) return lastFound.targets;
  const search: Search = { overlays, path, walked: [], targets: [] };
  walk(search, root, 0);
  execution.lastFound = { path, version: overlays.version, targets: search.targets };
  return search.targets;
}

function isSamePath(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((step, index) => step === other[index]);
}

/** Goes on from a value with the step at `index`. */
function walk(search: Search, value: unknown, index: number): void {
  const step = search.path[index];
  if (step === undefined) {
    if (isDataObject(value)) search.targets.push(value);
  } else if (step === '@') {
    if (Array.isArray(value)) for (const item of value) walk(search, item, index + 1);
  } else if (isDataObject(value)) {
    walkField(search, value, step, index);
  }
}

function walkField(search: Search, object: DataObject, responseName: string, index: number): void {
  const overlay = search.overlays.get(object);
  const added = overlay && ownValue(overlay, responseName);
  if (added === undefined) {
    walk(search, ownValue(object, responseName), index + 1);
    return;
  }
  search.walked[index] ??= new Set();
  if (search.walked[index].has(added)) return;
  search.walked[index].add(added);
  walk(search, added, index + 1);
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
