import { type DirectiveNode, Kind, type SelectionNode } from 'graphql';
import type { Guard, VariableCondition } from './output-shape.ts';

/**
 * Adds the `@skip` and `@include` of a selection to the guard of its parent. Undefined when the selection can never be
 * included.
 */
export function guardOf(parent: Guard, selection: SelectionNode): Guard | undefined {
  let guard = parent;
  for (const directive of selection.directives ?? []) {
    const name = directive.name.value;
    if (name !== 'include' && name !== 'skip') continue;
    const narrowed = withCondition(guard, directive, name === 'include');
    if (narrowed === undefined) return undefined;
    guard = narrowed;
  }
  return guard;
}

function withCondition(guard: Guard, directive: DirectiveNode, wanted: boolean): Guard | undefined {
  const value = directive.arguments?.find(({ name }) => name.value === 'if')?.value;
  if (value?.kind !== Kind.VARIABLE) {
    return value?.kind === Kind.BOOLEAN && value.value === wanted ? guard : undefined;
  }
  return narrowGuard(guard, { variable: value.name.value, wanted });
}

/** A guard with one more condition. Undefined when both can never hold together. */
export function narrowGuard(guard: Guard, { variable, wanted }: VariableCondition): Guard | undefined {
  const known = guard.find((condition) => condition.variable === variable);
  if (known) return known.wanted === wanted ? guard : undefined;
  return Object.freeze([...guard, Object.freeze<VariableCondition>({ variable, wanted })]);
}

/** Equal for guards that hold for the same variables. */
export function guardKey(guard: Guard): string {
  return guard
    .map(({ variable, wanted }) => (wanted ? variable : `!${variable}`))
    .sort()
    .join(' ');
}

/** Tells whether all conditions of a guard hold. The variable of a `@defer` may be missing: then nothing is deferred. */
export function isIncluded(guard: Guard, variables: Readonly<Record<string, unknown>>): boolean {
  return guard.every(({ variable, wanted }) => (variables[variable] === true) === wanted);
}
