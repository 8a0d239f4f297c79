import type { GraphQLError } from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { compileObjectFields } from './compile-writer.ts';
import type { LaterAnswer } from './deliver-parts.ts';
import { executeInParts } from './execute-in-parts.ts';
import { executeNode } from './execute-node.ts';
import type { SubgraphFailureObserver } from './execution.ts';
import { createExecution, type ExecutionArguments, introspect, watchAbortion } from './start-execution.ts';
import { failureErrors } from './subgraph-failure.ts';
import { refusalErrors, startWriting } from './writing.ts';
import { WrittenData } from './written-data.ts';

export type { ExecutionArguments, LaterAnswer, SubgraphFailureObserver };

/** A response as the GraphQL specification gives it, its data as text. */
export interface OperationResult {
  readonly data: WrittenData;
  /** Never empty. */
  readonly errors?: readonly GraphQLError[];
  /**
   * What the client deferred; there is something. The fetches for it are under way, and end when the reader leaves
   * early: whoever gets it reads it, to the end or up to a `return`.
   */
  readonly later?: AsyncGenerator<LaterAnswer, void>;
}

/**
 * Executes a planned operation: fetches from the subgraphs, merges, and forms the answer.
 *
 * Never rejects for what a subgraph does. A subgraph that fails leaves its fields null, each with an error
 * SUBGRAPH_UNAVAILABLE (DEADLINE_EXCEEDED once the context's signal has ended); everything else is answered.
 */
export async function executeOperation(args: ExecutionArguments): Promise<OperationResult> {
  const { plan, supergraph, context } = args;
  if (plan.supergraphId !== supergraph.id) throw new PanoramaError('INTERNAL', 'The plan is for another supergraph.');
  if (plan.partLabels.length > 0) return await executeInParts(args);
  const abortion = watchAbortion(context.signal);
  const execution = createExecution(args, abortion.aborted);
  try {
    if (plan.node) await executeNode(execution, plan.node, []);
  } finally {
    abortion.stopWatching();
  }
  const writing = startWriting(execution, introspect(args));
  const outcome = compileObjectFields(plan.shape, plan.shape.typeName)(writing, execution.root);
  const data = new WrittenData(outcome ? writing.text : 'null');
  const errors = [...execution.errors, ...execution.failures.flatMap(failureErrors), ...refusalErrors(writing)];
  return errors.length > 0 ? { data, errors } : { data };
}
