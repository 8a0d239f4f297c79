import { createHmac } from 'node:crypto';
import { normaliseEmail } from '../subgraph/input.ts';
import type { TenantId } from '../tenancy/ids.ts';

/** What stands for people in the changes of one tenant. */
export interface PersonKeySource {
  /** The platform's. */
  readonly secret: string;
  readonly tenantId: TenantId;
}

const keyBytes = 12;

/**
 * What stands in a change for the people with some e-mail addresses, so that an app which knows an address finds what
 * another app has changed for that person, and who may read the change learns no address. HMAC-SHA256 over tenant and
 * address, cut to 96 bits; an address that is left out has no key, and two that are the same have one.
 */
export function personKeysOf(
  { secret, tenantId }: PersonKeySource,
  addresses: readonly (string | null | undefined)[],
): string[] {
  const known = new Set(addresses.filter((address) => address != null).map(normaliseEmail));
  return [...known].map((address) => {
    const mac = createHmac('sha256', secret).update(`person-key\0${tenantId}\0${address}`).digest();
    return mac.subarray(0, keyBytes).toString('base64url');
  });
}
