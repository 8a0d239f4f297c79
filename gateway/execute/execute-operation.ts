import { type DocumentNode, executeSync, type GraphQLError } from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { onAbort } from '../../kernel/resilience/on-abort.ts';
import type { Connection } from '../../kernel/subgraph/connection.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import type { OperationPlan } from '../plan/plan-operation.ts';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { compileFields } from './compile-writer.ts';
import { executeNode } from './execute-node.ts';
import type { Execution, SubgraphFailureObserver } from './execution.ts';
import { usesContexts } from './group-by-context.ts';
import type { DataObject } from './own-values.ts';
import { failureErrors } from './subgraph-failure.ts';
import { refusalErrors, startWriting } from './writing.ts';
import { WrittenData } from './written-data.ts';

export type { SubgraphFailureObserver };

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

/** A response as the GraphQL specification gives it, its data as text. */
export interface OperationResult {
  readonly data: WrittenData;
  /** Never empty. */
  readonly errors?: readonly GraphQLError[];
}

/**
 * Executes a planned operation: fetches from the subgraphs, merges, and forms the answer.
 *
 * Never rejects for what a subgraph does. A subgraph that fails leaves its fields null, each with an error
 * SUBGRAPH_UNAVAILABLE (DEADLINE_EXCEEDED once the context's signal has ended); everything else is answered.
 */
export async function executeOperation(args: ExecutionArguments): Promise<OperationResult> {
  const { plan, supergraph, variables, context } = args;
  if (plan.supergraphId !== supergraph.id) throw new PanoramaError('INTERNAL', 'The plan is for another supergraph.');
  const abortion = watchAbortion(context.signal);
  const execution = createExecution(args, abortion.aborted);
  try {
    if (plan.node) await executeNode(execution, plan.node, []);
  } finally {
    abortion.stopWatching();
  }
  const introspection = plan.introspection ? introspect(supergraph, plan.introspection, variables) : {};
  const writing = startWriting(execution, introspection);
  const outcome = compileFields(plan.shape.fields, plan.shape.typeName)(writing, execution.root);
  const data = new WrittenData(outcome ? writing.text : 'null');
  const errors = [...execution.errors, ...execution.failures.flatMap(failureErrors), ...refusalErrors(writing)];
  return errors.length > 0 ? { data, errors } : { data };
}

function createExecution(args: ExecutionArguments, aborted: Promise<never>): Execution {
  const { plan, variables, connections, context, onSubgraphFailure = () => {}, keptExtensions = [] } = args;
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
    overlays: new Map(),
    hasPlainTexts: true,
    clientNames: plan.clientNames,
    errors: [],
    failures: [],
    absences: new Map(),
  };
}

/** One listener for all fetches of an execution. */
function watchAbortion(signal: AbortSignal): { readonly aborted: Promise<never>; readonly stopWatching: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const stopWatching = onAbort(signal, () => reject(signal.reason));
  if (signal.aborted) reject(signal.reason);
  return { aborted: promise, stopWatching };
}

/** Introspection is answered from the API schema, so it shows nothing that is inaccessible. */
function introspect(
  { apiSchema }: Supergraph,
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
): DataObject {
  const { data, errors } = executeSync({ schema: apiSchema, document, variableValues: variables });
  if (!data) throw errors?.[0] ?? new PanoramaError('INTERNAL', 'The introspection gave no answer.');
  return data;
}
