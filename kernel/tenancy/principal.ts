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
  /** `operation:resource`, `operation:*` or `*`. */
  readonly permissions: readonly string[];
}

/** Makes a principal. Called by the authenticators only; `test/architecture` keeps it so. */
export function createPrincipal(fields: Omit<Principal, typeof principalTag>): Principal {
  return Object.freeze({ ...fields, permissions: Object.freeze([...fields.permissions]) }) as Principal;
}
