import type { FetchNode, RequiredSelection } from '../plan/plan-node.ts';
import { buildRepresentation, representationKey } from './build-representation.ts';
import { type Execution, findAbsence, noteAbsence } from './execution.ts';
import { readField } from './overlays.ts';
import { type DataObject, ownValue, setOwnValue } from './own-values.ts';
import { rewriteData } from './rewrite-data.ts';

/** A representation, and the objects that it stands for. */
export interface BatchedRepresentation {
  readonly representation: DataObject;
  readonly targets: DataObject[];
}

/** The values of flat representations one after the other: each leads to the next, the last to the representation. */
interface ValueNode {
  next: Map<unknown, ValueNode> | undefined;
  batched: BatchedRepresentation | undefined;
}

/** The representations of one fetch so far. */
interface Batch {
  readonly flat: ValueNode;
  readonly byKey: Map<string, BatchedRepresentation>;
  readonly inOrder: BatchedRepresentation[];
}

/**
 * The distinct representations of some objects, in the order of the objects. An object that cannot be represented is
 * noted to lack the fetch's fields: for the failure that left its requirements missing, or because it has no key.
 */
export function batchRepresentations(
  execution: Execution,
  fetch: FetchNode,
  requires: readonly RequiredSelection[],
  targets: readonly DataObject[],
): readonly BatchedRepresentation[] {
  const batch: Batch = { flat: { next: undefined, batched: undefined }, byKey: new Map(), inOrder: [] };
  const flatFields = flatFieldsOf(fetch, requires);
  for (const target of targets) {
    const names = flatFields.get(readField(execution.overlays, target, '__typename'));
    if (!names || !addFlat(execution, batch, names, target)) addAny(execution, batch, fetch, requires, target);
  }
  return batch.inOrder;
}

/** Adds an object of whose type nothing but scalars is required. False when it has something else. */
function addFlat({ overlays }: Execution, batch: Batch, names: readonly string[], target: DataObject): boolean {
  const overlay = overlays.get(target);
  let node = batch.flat;
  for (const name of names) {
    const added = overlay && ownValue(overlay, name);
    const value = added !== undefined ? added : ownValue(target, name);
    if (value === undefined || (typeof value === 'object' && value !== null)) return false;
    node.next ??= new Map();
    let next = node.next.get(value);
    if (!next) {
      next = { next: undefined, batched: undefined };
      node.next.set(value, next);
    }
    node = next;
  }
  if (node.batched) {
    node.batched.targets.push(target);
    return true;
  }
  const representation: DataObject = {};
  for (const name of names) setOwnValue(representation, name, readField(overlays, target, name));
  node.batched = { representation, targets: [target] };
  batch.inOrder.push(node.batched);
  return true;
}

function addAny(
  execution: Execution,
  batch: Batch,
  fetch: FetchNode,
  requires: readonly RequiredSelection[],
  target: DataObject,
): void {
  const representation = representationFor(execution, fetch, requires, target);
  if (!representation) return;
  const key = representationKey(representation);
  const equal = batch.byKey.get(key);
  if (equal) {
    equal.targets.push(target);
    return;
  }
  const batched = { representation, targets: [target] };
  batch.byKey.set(key, batched);
  batch.inOrder.push(batched);
}

function representationFor(
  execution: Execution,
  fetch: FetchNode,
  requires: readonly RequiredSelection[],
  target: DataObject,
): DataObject | undefined {
  const { representation, missing } = buildRepresentation(execution.overlays, target, requires);
  if (missing.length > 0) {
    const reasons = missing.flatMap(({ object, responseName }) => findAbsence(execution, object, responseName) ?? []);
    const failure = reasons.find((reason) => reason !== 'no entity');
    if (failure || !representation) noteAbsence(execution, target, fetch, failure ?? 'no entity');
    if (failure) return undefined;
  }
  return representation && rewriteData(fetch.inputRewrites, representation);
}

/**
 * By type name, the fields that are required of its objects, where they are one fragment of fields without fields. The
 * type name is the first of them, so that types do not share values.
 */
type FlatFields = ReadonlyMap<unknown, readonly string[]>;

/** Kept beside the plan, which is data. */
const known = new WeakMap<FetchNode, FlatFields>();

function flatFieldsOf(fetch: FetchNode, requires: readonly RequiredSelection[]): FlatFields {
  const flatFields = known.get(fetch) ?? (fetch.inputRewrites.length === 0 ? compileFlatFields(requires) : new Map());
  known.set(fetch, flatFields);
  return flatFields;
}

function compileFlatFields(requires: readonly RequiredSelection[]): FlatFields {
  const fragments = requires.flatMap((selection) => (selection.kind === 'InlineFragment' ? [selection] : []));
  if (fragments.length < requires.length) return new Map();
  const typeNames = new Set(fragments.flatMap((fragment) => [...fragment.typeNames]));
  return new Map(
    Array.from(typeNames).flatMap((typeName) => {
      const [fragment, ...others] = fragments.filter((one) => one.typeNames.has(typeName));
      const names = fragment?.selections.flatMap((field) =>
        field.kind === 'Field' && !field.selections ? [field.responseName] : [],
      );
      const isFlat = others.length === 0 && names?.[0] === '__typename';
      return isFlat && names && names.length === fragment?.selections.length ? [[typeName, names] as const] : [];
    }),
  );
}
