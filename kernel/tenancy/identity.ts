import type { Permission } from '../permissions/permission.ts';
import type { TenantId } from './ids.ts';

/** Who a verified token says that its bearer is. */
export interface Identity {
  readonly tenantId: TenantId;
  /** The app that the token is bound to. */
  readonly app: string;
  readonly userId: string | undefined;
  /** Names of roles of the tenant; one that the tenant does not have gives nothing. */
  readonly roles: readonly string[];
  readonly permissions: readonly Permission[];
  /** The API key that the token was exchanged for: the token never holds more than that key holds now. */
  readonly keyId: string | undefined;
  /** Names the token in logs and audit (`tokenCredentialId`): the key it came from, if any, a slash, and its own id. */
  readonly credentialId: string;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}
