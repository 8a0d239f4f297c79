import type { Connection, SubgraphRequest } from '../../kernel/subgraph/connection.ts';
import { createCallSigner, subgraphTokenHeader } from '../../kernel/tenancy/subgraph-token.ts';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { SupergraphError } from '../supergraph/supergraph-error.ts';
import { batchEntities } from './batch-entities.ts';
import type { SubscriptionOptions } from './connect-subscriptions.ts';
import { connectHttp } from './http.ts';
import { shareReads } from './share-reads.ts';

/** How one subgraph is reached over HTTP. */
export interface SubgraphOptions {
  /** Instead of the URL that the supergraph notes. */
  readonly url?: string;
  /** The names, in lower case, of the client's headers that the subgraph sees. */
  readonly forwardHeaders: readonly string[];
  /** How long one answer may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How large the body of an answer may be, in bytes. */
  readonly maxAnswerBytes: number;
  /** The secret of the platform that the subgraph belongs to. With it, every call carries a token made for the subgraph. */
  readonly tokenSecret?: string;
  /** By default WebSocket, at the subgraph's own URL. */
  readonly subscriptions?: SubscriptionOptions;
}

/**
 * Connects to every subgraph of a supergraph over HTTP. Beside the headers that it may see, a subgraph is sent the
 * correlation id of the request and, where there is a secret for it, a token. Throws `SupergraphError` for a subgraph
 * without an HTTP URL.
 */
export function connectSubgraphs(
  { subgraphs }: Supergraph,
  optionsOf: (subgraph: string) => SubgraphOptions,
): ReadonlyMap<string, Connection> {
  const connections = Array.from(subgraphs.values(), ({ name, url: routingUrl }) => {
    const { url = routingUrl, forwardHeaders, timeoutMs, maxAnswerBytes, tokenSecret } = optionsOf(name);
    if (!isHttpUrl(url)) {
      throw new SupergraphError(
        `The subgraph "${name}" has no HTTP URL but "${url}". Give one as subgraphs.${name}.url.`,
      );
    }
    const sign = tokenSecret === undefined ? undefined : createCallSigner(tokenSecret, name);
    const headers = (request: SubgraphRequest, body: string) => {
      const sent = headersFor(request, forwardHeaders);
      if (sign) sent[subgraphTokenHeader] = sign({ ...request.context, body });
      return sent;
    };
    const connection = connectHttp({ url, timeoutMs, maxBodyBytes: maxAnswerBytes, headers });
    return [name, shareReads(batchEntities(connection))] as const;
  });
  return new Map(connections);
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

/** The headers of a client's request that a subgraph may see, and the correlation id. */
export function headersFor({ context }: SubgraphRequest, forwardHeaders: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = { 'x-correlation-id': context.correlationId };
  for (const name of forwardHeaders) {
    const value = context.forwardedHeaders?.[name];
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}
