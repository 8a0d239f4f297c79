import {
  ApolloServer,
  type ApolloServerPlugin,
  type GraphQLRequestListener,
  type GraphQLResponse,
  HeaderMap,
} from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { buildSchema, type FormattedExecutionResult, type GraphQLError, type GraphQLFormattedError } from 'graphql';
import { errorCodes, isErrorCode } from '../../kernel/errors/codes.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { presentable } from '../../kernel/http/refuse.ts';
import type { Logger } from '../../kernel/telemetry/logger.ts';
import { WrittenData } from '../execute/written-data.ts';
import type { Pipeline } from '../pipeline.ts';
import type { DoorContext } from './graphql-door.ts';
import { createLenientStatus } from './lenient-status.ts';

/** A document of more tokens is refused before it is parsed any further. */
const maxTokens = 15_000;

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
function formatError(formatted: GraphQLFormattedError): GraphQLFormattedError {
  const code = formatted.extensions?.code;
  if (isErrorCode(code)) return formatted;
  if (typeof code === 'string' && clientMistakes.has(code)) {
    return { ...formatted, extensions: { code: 'BAD_USER_INPUT' } };
  }
  return { message: 'Something failed on our side.', extensions: { code: 'INTERNAL' } };
}

/** A refusal decides the HTTP status. */
function refusal(errors: readonly GraphQLError[]): GraphQLResponse<Record<string, unknown>> {
  const code = errors[0]?.extensions.code;
  const status = isErrorCode(code) ? errorCodes[code].status : 500;
  return response(status, { errors: formatErrors(errors) });
}

function formatErrors(errors: readonly GraphQLError[]): GraphQLFormattedError[] {
  return errors.map((error) => formatError(error.toJSON()));
}

function response(status: number | undefined, singleResult: FormattedExecutionResult<Record<string, unknown>>) {
  return {
    http: { ...(status !== undefined && { status }), headers: new HeaderMap() },
    body: { kind: 'single' as const, singleResult },
  };
}

/** The data are text already. */
function stringifyAnswer({ errors, data, extensions }: FormattedExecutionResult): string {
  const parts = [
    ...(errors ? [`"errors":${JSON.stringify(errors)}`] : []),
    ...(data === undefined ? [] : [`"data":${data instanceof WrittenData ? data.text : JSON.stringify(data)}`]),
    ...(extensions ? [`"extensions":${JSON.stringify(extensions)}`] : []),
  ];
  return `{${parts.join(',')}}`;
}

/**
 * Apollo Server will not start without a schema. It reads nothing from it: validation, introspection and execution are
 * the pipeline's, by the supergraph that is served at the time; and parsed documents outlive a change of the supergraph.
 */
const unreadSchema = buildSchema('type Query { unread: Boolean }');

export interface ApolloOptions {
  readonly pipeline: Pipeline;
  readonly logger: Logger;
}

/**
 * The pipeline in the place of Apollo Server's execution: whatever it throws becomes the whole answer. It is a plugin, and
 * not the executor of a gateway, because for those Apollo Server makes an object with accessors for every request, which
 * keeps all that belongs to the request alive until the next full garbage collection.
 */
function answerBy({ pipeline, logger }: ApolloOptions): ApolloServerPlugin<DoorContext> {
  const listener: GraphQLRequestListener<DoorContext> = {
    async responseForOperation({ document, source, request, contextValue }) {
      const context = contextValue.request;
      const { variables = {} } = request;
      const operationName = request.operationName || undefined;
      try {
        const { data, errors } = await pipeline({ text: source, document, operationName, variables, context });
        if (data === undefined) return refusal(errors ?? []);
        // Apollo Server only passes the data on, to be put out by `stringifyAnswer`.
        const written = data as unknown as Record<string, unknown>;
        return response(undefined, { data: written, ...(errors && { errors: formatErrors(errors) }) });
      } catch (error) {
        const { correlationId } = context;
        if (!(error instanceof PanoramaError)) logger.error({ correlationId, err: error }, 'An operation failed');
        return refusal([presentable(error, correlationId)]);
      }
    },
  };
  return { requestDidStart: async () => listener };
}

/** Apollo Server as the HTTP door: it parses, and the pipeline does everything after. */
export function createApollo(options: ApolloOptions): ApolloServer<DoorContext> {
  return new ApolloServer<DoorContext>({
    schema: unreadSchema,
    plugins: [
      answerBy(options),
      createLenientStatus(),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
    // The pipeline validates, for every door alike.
    dangerouslyDisableValidation: true,
    introspection: true,
    parseOptions: { maxTokens },
    formatError,
    stringifyResult: stringifyAnswer,
    // The door refuses forgeries itself: Apollo's rule would refuse a plain GET too.
    csrfPrevention: false,
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    logger: options.logger,
  });
}
