import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import type { OperationPlan } from '../plan/plan-operation.ts';
import { type Access, unauthenticated } from './authenticate.ts';

/**
 * Refuses an operation that reaches for data without a principal (without fetches it only reads the schema), and one
 * that reads the schema of an anonymous gateway that does not show it.
 */
export function authorizeOperation(access: Access, principal: Principal | undefined, plan: OperationPlan): void {
  if (access.kind === 'authenticated' && principal === undefined && plan.node !== undefined) throw unauthenticated();
  if (access.kind === 'anonymous' && !access.introspection && plan.introspection !== undefined) {
    throw new PanoramaError('FORBIDDEN', 'This gateway does not show its schema: introspection is off.');
  }
}
