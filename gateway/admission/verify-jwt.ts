import type { KeyObject } from 'node:crypto';
import {
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
  type ProtectedHeaderParameters,
} from 'jose';
import { LRUCache } from 'lru-cache';
import type { Identity } from '../../kernel/tenancy/identity.ts';
import { type ClaimNames, identityOf } from './identity.ts';
import { unauthenticated } from './unauthenticated.ts';

/** Which tokens are taken, and how they are read. */
export interface JwtRules {
  /** One key for all tokens, or a way to find the key of a token. */
  readonly key: KeyObject | Uint8Array | JWTVerifyGetKey;
  /** Nothing else is a signature (RFC 8725, section 3.1). */
  readonly algorithms: readonly string[];
  readonly issuer?: string;
  readonly audience?: string;
  /** The media type that the header must name. */
  readonly typ?: string;
  /** By how much the issuer's clock may differ from ours. */
  readonly clockSkewSeconds: number;
  readonly claims: ClaimNames;
}

/** Reads a token. Throws `UNAUTHENTICATED` for any but a valid one. */
export type JwtVerifier = (token: string) => Promise<Identity>;

const maxTokenLength = 8_192;
const compactJwt = /^[\w-]+\.[\w-]+\.([\w-]+)$/;
/** They say where a key is, or change how a token is read: no issuer needs them, and forgers do (RFC 8725, 2.4 and 3.10). */
const refusedHeaders = ['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64', 'zip'] as const;
/** The latest time that a date can hold, in seconds. */
const lastSecond = 8_640_000_000_000;

const keptTokens = 5_000;
/** How long the reading of a token is kept, in milliseconds: a key that the issuer withdrew holds no longer than that. */
const keptForMs = 5_000;

/** Makes a reader of the tokens that follow some rules. */
export function createJwtVerifier(rules: JwtRules): JwtVerifier {
  const read = new LRUCache<string, Identity>({ max: keptTokens, ttl: keptForMs });
  return async (token) => {
    const known = read.get(token);
    if (known) {
      if (known.expiresAt <= Date.now()) throw unauthenticated('The token has expired.');
      return known;
    }
    refuseMalformed(token);
    const payload = await verify(token, rules);
    const identity = identityOf(payload, rules.claims, expiryOf(payload, rules.clockSkewSeconds));
    if (!identity) throw unauthenticated('The token lacks a claim.');
    read.set(token, identity);
    return identity;
  };
}

/** The media type that a token's header names; it says nothing of the token's worth. */
export function typOf(token: string): string | undefined {
  return headerOf(token).typ;
}

function headerOf(token: string): ProtectedHeaderParameters {
  try {
    return decodeProtectedHeader(token);
  } catch {
    throw unauthenticated('The token is malformed.');
  }
}

function refuseMalformed(token: string): void {
  const signature = token.length <= maxTokenLength ? compactJwt.exec(token)?.[1] : undefined;
  // Two texts that decode to one signature would be two tokens.
  const isCanonical =
    signature !== undefined && Buffer.from(signature, 'base64url').toString('base64url') === signature;
  if (!isCanonical) throw unauthenticated('The token is malformed.');
  const header = headerOf(token);
  if (refusedHeaders.some((name) => name in header)) throw unauthenticated('The header of the token is not allowed.');
}

async function verify(token: string, rules: JwtRules): Promise<JWTPayload> {
  const { key, algorithms, issuer, audience, typ, clockSkewSeconds } = rules;
  const options = {
    algorithms: [...algorithms],
    requiredClaims: ['exp'],
    clockTolerance: clockSkewSeconds,
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
    ...(typ !== undefined && { typ }),
  };
  try {
    const { payload } = await jwtVerify(token, key, options);
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw unauthenticated('The token has expired.');
    // A mistake of the token; anything else is ours, such as keys that cannot be fetched.
    if (error instanceof errors.JOSEError) throw unauthenticated('The token is not valid.');
    throw error;
  }
}

/** When a token ends, in milliseconds since 1970, with the tolerance for clocks. */
function expiryOf({ exp }: JWTPayload, clockSkewSeconds: number): number {
  // JSON can hold numbers that are read as infinite.
  if (exp === undefined || exp > lastSecond) throw unauthenticated('The token is not valid.');
  return (exp + clockSkewSeconds) * 1000;
}
