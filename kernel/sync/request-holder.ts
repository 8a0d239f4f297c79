import { keyOfCredential } from '../tenancy/access-token.ts';
import type { Principal } from '../tenancy/principal.ts';

/**
 * To whom belongs what is kept of requests: the user; without one the key, whichever of its tokens is shown. A principal
 * whose token was renewed is still the same holder.
 */
export function requestHolder({ userId, credentialId }: Pick<Principal, 'userId' | 'credentialId'>): string {
  return userId === undefined ? `key ${keyOfCredential(credentialId)}` : `user ${userId}`;
}
