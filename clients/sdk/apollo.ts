import type { ApolloLink, Observable } from '@apollo/client';
import type { Client } from './client.ts';
import { textOf } from './document.ts';
import { observe } from './observe.ts';

/**
 * What an Apollo link of this client does: `new ApolloLink(apolloRequests(client, Observable))`, at the end of a chain.
 * Queries, mutations and subscriptions go through the client, so subscriptions resume. An operation's context may say
 * `resumeAs`.
 *
 * @param AnyObservable The class that Apollo Client exports; given, so that nothing is imported here.
 */
export function apolloRequests(client: Client, AnyObservable: typeof Observable): ApolloLink.RequestHandler {
  return ({ query, operationType, variables, getContext }) =>
    new AnyObservable((observer) => {
      const operation = { kind: operationType, text: textOf(query), variables, resumeAs: getContext().resumeAs };
      return observe(client, operation, observer);
    });
}
