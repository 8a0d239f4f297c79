import type { Permission } from '../permissions/permission.ts';
import type { TenantId } from './ids.ts';

declare const principalTag: unique symbol;

/** Who sends a request: made once, at the door, from a credential; nothing else in the request can change it. */
export interface Principal {
  readonly [principalTag]: true;
  readonly tenantId: TenantId;
  /** The app that sends the request (`crm-web`, `dashboard`, ...), as the credential allows it. */
  readonly app: string;
  /** The id of the credential, for logs and audit; never the credential itself. */
  readonly credentialId: string;
  readonly userId: string | undefined;
  /** The names of its roles in the tenant. */
  readonly roles: readonly string[];
  /** `operation:resource`, `operation:*` or `*`; those of its roles included. */
  readonly permissions: readonly Permission[];
  readonly limits: PrincipalLimits;
  /** When its credential ends, in milliseconds since 1970; undefined when it does not end by itself. */
  readonly expiresAt: number | undefined;
}

/** What a principal may use at most; what is not said here is as the gateway's settings say. */
export interface PrincipalLimits {
  /** Units of cost in a minute. */
  readonly costPerMinute?: number;
}

type PrincipalFields = Omit<Principal, typeof principalTag>;
type Optional = 'roles' | 'limits' | 'expiresAt';

/** Makes a principal. Called by the authenticators only; `test/architecture` keeps it so. */
export function createPrincipal(
  fields: Omit<PrincipalFields, Optional> & Partial<Pick<PrincipalFields, Optional>>,
): Principal {
  const { roles = [], permissions, limits = {}, expiresAt } = fields;
  const frozen = {
    roles: Object.freeze([...roles]),
    permissions: Object.freeze([...permissions]),
    limits: Object.freeze({ ...limits }),
  };
  return Object.freeze({ ...fields, ...frozen, expiresAt }) as Principal;
}
