import type { IncomingHttpHeaders } from 'node:http';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';

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
 * Who may send what: with an authenticator every data operation needs a principal, and `introspection` says whether a
 * caller without credentials may at least read the schema; without one the gateway serves anonymously, and `introspection`
 * says whether it shows its schema.
 */
export type Access =
  | { readonly kind: 'authenticated'; readonly authenticator: Authenticator; readonly introspection: boolean }
  | { readonly kind: 'anonymous'; readonly introspection: boolean };

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value || undefined;
}

/** The credentials in a request's headers. */
export function readCredentials(headers: IncomingHttpHeaders): Credentials {
  return {
    tenantKey: single(headers['x-tenant-key']),
    authorization: single(headers.authorization),
    sourceApp: single(headers['x-source-app']),
  };
}

/** The principal of a request. Undefined only for a caller without credentials, where the access lets those in. */
export async function authenticate(access: Access, credentials: Credentials): Promise<Principal | undefined> {
  if (access.kind === 'anonymous') return undefined;
  if (credentials.tenantKey !== undefined || credentials.authorization !== undefined) {
    return await access.authenticator(credentials);
  }
  if (access.introspection) return undefined;
  throw unauthenticated();
}

/** The refusal of a request that needs a principal and has none. */
export function unauthenticated(): PanoramaError {
  return new PanoramaError(
    'UNAUTHENTICATED',
    'A credential is needed: send the header `x-tenant-key` with an API key.',
  );
}
