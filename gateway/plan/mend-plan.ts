import type * as apollo from '@apollo/query-planner';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { arrangeRequires } from './arrange-requires.ts';
import { mapFetches } from './map-fetches.ts';
import { restoreStandIns } from './restore-stand-ins.ts';
import { skipIdleFetch } from './skip-idle-fetch.ts';
import { splitFetch } from './split-fetch.ts';

/** Mends what the planner gets wrong, fetch by fetch. */
export function mendPlan({ standIns, requirements }: Supergraph, plan: apollo.PlanNode): apollo.PlanNode {
  return mapFetches(plan, (fetch, nodeOf) => {
    const nodes = splitFetch(standIns, requirements, fetch).map((part) => {
      const mended = restoreStandIns(standIns, arrangeRequires(requirements, part));
      return skipIdleFetch(requirements, mended, nodeOf(mended));
    });
    const [only] = nodes;
    return only && nodes.length === 1 ? only : { kind: 'Parallel', nodes };
  });
}
