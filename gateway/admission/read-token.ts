import type { JwtConfig } from '../../kernel/config/auth-config.ts';
import type { Logger } from '../../kernel/telemetry/logger.ts';
import { accessTokenMarks } from '../../kernel/tenancy/access-token.ts';
import { deriveKey } from '../../kernel/tenancy/derive-key.ts';
import { createJwks } from './jwks.ts';
import { unauthenticated } from './unauthenticated.ts';
import { createJwtVerifier, type JwtVerifier, typOf } from './verify-jwt.ts';

/** Whose tokens are taken; at least one of the two. */
export interface TokenIssuers {
  /** The platform's secret, for the tokens that its `issueToken` gives out. */
  readonly secret?: string | undefined;
  /** An issuer of the operator's. */
  readonly jwt?: JwtConfig | undefined;
  readonly logger: Logger;
}

function readOwnTokens(secret: string): JwtVerifier {
  const { iss, aud, typ } = accessTokenMarks;
  return createJwtVerifier({
    key: deriveKey(secret, 'access-token'),
    algorithms: ['HS256'],
    issuer: iss,
    audience: aud,
    typ,
    clockSkewSeconds: 0,
    claims: { tenant: 'tenant', app: 'app', user: 'sub', permissions: 'permissions', roles: 'roles', key: 'key' },
  });
}

function readTokensOf({ key, defaults, claims, ...rules }: JwtConfig, logger: Logger): JwtVerifier {
  return createJwtVerifier({
    ...rules,
    key: 'secret' in key ? new TextEncoder().encode(key.secret) : createJwks({ url: key.jwksUrl, logger }),
    claims: { ...claims, ...(defaults && { defaults }) },
  });
}

/** Makes a reader of tokens. The media type in the header tells whose a token is; the signature then has to be theirs. */
export function createTokenReader({ secret, jwt, logger }: TokenIssuers): JwtVerifier {
  const readOwn = secret === undefined ? undefined : readOwnTokens(secret);
  const readOther = jwt && readTokensOf(jwt, logger);
  return async (token) => {
    const read = typOf(token) === accessTokenMarks.typ ? readOwn : readOther;
    if (!read) throw unauthenticated('Nobody whose tokens are taken has issued the token.');
    return await read(token);
  };
}
