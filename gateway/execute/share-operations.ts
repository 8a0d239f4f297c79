import { GraphQLError } from 'graphql';
import { SharedWork } from '../../kernel/resilience/shared-work.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import { type ScopedKey, scopedKey, scopeOf } from '../../kernel/tenancy/scope.ts';
import type { OperationPlan } from '../plan/plan-operation.ts';
import type { ExecutionArguments, OperationResult } from './execute-operation.ts';

/** Executes a planned operation. */
export type Execute = (args: ExecutionArguments) => Promise<OperationResult>;

/** A query under way, and the request that began it. */
interface Query {
  readonly work: SharedWork<OperationResult>;
  readonly context: RequestContext;
}

/**
 * Executes equal queries of one scope once while they are under way: those of one plan with equal variables. Never across
 * scopes and never mutations; and once a mutation has ended, no query joins one that began before it. A client that goes
 * away ends nothing for the others, and every answer carries its own request's correlation id.
 */
export function shareOperations(execute: Execute): Execute {
  const underWay = new Map<OperationPlan, Map<ScopedKey, Query>>();

  function start(key: ScopedKey, args: ExecutionArguments): Query {
    const { plan, context } = args;
    const work = new SharedWork(async (signal) => {
      try {
        return await execute({ ...args, context: { ...context, signal } });
      } finally {
        const queries = underWay.get(plan);
        if (queries?.get(key) === query) queries.delete(key);
        if (queries?.size === 0) underWay.delete(plan);
      }
    });
    const query: Query = { work, context };
    underWay.set(plan, (underWay.get(plan) ?? new Map<ScopedKey, Query>()).set(key, query));
    return query;
  }

  return async (args) => {
    const { plan, variables, context } = args;
    if (plan.operationKind !== 'query') return await execute(args).finally(() => underWay.clear());
    // An answer in parts is read by one: each reader takes the parts at its own pace, and may leave between them.
    if (plan.partLabels.length > 0) return await execute(args);
    // What has no fetch costs less than what it takes to share it.
    if (!plan.node || context.signal.aborted) return await execute(args);
    const key = scopedKey(scopeOf(context), JSON.stringify(variables));
    const known = underWay.get(plan)?.get(key);
    const query = known && !known.work.isOver ? known : start(key, args);
    try {
      return withOwnCorrelation(await query.work.join(context.signal), query.context, context);
    } catch (error) {
      // Its own deadline has passed: it gets the answer that there is without asking anyone.
      if (context.signal.aborted) return await execute(args);
      throw error;
    }
  };
}

function withOwnCorrelation(
  result: OperationResult,
  asked: RequestContext,
  { correlationId }: RequestContext,
): OperationResult {
  if (!result.errors || asked.correlationId === correlationId) return result;
  const errors = result.errors.map((error) =>
    error.extensions.correlationId === asked.correlationId
      ? new GraphQLError(error.message, { path: error.path, extensions: { ...error.extensions, correlationId } })
      : error,
  );
  return { ...result, errors };
}
