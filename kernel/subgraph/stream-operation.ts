import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLFormattedError,
} from 'graphql';
import { onAbort } from '../resilience/on-abort.ts';
import { StreamEndedError, type SubgraphResponse } from './connection.ts';

/** What a stream needs beside its operation. */
export interface StreamParts {
  /** Makes the context value of the source, and one for each event: what a loader keeps may be old for the next event. */
  readonly createContext: () => unknown;
  /** Gives an error as clients may see it. */
  readonly mask: (error: GraphQLError) => GraphQLFormattedError;
  /** Ends the source. */
  readonly signal: AbortSignal;
}

/**
 * Starts a subscription on a subgraph's schema in this process (`CreateSourceEventStream` and
 * `MapSourceToResponseEvent` of the GraphQL specification): a stream with a response for each event, or one response when
 * it cannot be started. Leaving the stream, or the end of the signal, ends the source that the resolver gave. What the
 * source rejects with is an answer where it is a GraphQL error (`StreamEndedError`).
 */
export async function streamOperation(
  args: Omit<ExecutionArgs, 'contextValue' | 'rootValue'>,
  { createContext, mask, signal }: StreamParts,
): Promise<AsyncIterable<SubgraphResponse> | SubgraphResponse> {
  const source = await createSourceEventStream({ ...args, contextValue: createContext() });
  if (!(Symbol.asyncIterator in source)) return { errors: (source.errors ?? []).map(mask) };
  const events = source[Symbol.asyncIterator]();
  const leave = async () => {
    stopListening();
    await events.return?.();
  };
  const stopListening = onAbort(signal, () => void leave().catch(() => {}));
  if (signal.aborted) await leave();
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const event = await events.next().catch((error: unknown) => {
          stopListening();
          throw error instanceof GraphQLError ? new StreamEndedError([mask(error)]) : error;
        });
        if (event.done) {
          stopListening();
          return { done: true, value: undefined };
        }
        const answer = await execute({ ...args, rootValue: event.value, contextValue: createContext() });
        return { done: false, value: responseOf(answer, mask) };
      },
      async return() {
        await leave();
        return { done: true, value: undefined };
      },
    }),
  };
}

function responseOf({ data, errors }: ExecutionResult, mask: StreamParts['mask']): SubgraphResponse {
  return { data: data ?? null, ...(errors && { errors: errors.map(mask) }) };
}
