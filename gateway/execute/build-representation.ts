import type { RequiredSelection } from '../plan/plan-node.ts';
import { type Overlays, readField } from './overlays.ts';
import { type DataObject, isDataObject, ownValue, setOwnValue } from './own-values.ts';

/** What an object lacks for its representation. */
export interface MissingRequirement {
  readonly object: DataObject;
  readonly responseName: string;
}

/** What is sent to a subgraph in an object's place, and what was not there to be sent. */
export interface BuiltRepresentation {
  /** Undefined when nothing is asked of an object of this type, or what is asked is not there. */
  readonly representation: DataObject | undefined;
  readonly missing: readonly MissingRequirement[];
}

const nothing: readonly MissingRequirement[] = [];

/**
 * Builds an object's representation from every fragment that fits its type and that it can fill.
 *
 * One fetch may serve fields with different requirements. Where `@skip` or `@include` leaves one of those fields out, what
 * it requires is not there, and the others still get theirs.
 */
export function buildRepresentation(
  overlays: Overlays,
  target: DataObject,
  requires: readonly RequiredSelection[],
): BuiltRepresentation {
  const building: Building = { overlays, missing: undefined };
  const selected: DataObject = {};
  const isBuilt = selectRequired(building, target, requires, selected);
  const representation = isBuilt && typeof selected.__typename === 'string' ? selected : undefined;
  return { representation, missing: building.missing ?? nothing };
}

interface Building {
  readonly overlays: Overlays;
  missing: MissingRequirement[] | undefined;
}

/** Copies what is required of an object into `selected`. False, and perhaps half done, when something is missing. */
function selectRequired(
  building: Building,
  source: DataObject,
  selections: readonly RequiredSelection[],
  selected: DataObject,
): boolean {
  for (const selection of selections) {
    if (selection.kind === 'InlineFragment') {
      const typeName = readField(building.overlays, source, '__typename');
      if (typeof typeName !== 'string' || !selection.typeNames.has(typeName)) continue;
      const fragment: DataObject = {};
      if (selectRequired(building, source, selection.selections, fragment)) mergeInto(selected, fragment);
      continue;
    }
    const { responseName } = selection;
    const known = readField(building.overlays, source, responseName);
    const value = selection.selections ? requiredValue(building, known, selection.selections) : known;
    if (value === undefined) {
      building.missing ??= [];
      building.missing.push({ object: source, responseName });
      return false;
    }
    setOwnValue(selected, responseName, value);
  }
  return true;
}

/** Undefined when the value, or anything required of it, is missing. */
function requiredValue(building: Building, value: unknown, selections: readonly RequiredSelection[]): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => requiredValue(building, item, selections));
    return items.includes(undefined) ? undefined : items;
  }
  if (!isDataObject(value)) return value;
  const selected: DataObject = {};
  return selectRequired(building, value, selections, selected) ? selected : undefined;
}

/** Fragments may require the same object, each some fields of it. All of it was made here, so it may be changed. */
function mergeInto(target: DataObject, source: DataObject): void {
  for (const name of Object.keys(source)) setOwnValue(target, name, merged(ownValue(target, name), source[name]));
}

function merged(known: unknown, value: unknown): unknown {
  if (known === value) return known;
  if (isDataObject(known) && isDataObject(value)) {
    mergeInto(known, value);
    return known;
  }
  if (Array.isArray(known) && Array.isArray(value) && known.length === value.length) {
    return known.map((item: unknown, index) => merged(item, value[index]));
  }
  return value;
}

/** Equal for representations that ask the same. Most hold a few scalars, for which this is much faster than JSON. */
export function representationKey(representation: DataObject): string {
  let key = '';
  for (const name of Object.keys(representation)) {
    const value = representation[name];
    // The length keeps texts apart from what follows them.
    if (typeof value === 'string') key += `${name}"${value.length}"${value}`;
    else key += `${name}:${typeof value === 'object' ? JSON.stringify(value) : String(value)},`;
  }
  return key;
}
