import type { Connection, SubgraphRequest } from '../../kernel/subgraph/connection.ts';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { SupergraphError } from '../supergraph/supergraph-error.ts';
import { batchEntities } from './batch-entities.ts';
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
}

/**
 * Connects to every subgraph of a supergraph over HTTP. Beside the headers that it may see, a subgraph is sent the
 * correlation id of the request. Throws `SupergraphError` for a subgraph without an HTTP URL.
 */
export function connectSubgraphs(
  { subgraphs }: Supergraph,
  optionsOf: (subgraph: string) => SubgraphOptions,
): ReadonlyMap<string, Connection> {
  const connections = Array.from(subgraphs.values(), ({ name, url: routingUrl }) => {
    const { url = routingUrl, forwardHeaders, timeoutMs, maxAnswerBytes } = optionsOf(name);
    if (!isHttpUrl(url)) {
      throw new SupergraphError(
        `The subgraph "${name}" has no HTTP URL but "${url}". Give one as subgraphs.${name}.url.`,
      );
    }
    const headers = (request: SubgraphRequest) => headersFor(request, forwardHeaders);
    const connection = connectHttp({ url, timeoutMs, maxBodyBytes: maxAnswerBytes, headers });
    return [name, shareReads(batchEntities(connection))] as const;
  });
  return new Map(connections);
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

function headersFor({ context }: SubgraphRequest, forwardHeaders: readonly string[]): Readonly<Record<string, string>> {
  const headers: Record<string, string> = { 'x-correlation-id': context.correlationId };
  for (const name of forwardHeaders) {
    const value = context.forwardedHeaders?.[name];
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}
