import type { GraphQLFormattedError } from 'graphql';
import type { RequestContext } from '../tenancy/request-context.ts';

/** What a subgraph is asked. */
export interface SubgraphOperation {
  readonly document: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** One operation as a subgraph executes it. Whose it is, only its token says. */
export interface SubgraphCall extends SubgraphOperation {
  /** What the gateway signed for this call (`kernel/tenancy/subgraph-token.ts`). */
  readonly token: string | undefined;
  /** Ends when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Whether the answer carries a trace of its execution: `extensions.ftv1`. */
  readonly trace?: boolean;
}

/** One operation sent to a subgraph; its document holds exactly that one. */
export interface SubgraphRequest extends SubgraphOperation {
  readonly context: RequestContext;
  readonly operationKind: 'query' | 'mutation' | 'subscription';
  /**
   * Whether it is part of a client's query: then its answer may be shared with equal requests of the same scope. What a
   * mutation reads may not, because it has to see what the mutation wrote.
   */
  readonly isShareable?: boolean;
  /** The variables as JSON, where a step on the way has written them already. */
  readonly variablesText?: string;
}

/** What a subgraph answers, as the response format of the GraphQL specification gives it; not to be trusted. */
export interface SubgraphResponse {
  readonly data?: Readonly<Record<string, unknown>> | null | undefined;
  readonly errors?: readonly GraphQLFormattedError[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
  /** Set by a connection, never by a subgraph: no text in the data needs more than quotes to be JSON. */
  readonly hasPlainTexts?: boolean;
}

/** Executes the calls to a subgraph, in its process. It refuses those without a valid token. */
export type SubgraphExecutor = (call: SubgraphCall) => Promise<SubgraphResponse>;

/** A subgraph ended a subscription that it had started, and says why. */
export class StreamEndedError extends Error {
  override readonly name = 'StreamEndedError';
  readonly errors: readonly GraphQLFormattedError[];

  constructor(errors: readonly GraphQLFormattedError[]) {
    super(errors[0]?.message ?? 'The subgraph ended the subscription.');
    this.errors = errors;
  }
}

/**
 * Starts the subscriptions of a subgraph, in its process: a stream with a response for each event, or one response where
 * it cannot be started. It refuses calls without a valid token. Leaving the stream, or the end of the call's signal, ends
 * the source of its events.
 */
export type SubscribingExecutor = (call: SubgraphCall) => Promise<AsyncIterable<SubgraphResponse> | SubgraphResponse>;

/**
 * How a subgraph is reached. In-process calls, HTTP, and every policy (deadline, retry, breaker, ...) have this one
 * type, so policies stack. A rejection means that the subgraph gave no GraphQL answer.
 */
export type Connection = (request: SubgraphRequest) => Promise<SubgraphResponse>;

/**
 * How a subscription of a subgraph is followed: a stream with a response for each event, or one response when the
 * subgraph refuses to start it. Leaving the stream, or the end of the request's signal, ends it at the subgraph. The
 * stream rejects with `StreamEndedError` where the subgraph says why it ends it; any other rejection, of the call or of
 * the stream, means that the subgraph cannot be reached any more.
 */
export type SubscribingConnection = (
  request: SubgraphRequest,
) => Promise<AsyncIterable<SubgraphResponse> | SubgraphResponse>;
