import type { OperationLimits } from '../../kernel/config/operation-limits.ts';
import { limitExceeded } from './limit-exceeded.ts';

/** Looks at the variables that were sent, before anything walks through them. Throws `OPERATION_LIMIT_EXCEEDED`. */
export function checkVariables(variables: Readonly<Record<string, unknown>>, limits: OperationLimits): void {
  const names = Object.keys(variables);
  if (names.length > limits.variables) throw limitExceeded(limits, 'variables');
  for (const name of names) {
    const limit = findExceeded(variables[name], limits, limits.inputDepth);
    if (limit) throw limitExceeded(limits, limit);
  }
}

/** Which limit a value is past; it goes no further down than so many levels of lists and objects. */
function findExceeded(
  value: unknown,
  limits: OperationLimits,
  levels: number,
): 'inputDepth' | 'inputItems' | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (levels === 0) return 'inputDepth';
  const isList = Array.isArray(value);
  // A database takes only so many values in one statement.
  if (isList && value.length > limits.inputItems) return 'inputItems';
  for (const part of isList ? value : Object.values(value)) {
    const limit = findExceeded(part, limits, levels - 1);
    if (limit) return limit;
  }
  return undefined;
}
