import { operationFromDocument } from '@apollo/federation-internals';
import type * as apollo from '@apollo/query-planner';
import type { QueryPlanner } from '@apollo/query-planner';
import type { DocumentNode } from 'graphql';
import { maxPaths, maxSearches, TooManySearches } from '../supergraph/bounded-planner.ts';
import { PlannerFault, TooManyWays } from './planner-fault.ts';

/** What a planner is asked. */
export interface PlanningRequest {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  /** The labels of the progressive overrides that hold. */
  readonly overrides: ReadonlySet<string>;
}

/** Asks a planner; undefined when no subgraph has to be asked. Throws `PlannerFault` when the planner loses its way. */
export function askPlanner(
  planner: QueryPlanner,
  { document, operationName, overrides }: PlanningRequest,
): apollo.QueryPlan['node'] {
  const options = operationName === undefined ? {} : { operationName };
  const overrideConditions = new Map([...overrides].map((label) => [label, true]));
  try {
    // The planner's own validation would repeat what the request path has done already.
    const operation = operationFromDocument(planner.supergraph.apiSchema(), document, { ...options, validate: false });
    return planner.buildQueryPlan(operation, { overrideConditions }).node;
  } catch (error) {
    throw faultOf(error);
  }
}

/** The planner knows some of its refusals by their messages only. */
function faultOf(error: unknown): PlannerFault {
  if (error instanceof TooManySearches) return new TooManyWays(maxSearches, error);
  const isTooMany = error instanceof Error && /^Too many options|^Number of non-local selections/.test(error.message);
  return isTooMany ? new TooManyWays(maxPaths, error) : new PlannerFault('The planner has failed.', error);
}
