import { type ScopedKey, scopedKey, scopeOf } from '../../kernel/tenancy/scope.ts';
import type { AdmittedOperation, OperationRequest } from '../pipeline.ts';
import { type SourcePlan, sourcePlanOf } from './source-plan.ts';

/** A subscription that was admitted: all that those who follow the same one have in common. */
export interface FollowedOperation {
  /** As the first of them sent it, to be admitted again for another supergraph. */
  readonly request: OperationRequest;
  readonly admitted: AdmittedOperation;
  readonly source: SourcePlan;
  /** Equal, under one plan, for whom answers to the same events are the same. */
  readonly key: ScopedKey;
}

/** Undefined when the operation is no subscription. */
export function followedOperation(
  request: OperationRequest,
  admitted: AdmittedOperation,
): FollowedOperation | undefined {
  const { plan, variables, served } = admitted;
  const source = sourcePlanOf(served.supergraph, plan);
  if (!source) return undefined;
  const shared = source.cursor?.variable === undefined ? variables : without(variables, source.cursor.variable);
  return { request, admitted, source, key: scopedKey(scopeOf(request.context), JSON.stringify(shared)) };
}

function without(variables: AdmittedOperation['variables'], name: string): AdmittedOperation['variables'] {
  const { [name]: _, ...others } = variables;
  return others;
}

/** Whether the source of one is the source of the other too, so that it can go on when the plan changes. */
export function hasSameSource(one: FollowedOperation, other: FollowedOperation): boolean {
  const { subgraph } = one.source;
  const urlIn = ({ admitted }: FollowedOperation) => admitted.served.supergraph.subgraphs.get(subgraph)?.url;
  return (
    subgraph === other.source.subgraph &&
    one.source.document === other.source.document &&
    one.key === other.key &&
    urlIn(one) === urlIn(other)
  );
}
