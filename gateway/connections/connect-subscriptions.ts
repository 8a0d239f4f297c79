import type { SubgraphRequest, SubscribingConnection } from '../../kernel/subgraph/connection.ts';
import { socketText, subscriptionText } from '../../kernel/subgraph/subscription-call.ts';
import { createCallSigner, subgraphTokenHeader } from '../../kernel/tenancy/subgraph-token.ts';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { headersFor, type SubgraphOptions } from './connect-subgraphs.ts';
import { connectEventStream } from './event-stream.ts';
import { connectWebSocket } from './web-socket.ts';

/** How the subscriptions of one subgraph are reached. */
export interface SubscriptionOptions {
  /** `ws` is graphql-transport-ws, `sse` the distinct connections mode of graphql-sse. */
  readonly protocol: 'ws' | 'sse';
  /** Instead of the path of the subgraph's URL. */
  readonly path?: string;
}

const usual: SubscriptionOptions = { protocol: 'ws' };

/**
 * Connects to the subscriptions of every subgraph of a supergraph. Nothing is opened before somebody subscribes. A
 * subgraph is told what it is told with a query, beside the correlation id: a socket has many.
 */
export function connectSubscriptions(
  { subgraphs }: Supergraph,
  optionsOf: (subgraph: string) => SubgraphOptions,
): ReadonlyMap<string, SubscribingConnection> {
  return new Map(
    Array.from(subgraphs.values(), ({ name, url: routingUrl }) => {
      const { url = routingUrl, subscriptions = usual, ...options } = optionsOf(name);
      const { protocol, path = new URL(url).pathname } = subscriptions;
      const reached = { name, url: new URL(path, url), options };
      return [name, protocol === 'ws' ? overWebSocket(reached) : overEvents(reached)] as const;
    }),
  );
}

interface Reached {
  readonly name: string;
  readonly url: URL;
  readonly options: Omit<SubgraphOptions, 'url' | 'subscriptions'>;
}

function overWebSocket({ name, url, options }: Reached): SubscribingConnection {
  const { forwardHeaders, timeoutMs, maxAnswerBytes, tokenSecret } = options;
  const sign = tokenSecret === undefined ? undefined : createCallSigner(tokenSecret, name);
  const tokenFor = (request: SubgraphRequest, body: string) =>
    sign && { [subgraphTokenHeader]: sign({ ...request.context, body }) };
  const socketUrl = new URL(url);
  socketUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return connectWebSocket({
    url: socketUrl.href,
    timeoutMs,
    maxMessageBytes: maxAnswerBytes,
    headers(request) {
      const { 'x-correlation-id': _, ...headers } = headersFor(request, forwardHeaders);
      return headers;
    },
    credentials: (request) => ({ ...tokenFor(request, socketText) }),
    extensions: (request) => ({
      'x-correlation-id': request.context.correlationId,
      ...tokenFor(request, subscriptionText(request)),
    }),
  });
}

function overEvents({ name, url, options }: Reached): SubscribingConnection {
  const { forwardHeaders, timeoutMs, maxAnswerBytes, tokenSecret } = options;
  const sign = tokenSecret === undefined ? undefined : createCallSigner(tokenSecret, name);
  return connectEventStream({
    url: url.href,
    timeoutMs,
    maxEventBytes: maxAnswerBytes,
    headers: (request, body) => ({
      ...headersFor(request, forwardHeaders),
      ...(sign && { [subgraphTokenHeader]: sign({ ...request.context, body }) }),
    }),
  });
}
