import type { SubscriptionForwarder } from '@urql/core';
import type { Client } from './client.ts';
import { observe } from './observe.ts';

/**
 * What urql's `subscriptionExchange` forwards to; with `enableAllOperations` queries and mutations go through the client
 * as well. Subscriptions resume. An operation's context may say `resumeAs`.
 */
export function urqlForwarding(client: Client): SubscriptionForwarder {
  return ({ query = '', variables }, { kind, context }) => ({
    subscribe: (observer) => {
      const { resumeAs } = context as { readonly resumeAs?: string };
      return observe(client, { kind, text: query, variables: { ...variables }, resumeAs }, observer);
    },
  });
}
