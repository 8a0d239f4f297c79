import {
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLFormattedError,
  subscribe,
} from 'graphql';
import type { SubgraphResponse } from './connection.ts';

/** Gives an error as clients may see it. */
type Mask = (error: GraphQLError) => GraphQLFormattedError;

/**
 * Starts a subscription on a subgraph's schema in this process: a stream with a response for each event, or one response
 * when it cannot be started. Leaving the stream ends the source that the resolver gave.
 */
export async function streamOperation(
  args: ExecutionArgs,
  mask: Mask,
): Promise<AsyncIterable<SubgraphResponse> | SubgraphResponse> {
  const started = await subscribe(args);
  if (!(Symbol.asyncIterator in started)) return responseOf(started, mask);
  const events = started[Symbol.asyncIterator]();
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const event = await events.next();
        return event.done ? event : { done: false, value: responseOf(event.value, mask) };
      },
      return: async () => {
        await events.return();
        return { done: true, value: undefined };
      },
    }),
  };
}

function responseOf({ data, errors }: ExecutionResult, mask: Mask): SubgraphResponse {
  return { data: data ?? null, ...(errors && { errors: errors.map(mask) }) };
}
