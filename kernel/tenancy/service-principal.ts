import type { Permission } from '../permissions/permission.ts';
import type { TenantId } from './ids.ts';
import { createPrincipal, type Principal } from './principal.ts';

/**
 * Who an app is when it acts by itself: in answer to a change, or as a step of a workflow. It is allowed what that part of
 * the app declares and nothing else; changes and records name it `app:<name>`.
 */
export function createServicePrincipal(app: string, tenantId: TenantId, permissions: readonly Permission[]): Principal {
  return createPrincipal({ tenantId, app, credentialId: `app:${app}`, userId: undefined, permissions });
}
