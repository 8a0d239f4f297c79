import type { GraphQLError } from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import { isDataObject } from '../execute/own-values.ts';

/** The error of a subscription whose subgraph cannot be reached. */
export function unavailable(app: string): PanoramaError {
  return new PanoramaError('SUBGRAPH_UNAVAILABLE', `The app "${app}" does not tell its events.`, { app });
}

/** The code that a subgraph gave the first of its errors; undefined where it says none. */
export function codeOf(errors: SubgraphResponse['errors']): unknown {
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const extensions = isDataObject(first) ? first.extensions : undefined;
  return isDataObject(extensions) ? extensions.code : undefined;
}

/** What nobody foresaw, as a client may hear of it. */
export function somethingFailed({ correlationId }: RequestContext): PanoramaError {
  return new PanoramaError('INTERNAL', 'Something failed on our side.', { correlationId });
}

/** A subscription that was valid when it began does not go on by another supergraph. */
export function endedByChange(error: GraphQLError | undefined): PanoramaError {
  const why = error?.message ?? 'Its field cannot be resumed any more.';
  const code = error instanceof PanoramaError ? error.code : 'BAD_USER_INPUT';
  const message = `The schema has changed, and the subscription cannot go on by the new one. ${why}`;
  return new PanoramaError(code, message, { ...error?.extensions, reason: 'SCHEMA_CHANGED' });
}
