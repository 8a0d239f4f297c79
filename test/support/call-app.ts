import type { SubgraphCall, SubgraphOperation } from '../../kernel/subgraph/connection.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import { createCallSigner } from '../../kernel/tenancy/subgraph-token.ts';

/** The platform's secret in tests that start apps themselves. */
export const secretOfTests = 'a secret for tests, known to everybody';

/** The correlation id of every call that a test makes directly. */
export const correlationIdOfTests = 'correlation-of-the-test';

/** What a test asks an app; variables have a default. */
export interface TestCall extends Partial<Omit<SubgraphOperation, 'document'>> {
  /** Without one, the call has no token. */
  readonly principal: Principal | undefined;
}

/** Makes a caller of an app in this process, which signs as the gateway does. */
export function callerOf<Answer>(name: string, execute: (call: SubgraphCall) => Promise<Answer>) {
  const sign = createCallSigner(secretOfTests, name);
  const { signal } = new AbortController();
  return async (document: string, call: TestCall): Promise<Answer> => {
    const { principal, operationName, variables = {} } = call;
    const token = principal && sign({ principal, correlationId: correlationIdOfTests });
    return await execute({ document, operationName, variables, token, signal });
  };
}
