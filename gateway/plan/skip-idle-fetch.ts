import type * as apollo from '@apollo/query-planner';
import type { Requirements } from '../supergraph/requirements.ts';
import { fetchedFields, fetchedSelectionsOf } from './fetched-fields.ts';
import type { Guard } from './output-shape.ts';

/** More would make the decision larger than the fetch. */
const maxVariables = 4;

/**
 * Mends an omission of the planner, which skips a fetch only when one condition stands over all of it: a fetch of which
 * every field has some condition is not sent when none of them holds.
 *
 * @param node What is done with the fetch.
 */
export function skipIdleFetch(
  { objectTypes }: Requirements,
  fetch: apollo.FetchNode,
  node: apollo.PlanNode,
): apollo.PlanNode {
  const fetched = fetchedSelectionsOf(fetch);
  if (!fetched) return node;
  const guards = fetchedFields(fetched, objectTypes).map(({ guard }) => guard);
  const variables = new Set(guards.flatMap((guard) => guard.map(({ variable }) => variable)));
  return variables.size > maxVariables ? node : (whenAny(guards, node) ?? node);
}

/** The node where one of the guards holds; undefined when there is no guard. */
function whenAny(guards: readonly Guard[], node: apollo.PlanNode): apollo.PlanNode | undefined {
  if (guards.some((guard) => guard.length === 0)) return node;
  const variable = guards[0]?.[0]?.variable;
  if (variable === undefined) return undefined;
  const ifClause = whenAny(knowing(guards, variable, true), node);
  const elseClause = whenAny(knowing(guards, variable, false), node);
  return {
    kind: 'Condition',
    condition: variable,
    ...(ifClause && { ifClause }),
    ...(elseClause && { elseClause }),
  };
}

/** What is left of guards when a variable is known. */
function knowing(guards: readonly Guard[], variable: string, value: boolean): readonly Guard[] {
  return guards
    .filter((guard) => guard.every((condition) => condition.variable !== variable || condition.wanted === value))
    .map((guard) => guard.filter((condition) => condition.variable !== variable));
}
