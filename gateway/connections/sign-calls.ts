import type {
  Connection,
  SubgraphExecutor,
  SubscribingConnection,
  SubscribingExecutor,
} from '../../kernel/subgraph/connection.ts';
import type { CallSigner } from '../../kernel/tenancy/subgraph-token.ts';

/**
 * Connects to a subgraph in this process, by the token that it asks of every caller. Below whatever shares calls between
 * requests: a shared call is signed for the request that it is sent for.
 */
export function signCalls(execute: SubgraphExecutor, sign: CallSigner): Connection {
  return ({ document, operationName, variables, context }) =>
    execute({ document, operationName, variables, token: sign(context), signal: context.signal });
}

/** The same for subscriptions. The token has to hold when one begins, and not as long as it lasts. */
export function signSubscriptions(subscribe: SubscribingExecutor, sign: CallSigner): SubscribingConnection {
  return ({ document, operationName, variables, context }) =>
    subscribe({ document, operationName, variables, token: sign(context), signal: context.signal });
}
