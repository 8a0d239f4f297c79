import { onAbort } from '../../kernel/resilience/on-abort.ts';
import type { SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import { type ExecutionArguments, executeOperation, type OperationResult } from '../execute/execute-operation.ts';

/** How a subscription runs for one of its events. */
export interface EventArguments extends ExecutionArguments {
  /** How long what one event needs of other subgraphs may take, in milliseconds. */
  readonly eventDeadlineMs: number;
}

/**
 * The answer to one event: the plan with the event in the place of the answer to its first fetch. What goes wrong is told
 * in the answer.
 *
 * @param subgraph The one that has the events.
 */
export async function answerEvent(
  args: EventArguments,
  subgraph: string,
  event: SubgraphResponse,
): Promise<OperationResult> {
  const { context, connections, eventDeadlineMs } = args;
  const ending = new AbortController();
  const late = () => ending.abort(new DOMException('The deadline of the event has passed.', 'TimeoutError'));
  const deadline = setTimeout(late, eventDeadlineMs);
  const stopListening = onAbort(context.signal, () => ending.abort(context.signal.reason));
  const connection = connections.get(subgraph);
  const withEvent: typeof connection = async (request) => {
    if (request.operationKind === 'subscription') return event;
    if (!connection) throw new Error(`There is no connection to the subgraph "${subgraph}".`);
    return await connection(request);
  };
  try {
    return await executeOperation({
      ...args,
      connections: new Map(connections).set(subgraph, withEvent),
      context: { ...context, signal: ending.signal },
    });
  } finally {
    clearTimeout(deadline);
    stopListening();
  }
}
