import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { noteHolder } from '../../kernel/tenancy/credential-holder.ts';
import type { Identity } from '../../kernel/tenancy/identity.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import type { Authenticator, Credentials } from './authenticate.ts';
import { unauthenticated } from './unauthenticated.ts';
import type { JwtVerifier } from './verify-jwt.ts';

/** What is known of credentials. */
export interface CredentialReaders {
  /** Reads an API key that is used from an app; without it, no key is taken. */
  readonly readKey?: (key: string, sourceApp: string | undefined) => Promise<Principal>;
  /** Reads a token; without it, no token is taken. */
  readonly readToken?: JwtVerifier;
  /** Makes the principal of a token that was read. */
  readonly principalFor: (identity: Identity) => Promise<Principal> | Principal;
}

const bearer = /^Bearer +(\S+)$/i;

/**
 * Makes principals of credentials. Two credentials are none: were they to disagree, one of them would have to count for
 * nothing. A token is bound to one app; the request may name that app or none.
 */
export function createAuthenticator({ readKey, readToken, principalFor }: CredentialReaders): Authenticator {
  async function read({ tenantKey, authorization, sourceApp }: Credentials): Promise<Principal> {
    if (authorization === undefined) {
      if (tenantKey === undefined || !readKey) throw unauthenticated();
      return await readKey(tenantKey, sourceApp);
    }
    if (tenantKey !== undefined) throw unauthenticated('Two credentials were sent.');
    const token = bearer.exec(authorization)?.[1];
    if (token === undefined || !readToken) throw unauthenticated('No bearer token is recognized.');
    const identity = await readToken(token);
    if (sourceApp !== undefined && sourceApp !== identity.app) {
      const message = 'The token is bound to another app than `x-source-app` names.';
      const refusal = new PanoramaError('FORBIDDEN', message, { reason: 'APP_NOT_ALLOWED' });
      noteHolder(refusal, { ...identity, app: sourceApp });
      throw refusal;
    }
    return await principalFor(identity);
  }

  return (credentials) => read(credentials).catch(refuseUnknown);
}

/** A key that nobody knows is no credential, and reads like none; one that is genuine but of no worth is told why. */
function refuseUnknown(error: unknown): never {
  if (error instanceof PanoramaError && error.extensions.reason === 'KEY_UNKNOWN') {
    throw unauthenticated('The key is not known.');
  }
  throw error;
}
