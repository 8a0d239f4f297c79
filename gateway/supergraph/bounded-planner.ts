import type { Supergraph as FederationSupergraph } from '@apollo/federation-internals';
import { type QueryPlan, QueryPlanner } from '@apollo/query-planner';

/**
 * How many ways to a field the planner weighs; an operation with more of them is refused. Interfaces multiply them:
 * without a bound a short operation can take all memory there is.
 */
export const maxPaths = 1000;

/** Of how many plans the planner takes the best. With more of them plans are seldom shorter, and take many times as long. */
const maxPlans = 200;

/**
 * How many searches the planner makes for one operation: one for it, and one for each thing that stands in the way of
 * something else, such as a key, again wherever it does. It is about a second's work.
 */
export const maxSearches = 20_000;

/** Thrown when an operation needs more searches than there may be. */
export class TooManySearches extends Error {}

/** Makes a planner whose work for one operation has a bound. */
export function createPlanner(federation: FederationSupergraph): QueryPlanner {
  return new BoundedPlanner(federation, {
    exposeDocumentNodeInFetchNode: true,
    incrementalDelivery: { enableDefer: true },
    debug: { pathsLimit: maxPaths, maxEvaluatedPlans: maxPlans },
  });
}

/** The planner has no such bound. It reads how many paths there may be once for every search, and so they are counted. */
class BoundedPlanner extends QueryPlanner {
  #searches = 0;

  constructor(...args: ConstructorParameters<typeof QueryPlanner>) {
    super(...args);
    const { debug } = this['config' as keyof this] as { readonly debug: object };
    Object.defineProperty(debug, 'pathsLimit', { get: () => this.#countSearch() });
  }

  override buildQueryPlan(...args: Parameters<QueryPlanner['buildQueryPlan']>): QueryPlan {
    this.#searches = 0;
    return super.buildQueryPlan(...args);
  }

  #countSearch(): number {
    this.#searches += 1;
    if (this.#searches > maxSearches) throw new TooManySearches('The planner has searched enough.');
    return maxPaths;
  }
}
