import type { SubgraphOperation } from './connection.ts';

/** The path at which a subgraph of ours takes sockets. */
export const subscriptionPath = '/graphql';

/** What the token is bound to that opens a socket: it is for no operation. */
export const socketText = '';

/**
 * What the token of a subscription is bound to, where it is sent over a socket. The same on both sides: a value that went
 * through JSON once does not change any more.
 */
export function subscriptionText({ document, operationName, variables }: SubgraphOperation): string {
  return JSON.stringify([document, operationName ?? null, variables]);
}
