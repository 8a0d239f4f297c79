import type { IncomingMessage } from 'node:http';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { clientAddress } from '../../kernel/http/client-address.ts';
import { type Access, authenticate, type Credentials, readCredentials } from '../admission/authenticate.ts';
import type { RateLimiter, Sender } from '../admission/rate-limit.ts';

/** Finds out who sends a request. Throws the `PanoramaError` that refuses it. */
export type IdentifySender = (request: IncomingMessage) => Promise<Sender>;

/** Finds out who sends these credentials from this address. Throws the `PanoramaError` that refuses them. */
export type IdentifyBearer = (credentials: Credentials, address: string) => Promise<Sender>;

/**
 * Makes the gate at the door: authentication, with an end to guessing. An address that had too many requests refused is
 * heard again in a minute; credentials that were good there are heard in the meantime, as neighbours share addresses.
 */
export function createBearerGate(access: Access, rateLimiter: RateLimiter): IdentifyBearer {
  return async (credentials, address) => {
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

/** @param trustedProxies How many proxies of one's own are in front. */
export function createSenderGate(identify: IdentifyBearer, trustedProxies: number): IdentifySender {
  return (request) => identify(readCredentials(request), clientAddress(request, trustedProxies));
}
