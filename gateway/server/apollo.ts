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
import { buildSchema, type FormattedExecutionResult, type GraphQLError } from 'graphql';
import { retryHeaders } from '../../kernel/http/refuse.ts';
import type { Logger } from '../../kernel/telemetry/logger.ts';
import type { Pipeline } from '../pipeline.ts';
import {
  answerOperation,
  answerText,
  formatError,
  formatErrors,
  presentFailure,
  refusalStatus,
} from './door-answer.ts';
import type { DoorContext } from './graphql-door.ts';
import { partsMediaType, takesParts, writeParts } from './incremental-answer.ts';
import { createLenientStatus } from './lenient-status.ts';
import type { ShortWay } from './short-way.ts';

/** A refusal decides the HTTP status. */
function refusal(errors: readonly GraphQLError[]): GraphQLResponse<Record<string, unknown>> {
  const refused = response(refusalStatus(errors), { errors: formatErrors(errors) });
  for (const [name, value] of retryHeaders(errors[0]?.extensions ?? {})) refused.http.headers.set(name, value);
  return refused;
}

function response(status: number | undefined, singleResult: FormattedExecutionResult<Record<string, unknown>>) {
  return {
    http: { ...(status !== undefined && { status }), headers: new HeaderMap() },
    body: { kind: 'single' as const, singleResult },
  };
}

/**
 * Apollo Server will not start without a schema. It reads nothing from it: validation, introspection and execution are
 * the pipeline's, by the supergraph that is served at the time; and parsed documents outlive a change of the supergraph.
 */
const unreadSchema = buildSchema('type Query { unread: Boolean }');

export interface ApolloOptions {
  readonly pipeline: Pipeline;
  /** Told of every document that was parsed; gives the one that is known for its text. */
  readonly keepDocument: ShortWay['keepDocument'];
  readonly logger: Logger;
}

/**
 * The pipeline in the place of Apollo Server's execution: whatever it throws becomes the whole answer. It is a plugin, and
 * not the executor of a gateway, because for those Apollo Server makes an object with accessors for every request, which
 * keeps all that belongs to the request alive until the next full garbage collection.
 */
function answerBy({ pipeline, keepDocument, logger }: ApolloOptions): ApolloServerPlugin<DoorContext> {
  const listener: GraphQLRequestListener<DoorContext> = {
    async willSendResponse({ response: { body }, contextValue }) {
      if (body.kind === 'single' && body.singleResult.data === undefined) contextValue.outcome.isRefused = true;
    },
    async responseForOperation({ document, source, request, contextValue }) {
      const context = contextValue.request;
      const { variables = {} } = request;
      const operationName = request.operationName || undefined;
      const isInParts = takesParts(request.http?.headers.get('accept'));
      const known = keepDocument(source, document);
      const { address } = contextValue.sender;
      const operation = { text: source, document: known, operationName, variables, context, address, isInParts };
      const result = await answerOperation(pipeline, operation, logger);
      const { data, errors, later } = result;
      if (data && later) {
        const present = (error: unknown) => presentFailure(error, context.correlationId, logger);
        contextValue.body.pieces = writeParts({ ...result, data, later }, { format: formatErrors, present });
        const headers = new HeaderMap([['content-type', partsMediaType]]);
        return { ...response(undefined, { data: null }), http: { headers } };
      }
      if (data === undefined) return refusal(errors ?? []);
      // Apollo Server only passes the data on, to be put out by `answerText`.
      const written = data as unknown as Record<string, unknown>;
      return response(undefined, { data: written, ...(errors && { errors: formatErrors(errors) }) });
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
    formatError,
    stringifyResult: answerText,
    // The door refuses forgeries itself: Apollo's rule would refuse a plain GET too.
    csrfPrevention: false,
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    logger: options.logger,
  });
}
