import { type DocumentNode, executeSync } from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { onAbort } from '../../kernel/resilience/on-abort.ts';
import type { Connection } from '../../kernel/subgraph/connection.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import type { OperationPlan } from '../plan/plan-operation.ts';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { createDeferral } from './deferral.ts';
import type { Execution, SubgraphFailureObserver } from './execution.ts';
import { usesContexts } from './group-by-context.ts';
import { Overlays } from './overlays.ts';
import type { DataObject } from './own-values.ts';

export interface ExecutionArguments {
  readonly plan: OperationPlan;
  /** The supergraph that the plan was made for. */
  readonly supergraph: Supergraph;
  /** The operation's variables, coerced, with their defaults. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** By subgraph name. An answer is only read, so it may be given to several executions. */
  readonly connections: ReadonlyMap<string, Connection>;
  readonly context: RequestContext;
  readonly onSubgraphFailure?: SubgraphFailureObserver;
  /** Extensions of subgraphs' errors that clients may see beside `code`; none by default. */
  readonly keptExtensions?: readonly string[];
}

export function createExecution(args: ExecutionArguments, aborted: Promise<never>): Execution {
  const { plan, supergraph, variables, connections, context, onSubgraphFailure = () => {}, keptExtensions = [] } = args;
  const errors: Execution['errors'] = [];
  const isInParts = plan.partLabels.length > 0;
  return {
    variables,
    connections,
    context,
    onSubgraphFailure,
    keptExtensions,
    aborted,
    reads: plan.operationKind === 'query' ? new Map() : undefined,
    hasContexts: plan.node !== undefined && usesContexts(plan.node),
    root: {},
    overlays: new Overlays(supergraph.requirements.interfaceNames),
    lastFound: undefined,
    // Each part has an execution of its own and would not learn of what the others brought.
    hasPlainTexts: !isInParts,
    clientNames: plan.clientNames,
    errors,
    failures: [],
    absences: new Map(),
    deferral: isInParts ? createDeferral(errors) : undefined,
  };
}

/** One listener for all fetches of an execution. */
export function watchAbortion(signal: AbortSignal): {
  readonly aborted: Promise<never>;
  readonly stopWatching: () => void;
} {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const stopWatching = onAbort(signal, () => reject(signal.reason));
  if (signal.aborted) reject(signal.reason);
  return { aborted: promise, stopWatching };
}

/** The values of `__schema` and `__type`, from the API schema: it shows nothing that is inaccessible. */
export function introspect({ plan, supergraph, variables }: ExecutionArguments): DataObject {
  return plan.introspection ? readSchema(supergraph, plan.introspection, variables) : {};
}

function readSchema(
  { apiSchema }: Supergraph,
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
): DataObject {
  const { data, errors } = executeSync({ schema: apiSchema, document, variableValues: variables });
  if (!data) throw errors?.[0] ?? new PanoramaError('INTERNAL', 'The introspection gave no answer.');
  return data;
}
