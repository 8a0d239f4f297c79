import type { GraphQLError } from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { onAbort } from '../../kernel/resilience/on-abort.ts';
import type { SubgraphResponse, SubscribingConnection } from '../../kernel/subgraph/connection.ts';
import { fetchVariables } from '../execute/execute-fetch.ts';
import { type ExecutionArguments, executeOperation, type OperationResult } from '../execute/execute-operation.ts';
import type { FetchNode } from '../plan/plan-node.ts';
import { type LeavableStream, mapStream } from './map-stream.ts';

export interface SubscriptionArguments extends ExecutionArguments {
  /** By subgraph name, for those that can be subscribed to. */
  readonly subscribingConnections: ReadonlyMap<string, SubscribingConnection>;
  /** How long what one event needs of other subgraphs may take, in milliseconds. */
  readonly eventDeadlineMs: number;
}

/** A subscription that has begun, or the errors that say why it has not. */
export type Subscription =
  | { readonly kind: 'started'; readonly answers: LeavableStream<OperationResult> }
  | { readonly kind: 'refused'; readonly errors: readonly GraphQLError[] };

/**
 * Runs a planned subscription (`CreateSourceEventStream` and `MapSourceToResponseEvent` of the GraphQL specification):
 * for each event of the source the rest of the plan is executed, and the answer is written as that of a query is.
 *
 * What goes wrong with one event is told in its answer, and the stream goes on. The stream ends with the source, when it
 * is left, or with the context's signal; it rejects with SUBGRAPH_UNAVAILABLE when the source fails. An event is taken
 * from the source when the answer to the one before has been taken, so a slow reader makes no heap of answers here.
 */
export async function subscribeOperation(args: SubscriptionArguments): Promise<Subscription> {
  const { context, plan } = args;
  if (plan.node?.kind !== 'Subscription') throw new PanoramaError('INTERNAL', 'The plan is for no subscription.');
  const { primary } = plan.node;
  const ending = new AbortController();
  const end = () => {
    stopListening();
    ending.abort(new DOMException('The subscription has ended.', 'AbortError'));
  };
  const stopListening = onAbort(context.signal, end);
  const { signal } = ending;
  const own = { ...args, context: { ...context, signal } };
  try {
    context.signal.throwIfAborted();
    const source = await openSource(own, primary);
    if (Symbol.asyncIterator in source) return { kind: 'started', answers: answersTo(own, primary, source, end) };
    const { errors = [noteFailure(args, primary, new Error('There is neither a stream nor an error.'))] } =
      await answerEvent(own, primary, source);
    end();
    return { kind: 'refused', errors };
  } catch (cause) {
    end();
    return { kind: 'refused', errors: [noteFailure(args, primary, cause)] };
  }
}

function answersTo(
  args: SubscriptionArguments,
  primary: FetchNode,
  source: AsyncIterable<SubgraphResponse>,
  end: () => void,
): LeavableStream<OperationResult> {
  const answers = mapStream(source, {
    map: (event) => answerEvent(args, primary, event),
    fail: (cause) => noteFailure(args, primary, cause),
    end,
  });
  onAbort(args.context.signal, () => void answers.return());
  return answers;
}

/** Rejects when the subgraph cannot be reached, or the signal ends first. */
async function openSource(
  args: SubscriptionArguments,
  primary: FetchNode,
): Promise<AsyncIterable<SubgraphResponse> | SubgraphResponse> {
  const { context, subscribingConnections } = args;
  const { document, operationName, operationKind, subgraph } = primary;
  const connection = subscribingConnections.get(subgraph);
  if (!connection) throw new Error(`The subgraph "${subgraph}" cannot be subscribed to.`);
  const variables = fetchVariables(args, primary);
  const opening = connection({ document, operationName, operationKind, variables, context });
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stopListening = onAbort(context.signal, () => reject(context.signal.reason));
  try {
    return await Promise.race([opening, aborted]);
  } catch (error) {
    opening.then(leave, () => {});
    throw error;
  } finally {
    stopListening();
  }
}

/** Leaves a stream that came too late. */
async function leave(source: AsyncIterable<SubgraphResponse> | SubgraphResponse): Promise<void> {
  if (Symbol.asyncIterator in source) await source[Symbol.asyncIterator]().return?.();
}

/** The answer to one event: the plan with the event in the place of the answer to its first fetch. */
async function answerEvent(
  args: SubscriptionArguments,
  { subgraph }: FetchNode,
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

function noteFailure({ onSubgraphFailure, context }: SubscriptionArguments, primary: FetchNode, cause: unknown) {
  const { subgraph: app } = primary;
  onSubgraphFailure?.({ app, context, cause });
  return new PanoramaError('SUBGRAPH_UNAVAILABLE', `The app "${app}" does not tell its events.`, { app });
}
