import { SharedWork } from '../../kernel/resilience/shared-work.ts';
import type { Connection, SubgraphRequest, SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import { type ScopedKey, scopedKey, scopeOf } from '../../kernel/tenancy/scope.ts';
import { withOwnCorrelation } from './own-correlation.ts';

/** A read under way, and the request that it was sent for. */
interface Read {
  readonly work: SharedWork<SubgraphResponse>;
  readonly context: RequestContext;
}

/**
 * Sends equal reads of one scope once while they are under way. Never across scopes and never for mutations; and once a
 * mutation has ended, nothing joins a read that began before it.
 */
export function shareReads(connection: Connection): Connection {
  const underWay = new Map<ScopedKey, Read>();

  function start(key: ScopedKey, request: SubgraphRequest, variablesText: string): Read {
    const { context } = request;
    const work = new SharedWork(async (signal) => {
      try {
        return await connection({ ...request, variablesText, context: { ...context, signal } });
      } finally {
        if (underWay.get(key) === read) underWay.delete(key);
      }
    });
    const read: Read = { work, context };
    underWay.set(key, read);
    return read;
  }

  return async (request) => {
    const { context } = request;
    if (!request.isShareable || request.operationKind !== 'query') {
      return await connection(request).finally(() => underWay.clear());
    }
    context.signal.throwIfAborted();
    const variablesText = request.variablesText ?? JSON.stringify(request.variables);
    const key = scopedKey(scopeOf(context), `${request.document}\n${variablesText}`);
    const known = underWay.get(key);
    const read = known && !known.work.isOver ? known : start(key, request, variablesText);
    return withOwnCorrelation(await read.work.join(context.signal), read.context, context);
  };
}
