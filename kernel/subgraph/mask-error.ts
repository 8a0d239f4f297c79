import type { GraphQLError, GraphQLFormattedError } from 'graphql';
import { isUnreachable, isUnstorableValue } from '../data/database-errors.ts';
import { isErrorCode } from '../errors/codes.ts';
import type { Logger } from '../telemetry/logger.ts';

/** Where an error came up, and where its cause is written. */
export interface ErrorPlace {
  readonly app: string;
  readonly correlationId: string;
  readonly logger: Logger;
}

/**
 * An error as a client may see it. Ours keep their words; a mistake in the document or its variables is
 * `BAD_USER_INPUT`, as is a value that the database has no room for; a database that cannot be reached is
 * `SUBGRAPH_UNAVAILABLE`; anything else is logged with its cause and shown as `INTERNAL` with the correlation id only.
 */
export function maskError(error: GraphQLError, { app, correlationId, logger }: ErrorPlace): GraphQLFormattedError {
  const { locations, path } = error.toJSON();
  const place = { ...(locations && { locations }), ...(path && { path }) };
  if (isErrorCode(error.extensions.code)) {
    return { message: error.message, ...place, extensions: error.extensions };
  }
  // Before execution begins an error has no path: the document or a variable is at fault, not a resolver.
  if (path === undefined) {
    return { message: error.message, ...place, extensions: { code: 'BAD_USER_INPUT' } };
  }
  if (isUnstorableValue(error.originalError)) {
    const message = 'A value of the request cannot be stored: a text with a NUL character, or a time out of range.';
    return { message, ...place, extensions: { code: 'BAD_USER_INPUT' } };
  }
  logger.error({ app, correlationId, path, err: error.originalError ?? error }, 'A resolver failed');
  if (isUnreachable(error.originalError)) {
    return {
      message: `The app "${app}" cannot reach its data.`,
      ...place,
      extensions: { code: 'SUBGRAPH_UNAVAILABLE', app },
    };
  }
  return { message: 'Something failed on our side.', ...place, extensions: { code: 'INTERNAL', correlationId } };
}
