import type { IncomingMessage } from 'node:http';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import { unauthenticated } from './unauthenticated.ts';

/** What a client sends to say who it is; the same names on every door. */
export interface Credentials {
  /** `x-tenant-key`. */
  readonly tenantKey: string | undefined;
  /** `authorization`, scheme included. */
  readonly authorization: string | undefined;
  /** `x-source-app`. */
  readonly sourceApp: string | undefined;
}

/** Turns credentials into a principal, or throws `UNAUTHENTICATED` or `FORBIDDEN`. */
export type Authenticator = (credentials: Credentials) => Promise<Principal>;

/**
 * Who may send what: with an authenticator every data operation needs a principal, unless callers without credentials
 * are admitted, and `introspection` says whether those may at least read the schema; without one the gateway serves
 * anonymously, and `introspection` says whether it shows its schema.
 */
export type Access =
  | {
      readonly kind: 'authenticated';
      readonly authenticator: Authenticator;
      readonly introspection: boolean;
      /** Whether a caller without credentials gets what needs none. One with a wrong credential never does. */
      readonly admitsAnonymous?: boolean;
    }
  | { readonly kind: 'anonymous'; readonly introspection: boolean };

/** What was sent twice is put together as Node does it, so that it has no form that is taken. */
function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value || undefined;
}

/** Of `authorization` Node keeps the first, and says nothing of others. */
function authorizationOf({ headers, rawHeaders }: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): string | undefined {
  if (!headers.authorization) return undefined;
  const isValue = (_: string, index: number) =>
    index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'authorization';
  return rawHeaders.filter(isValue).join(', ');
}

/** The credentials in a request's headers. */
export function readCredentials(request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): Credentials {
  return {
    tenantKey: single(request.headers['x-tenant-key']),
    authorization: authorizationOf(request),
    sourceApp: single(request.headers['x-source-app']),
  };
}

/** The principal of a request. Undefined only for a caller without credentials, where the access lets those in. */
export async function authenticate(access: Access, credentials: Credentials): Promise<Principal | undefined> {
  if (access.kind === 'anonymous') return undefined;
  if (credentials.tenantKey !== undefined || credentials.authorization !== undefined) {
    return await access.authenticator(credentials);
  }
  if (access.introspection || access.admitsAnonymous) return undefined;
  throw unauthenticated();
}
