import { createEnding, onAbort } from '../../kernel/resilience/on-abort.ts';
import type { Connection, SubgraphResponse } from '../../kernel/subgraph/connection.ts';
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
  const { plan, connections } = args;
  const needsOthers = plan.node?.kind === 'Subscription' && plan.node.rest !== undefined;
  if (needsOthers) return await answerInTime(args, withEvent(connections, subgraph, event));
  return await executeOperation({ ...args, connections: new Map([[subgraph, async () => event]]) });
}

function withEvent(
  connections: ReadonlyMap<string, Connection>,
  subgraph: string,
  event: SubgraphResponse,
): ReadonlyMap<string, Connection> {
  const connection = connections.get(subgraph);
  return new Map(connections).set(subgraph, async (request) => {
    if (request.operationKind === 'subscription') return event;
    if (!connection) throw new Error(`There is no connection to the subgraph "${subgraph}".`);
    return await connection(request);
  });
}

async function answerInTime(
  args: EventArguments,
  connections: ReadonlyMap<string, Connection>,
): Promise<OperationResult> {
  const { context, eventDeadlineMs } = args;
  const { signal, end } = createEnding();
  const late = () => end(new DOMException('The deadline of the event has passed.', 'TimeoutError'));
  const deadline = setTimeout(late, eventDeadlineMs);
  const stopListening = onAbort(context.signal, () => end(context.signal.reason));
  try {
    return await executeOperation({ ...args, connections, context: { ...context, signal } });
  } finally {
    clearTimeout(deadline);
    stopListening();
  }
}
