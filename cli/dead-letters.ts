import type { RunningApp } from '../kernel/subgraph/app.ts';
import type { TenantId } from '../kernel/tenancy/ids.ts';
import { createServicePrincipal } from '../kernel/tenancy/service-principal.ts';
import { createCallSigner } from '../kernel/tenancy/subgraph-token.ts';

/** What an app has given up, as the graph shows it. */
export interface DeadLetters {
  readonly deadLetters: {
    readonly totalCount: number;
    readonly nodes: readonly {
      readonly id: string;
      readonly type: string;
      readonly entityId: string;
      readonly attempts: number;
      readonly errorCode: string | null;
      readonly errorMessage: string | null;
      readonly deadAt: Date;
    }[];
  };
}

/** What redriving came to. */
export interface Redriven {
  readonly redriveDeadLetters: { readonly count: number };
}

export const listing = `query ($app: String!) { deadLetters(app: $app, first: 100) {
  totalCount nodes { id type entityId attempts errorCode errorMessage deadAt } } }`;
export const redriving = `mutation ($input: RedriveDeadLettersInput!) { redriveDeadLetters(input: $input) { count } }`;

/** In whose tenant the operator asks, and what that may need. */
interface Operator {
  readonly tenantId: TenantId;
  readonly secret: string;
  readonly permissions?: readonly string[];
}

/** Sends one operation to an app in the name of the operator, who stands in the audit records as `command-line`. */
export async function askOnce<Data>(
  app: RunningApp,
  { tenantId, secret, permissions = ['read:events', 'write:events'] }: Operator,
  document: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<Data> {
  const principal = createServicePrincipal('command-line', tenantId, permissions);
  const token = createCallSigner(secret, app.name)({ principal, correlationId: 'command-line' });
  const signal = new AbortController().signal;
  const { data, errors } = await app.execute({ document, operationName: undefined, variables, token, signal });
  const [error] = errors ?? [];
  if (error) throw new Error(error.message, { cause: error });
  return data as Data;
}

/** A line for each dead letter. */
export function deadLettersText({ deadLetters }: DeadLetters): string {
  const { nodes, totalCount } = deadLetters;
  const lines = nodes.map(({ id, type, entityId, attempts, errorCode, errorMessage, deadAt }) =>
    [id, new Date(deadAt).toISOString(), type, entityId, `${attempts} attempts`, errorCode, errorMessage].join('  '),
  );
  const rest = totalCount > nodes.length ? [`... and ${totalCount - nodes.length} more.`] : [];
  return lines.length === 0 ? 'None was given up.\n' : `${[...lines, ...rest].join('\n')}\n`;
}
