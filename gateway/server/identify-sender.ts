import type { IncomingMessage } from 'node:http';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { clientAddress } from '../../kernel/http/client-address.ts';
import { type Access, authenticate, readCredentials } from '../admission/authenticate.ts';
import type { RateLimiter, Sender } from '../admission/rate-limit.ts';

/** Finds out who sends a request. Throws the `PanoramaError` that refuses it. */
export type IdentifySender = (request: IncomingMessage) => Promise<Sender>;

/**
 * Makes the gate at the door: authentication, with an end to guessing. An address that had too many requests refused is
 * heard again in a minute; credentials that were good there are heard in the meantime, as neighbours share addresses.
 *
 * @param trustedProxies How many proxies of one's own are in front.
 */
export function createSenderGate(access: Access, rateLimiter: RateLimiter, trustedProxies: number): IdentifySender {
  return async (request) => {
    const address = clientAddress(request, trustedProxies);
    const credentials = readCredentials(request);
    const credential = credentials.authorization ?? credentials.tenantKey;
    rateLimiter.checkAddress(address, credential);
    try {
      const principal = await authenticate(access, credentials);
      if (principal && credential !== undefined) rateLimiter.noteAdmitted(address, credential);
      return { principal, address };
    } catch (error) {
      if (error instanceof PanoramaError) await rateLimiter.noteRefusal({ principal: undefined, address });
      throw error;
    }
  };
}
