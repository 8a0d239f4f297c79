import type * as apollo from '@apollo/query-planner';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { arrangeRequires } from './arrange-requires.ts';
import { mapFetches, type PlannedNode } from './map-fetches.ts';
import { restoreStandIns } from './restore-stand-ins.ts';
import { skipIdleFetch } from './skip-idle-fetch.ts';
import { splitFetch } from './split-fetch.ts';

/** Mends what the planner gets wrong, fetch by fetch. */
export function mendPlan({ standIns, requirements }: Supergraph, plan: PlannedNode): PlannedNode {
  return mapFetches(plan, (fetch, nodeOf) => {
    const parts = splitFetch(standIns, requirements, fetch);
    const nodes = parts.map((part): apollo.PlanNode => {
      const mended = restoreStandIns(standIns, arrangeRequires(requirements, part));
      if (fetch.operationKind === 'subscription') return nodeOf(mended);
      // What depends on the whole fetch cannot wait for one part of it.
      const { id, ...unnumbered } = mended;
      const node = nodeOf(parts.length === 1 ? mended : unnumbered);
      return skipIdleFetch(requirements, mended, node);
    });
    const [only] = nodes;
    return only && nodes.length === 1 ? only : { kind: 'Parallel', nodes };
  });
}
