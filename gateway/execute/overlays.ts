import { type DataObject, isDataObject, ownValue, setOwnValue } from './own-values.ts';

/**
 * What fetches added to the objects of earlier answers, by object. An answer itself is never changed: requests may share
 * it. An overlay is never changed either, so objects may share one.
 */
export class Overlays extends Map<DataObject, DataObject> {
  /** A subgraph calls its interface objects by these names; they do not tell the type of an object. */
  readonly interfaceNames: ReadonlySet<unknown>;
  /** Goes up with whatever is added. */
  version = 0;

  constructor(interfaceNames: ReadonlySet<unknown>) {
    super();
    this.interfaceNames = interfaceNames;
  }
}

/** The value of a field, wherever it came from; undefined when no fetch brought it. */
export function readField(overlays: Overlays, object: DataObject, responseName: string): unknown {
  const overlay = overlays.get(object);
  const added = overlay && ownValue(overlay, responseName);
  return added !== undefined ? added : ownValue(object, responseName);
}

/**
 * Adds some fields of an answer to objects: what a subgraph adds unasked must not take another's place. Where an object
 * has a field already, objects are merged field by field and lists of equal length item by item; everything else is
 * replaced by what came later, but for a type by the name of its interface.
 */
export function addFields(
  overlays: Overlays,
  targets: readonly DataObject[],
  source: DataObject,
  responseNames: Iterable<string>,
): void {
  overlays.version += 1;
  const added = pickFields(source, responseNames);
  const nestedNames = Object.keys(added).filter((name) => typeof added[name] === 'object' && added[name] !== null);
  const isVague = overlays.interfaceNames.has(ownValue(added, '__typename'));
  let lastKnown: DataObject | undefined;
  let lastOverlay: DataObject | undefined;
  for (const target of targets) {
    const known = overlays.get(target);
    const own = isVague ? keepType(overlays, target, added) : added;
    const fields = mergeNested(overlays, target, own, nestedNames);
    const isLikeLast = fields === added && known === lastKnown && lastOverlay !== undefined;
    const overlay = isLikeLast ? lastOverlay : known ? { ...known, ...fields } : fields;
    if (overlay) overlays.set(target, overlay);
    if (fields === added) {
      lastKnown = known;
      lastOverlay = overlay;
    }
  }
}

function pickFields(source: DataObject, responseNames: Iterable<string>): DataObject {
  const fields: DataObject = {};
  for (const name of responseNames) {
    const value = ownValue(source, name);
    if (value !== undefined) setOwnValue(fields, name, value);
  }
  return fields;
}

function keepType(overlays: Overlays, target: DataObject, added: DataObject): DataObject {
  const known = readField(overlays, target, '__typename');
  return known === undefined ? added : { ...added, __typename: known };
}

/** The fields to put over a target, after what it has already was merged. The same object when nothing was there. */
function mergeNested(
  overlays: Overlays,
  target: DataObject,
  added: DataObject,
  nestedNames: readonly string[],
): DataObject {
  let fields = added;
  for (const name of nestedNames) {
    const value = ownValue(added, name);
    const merged = mergeValues(overlays, readField(overlays, target, name), value);
    if (merged === value) continue;
    if (fields === added) fields = { ...added };
    setOwnValue(fields, name, merged);
  }
  return fields;
}

function mergeValues(overlays: Overlays, known: unknown, value: unknown): unknown {
  if (known === value) return known;
  if (isDataObject(known) && isDataObject(value)) {
    addFields(overlays, [known], value, Object.keys(value));
    return known;
  }
  if (Array.isArray(known) && Array.isArray(value) && known.length === value.length) {
    const items = known.map((item: unknown, index) => mergeValues(overlays, item, value[index]));
    return items.every((item, index) => item === known[index]) ? known : items;
  }
  return value;
}
