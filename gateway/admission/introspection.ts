import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { grants } from '../../kernel/permissions/permission.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import type { OperationPlan } from '../plan/plan-operation.ts';
import type { Access } from './authenticate.ts';

const permission = 'read:schema';

/** Whether a principal may read the schema where it is not shown to everyone. */
export function mayReadSchema(principal: Principal | undefined): boolean {
  return principal !== undefined && grants(principal.permissions, permission);
}

/** Refuses an operation that reads the schema (`__typename` does not) for a caller that may not. */
export function checkIntrospection(access: Access, principal: Principal | undefined, plan: OperationPlan): void {
  if (plan.introspection === undefined || access.introspection || mayReadSchema(principal)) return;
  if (access.kind === 'anonymous') {
    throw new PanoramaError('FORBIDDEN', 'This gateway does not show its schema: introspection is off.');
  }
  throw new PanoramaError('FORBIDDEN', `Reading the schema needs the permission ${permission}.`, { permission });
}
