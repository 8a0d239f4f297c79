import type { SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';

/** An answer as it would be had a request asked for it alone: its errors carry the request's own correlation id. */
export function withOwnCorrelation(
  response: SubgraphResponse,
  asked: RequestContext,
  { correlationId }: RequestContext,
): SubgraphResponse {
  if (asked.correlationId === correlationId || !Array.isArray(response?.errors)) return response;
  const errors = response.errors.map((error) =>
    error?.extensions?.correlationId === asked.correlationId
      ? { ...error, extensions: { ...error.extensions, correlationId } }
      : error,
  );
  return { ...response, errors };
}
