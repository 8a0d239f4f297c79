import { onAbort } from '../../kernel/resilience/on-abort.ts';
import type { SubgraphRequest, SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import { ownValue, setOwnValue } from '../execute/own-values.ts';
import type { AdmittedOperation } from '../pipeline.ts';
import { afterVariable, type SourcePlan } from './source-plan.ts';

/** What a source is opened for. */
export interface SourceRequest {
  readonly source: SourcePlan;
  readonly admitted: AdmittedOperation;
  /** Whose subscription it is; its signal ends the source. */
  readonly context: RequestContext;
  /** Where to begin; null from now on. */
  readonly cursor: string | null;
}

/**
 * Opens the source of a subscription: a stream, or the answer that refuses it. Rejects when the subgraph cannot be
 * reached, or the signal ends first.
 */
export async function openSource(asked: SourceRequest): Promise<AsyncIterable<SubgraphResponse> | SubgraphResponse> {
  const { source, admitted, context } = asked;
  const { signal } = context;
  signal.throwIfAborted();
  const connection = admitted.served.subscribingConnections?.get(source.subgraph);
  if (!connection) throw new Error(`The subgraph "${source.subgraph}" cannot be subscribed to.`);
  const opening = connection(requestOf(asked));
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stopListening = onAbort(signal, () => reject(signal.reason));
  try {
    const opened: unknown = await Promise.race([opening, aborted]);
    if (typeof opened !== 'object' || opened === null) throw new Error('There is neither a stream nor an error.');
    return opened as AsyncIterable<SubgraphResponse> | SubgraphResponse;
  } catch (error) {
    opening.then(leave, () => {});
    throw error;
  } finally {
    stopListening();
  }
}

function requestOf({ source, admitted, context, cursor }: SourceRequest): SubgraphRequest {
  const { document, operationName, variableNames } = source;
  const variables: Record<string, unknown> = {};
  for (const name of variableNames) {
    const value = ownValue(admitted.variables, name);
    if (value !== undefined) setOwnValue(variables, name, value);
  }
  if (source.cursor) variables[afterVariable] = cursor;
  return { document, operationName, operationKind: 'subscription', variables, context };
}

/** Leaves a stream that came too late. */
async function leave(source: AsyncIterable<SubgraphResponse> | SubgraphResponse): Promise<void> {
  if (Symbol.asyncIterator in source) await source[Symbol.asyncIterator]().return?.();
}
