import type { Rewrite, RewriteStep } from '../plan/plan-node.ts';
import { type DataObject, isDataObject, ownValue, setOwnValue } from './own-values.ts';

/** A representation or an answer after a fetch's rewrites. What is not rewritten is not copied, and nothing is changed. */
export function rewriteData<Value>(rewrites: readonly Rewrite[], value: Value): Value {
  return rewrites.reduce<unknown>((current, rewrite) => rewriteAt(rewrite, rewrite.path, current), value) as Value;
}

function rewriteAt(rewrite: Rewrite, path: readonly RewriteStep[], value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => rewriteAt(rewrite, path, item));
  if (!isDataObject(value)) return value;
  const [step, ...rest] = path;
  if (step === undefined) return rewriteObject(rewrite, value);
  if (step.kind === 'InlineFragment') {
    // Where an answer does not tell the type, the fragment was the only one that could apply.
    const typeName = ownValue(value, '__typename');
    return typeof typeName !== 'string' || step.typeNames.has(typeName) ? rewriteAt(rewrite, rest, value) : value;
  }
  const known = ownValue(value, step.responseName);
  const rewritten = rewriteAt(rewrite, rest, known);
  return rewritten === known ? value : withValue(value, step.responseName, rewritten);
}

function rewriteObject(rewrite: Rewrite, object: DataObject): DataObject {
  if (rewrite.kind === 'ValueSetter') return withValue(object, rewrite.key, rewrite.value);
  const value = ownValue(object, rewrite.key);
  if (value === undefined) return object;
  const { [rewrite.key]: _renamed, ...rest } = object;
  return withValue(rest, rewrite.newKey, value);
}

function withValue(object: DataObject, key: string, value: unknown): DataObject {
  const copy = { ...object };
  setOwnValue(copy, key, value);
  return copy;
}

/** The names of an answer's response path after its keys were renamed. */
export function rewritePath(
  rewrites: readonly Rewrite[],
  path: readonly (string | number)[],
): readonly (string | number)[] {
  const renamed = [...path];
  for (const rewrite of rewrites) {
    if (rewrite.kind !== 'KeyRenamer') continue;
    const names = rewrite.path.flatMap((step) => (step.kind === 'Field' ? [step.responseName] : []));
    const index = indexAfter([...names, rewrite.key], path);
    if (index !== undefined) renamed[index] = rewrite.newKey;
  }
  return renamed;
}

/** Where the last of the names stands in a path that begins with them, list positions aside. */
function indexAfter(names: readonly string[], path: readonly (string | number)[]): number | undefined {
  let matched = 0;
  for (const [index, key] of path.entries()) {
    if (typeof key === 'number') continue;
    if (key !== names[matched]) return undefined;
    matched += 1;
    if (matched === names.length) return index;
  }
  return undefined;
}
