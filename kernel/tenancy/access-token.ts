import { randomUUID } from 'node:crypto';
import type { Permission } from '../permissions/permission.ts';
import { deriveKey, signHs256 } from './derive-key.ts';
import type { TenantId } from './ids.ts';

/** How tokens that the platform gives out are told from all others; the door asks for exactly these. */
export const accessTokenMarks = { iss: 'panorama', aud: 'panorama', typ: 'panorama-access+jwt' } as const;

/** The longest life of a token, in seconds. */
export const accessTokenMaxSeconds = 3_600;

/** What a token is given out for. */
export interface AccessTokenGrant {
  readonly tenantId: TenantId;
  /** The only app that may use it. */
  readonly app: string;
  readonly userId: string | undefined;
  readonly permissions: readonly Permission[];
  /** The API key that it is exchanged for; the token ends with the key. */
  readonly keyId: string;
  readonly expiresAt: Date;
}

/** Gives out a token: a compact JWT that the platform's door takes as `authorization: Bearer`. */
export type AccessTokenIssuer = (grant: AccessTokenGrant) => string;

/** What the id of a token that came from no key of ours begins with. */
const ofOtherIssuer = 'token';

/** Names a token in logs and audit: the key it came from, a slash, and its own id. No id of a key has a slash. */
export function tokenCredentialId(keyId: string | undefined, tokenId: string): string {
  return `${keyId ?? ofOtherIssuer}/${tokenId}`;
}

/** What is behind a credential: of a token, the key that it came from; else the credential itself. */
export function keyOfCredential(credentialId: string): string {
  const [keyId = ''] = credentialId.split('/', 1);
  return keyId === ofOtherIssuer ? credentialId : keyId;
}

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const toSeconds = (time: Date) => Math.floor(time.getTime() / 1000);

/** Makes an issuer of tokens (HS256). The key is derived from the platform's secret. */
export function createAccessTokenIssuer(secret: string): AccessTokenIssuer {
  const key = deriveKey(secret, 'access-token');
  const { typ, ...marks } = accessTokenMarks;
  return ({ tenantId, app, userId, permissions, keyId, expiresAt }) => {
    const claims = {
      ...marks,
      jti: randomUUID(),
      iat: toSeconds(new Date()),
      exp: toSeconds(expiresAt),
      tenant: tenantId,
      app,
      ...(userId !== undefined && { sub: userId }),
      permissions,
      key: keyId,
    };
    const signed = `${base64url({ alg: 'HS256', typ })}.${base64url(claims)}`;
    return `${signed}.${signHs256(key, signed).toString('base64url')}`;
  };
}
