import type { FormattedExecutionResult, GraphQLError, GraphQLFormattedError } from 'graphql';
import { errorCodes, isErrorCode } from '../../kernel/errors/codes.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { presentable } from '../../kernel/http/refuse.ts';
import type { Logger } from '../../kernel/telemetry/logger.ts';
import { WrittenData } from '../execute/written-data.ts';
import type { OperationRequest, OperationResult, Pipeline } from '../pipeline.ts';

/** Apollo Server's own mistakes of a client, in our word for them. */
const clientMistakes = new Set([
  'BAD_REQUEST',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

/** Gives every error that leaves by this door a code of the table; what has none of ours and is no client's mistake is masked. */
export function formatError(formatted: GraphQLFormattedError): GraphQLFormattedError {
  const code = formatted.extensions?.code;
  if (isErrorCode(code)) return formatted;
  if (typeof code === 'string' && clientMistakes.has(code)) {
    return { ...formatted, extensions: { code: 'BAD_USER_INPUT' } };
  }
  return { message: 'Something failed on our side.', extensions: { code: 'INTERNAL' } };
}

export function formatErrors(errors: readonly GraphQLError[]): GraphQLFormattedError[] {
  return errors.map((error) => formatError(error.toJSON()));
}

/** The HTTP status of an operation that was refused: that of its first error. */
export function refusalStatus(errors: readonly GraphQLError[]): number {
  const code = errors[0]?.extensions.code;
  return isErrorCode(code) ? errorCodes[code].status : 500;
}

/** An error that an operation ended with, as a client may see it. What is not ours is logged. */
export function presentFailure(error: unknown, correlationId: string, logger: Logger): PanoramaError {
  if (!(error instanceof PanoramaError)) logger.error({ correlationId, err: error }, 'An operation failed');
  return presentable(error, correlationId);
}

/** What the pipeline made of an operation; what it throws is a refusal. */
export async function answerOperation(
  pipeline: Pipeline,
  request: OperationRequest,
  logger: Logger,
): Promise<OperationResult> {
  try {
    return await pipeline.answer(request);
  } catch (error) {
    return { errors: [presentFailure(error, request.context.correlationId, logger)] };
  }
}

/** An answer as text. The data are text already. */
export function answerText({ errors, data, extensions }: FormattedExecutionResult): string {
  const parts = [
    ...(errors ? [`"errors":${JSON.stringify(errors)}`] : []),
    ...(data === undefined ? [] : [`"data":${data instanceof WrittenData ? data.text : JSON.stringify(data)}`]),
    ...(extensions ? [`"extensions":${JSON.stringify(extensions)}`] : []),
  ];
  return `{${parts.join(',')}}`;
}
