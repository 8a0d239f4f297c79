import { GraphQLError, type GraphQLErrorOptions } from 'graphql';
import { type ErrorCode, errorCodes } from './codes.ts';

/** What an error says beside its message; `code` comes from the table, the rest names the field, limit, app, ... */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * An error that a client may see as it is. Anything else that is thrown reaches a client as `INTERNAL` with a
 * correlation id and nothing more.
 */
export class PanoramaError extends GraphQLError {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options: GraphQLErrorOptions = {}) {
    super(message, { ...options, extensions: { ...details, code } });
    this.name = 'PanoramaError';
    this.code = code;
  }

  /** The HTTP status of a response that consists of this error alone. */
  get status(): number {
    return errorCodes[this.code].status;
  }
}
