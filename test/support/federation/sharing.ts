import type { Connection, SubgraphRequest } from '../../../kernel/subgraph/connection.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../../kernel/tenancy/principal.ts';
import type { RequestContext } from '../../../kernel/tenancy/request-context.ts';

/** A connection whose answers are held until they are released, and what it was asked. */
export interface HeldConnection {
  readonly connection: Connection;
  readonly requests: SubgraphRequest[];
  /** Answers what was asked so far, and everything after. */
  release(): void;
}

export function holdAnswers(connection: Connection): HeldConnection {
  const requests: SubgraphRequest[] = [];
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  return {
    requests,
    release,
    async connection(request) {
      requests.push(request);
      await released;
      return connection(request);
    },
  };
}

/** Ends when what was begun in this tick has been sent. */
export async function nextTick(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A request of a user of a tenant; each differs in its correlation id. */
export function contextOf(
  tenant: string,
  fields: Partial<Parameters<typeof createPrincipal>[0]> & Partial<RequestContext> = {},
): RequestContext {
  const { signal = new AbortController().signal, forwardedHeaders, ...others } = fields;
  contexts += 1;
  return {
    correlationId: `request-${contexts}`,
    signal,
    ...(forwardedHeaders && { forwardedHeaders }),
    principal: createPrincipal({
      tenantId: parseTenantId(tenant),
      app: 'web',
      credentialId: 'key-1',
      userId: 'u1',
      permissions: ['read:*'],
      ...others,
    }),
  };
}

let contexts = 0;
