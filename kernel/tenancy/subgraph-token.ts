import { hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { PanoramaError } from '../errors/panorama-error.ts';
import { deriveKey, signHs256 } from './derive-key.ts';
import { parseTenantId } from './ids.ts';
import { createPrincipal, type Principal } from './principal.ts';

/** The header that carries the token where a subgraph is reached over HTTP. */
export const subgraphTokenHeader = 'x-service-token';

/** How long a token holds, in seconds: a call arrives at once or not at all. */
const lifetimeSeconds = 60;
/** By how much, in seconds, the clock of the gateway may be ahead of the subgraph's. */
const clockSkewSeconds = 30;
const issuer = 'panorama-gateway';

/** What one call to a subgraph is signed for. */
export interface SignedCall {
  /** Undefined where the gateway serves anonymously; subgraphs of ours refuse such a call. */
  readonly principal: Principal | undefined;
  readonly correlationId: string;
  /** As the client calls its mutation. */
  readonly operationName?: string | undefined;
  /** Under which the mutation is done once; it counts together with the digest of what it stands for. */
  readonly idempotencyKey?: string | undefined;
  readonly requestDigest?: string | undefined;
  /** What is sent over HTTP: the token holds for this body only. */
  readonly body?: string;
}

/** Makes the token of one call to one subgraph. */
export type CallSigner = (call: SignedCall) => string;

/** A request that is done once, however often it is sent. */
export interface IdempotentRequest {
  /** As the client names it: unique among the requests of its credential. */
  readonly key: string;
  /** Of document, operation name and variables. */
  readonly digest: string;
}

/** What a valid token says. */
export interface VerifiedCall {
  readonly principal: Principal;
  readonly correlationId: string;
  /** As the client calls its mutation; undefined for a query. */
  readonly operationName: string | undefined;
  /** Under which key the mutation is done once, and the digest of what that stands for; undefined without a key. */
  readonly idempotency: IdempotentRequest | undefined;
  /** SHA-256 of the body, in base64url; undefined in a token that was made for a call in this process. */
  readonly bodyDigest: string | undefined;
}

/** Reads the token that came with a call: undefined for any but a valid one for this subgraph. */
export type CallVerifier = (token: string | undefined) => VerifiedCall | undefined;

interface Claims {
  readonly iss: string;
  readonly aud: string;
  readonly tenant?: string;
  readonly app: string;
  readonly user: string | null;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly limits: Principal['limits'];
  readonly credential: string;
  readonly expires: number | null;
  readonly cid: string;
  readonly op?: string;
  readonly idem?: readonly [key: string, digest: string];
  readonly iat: number;
  readonly exp: number;
  readonly body?: string;
}

const base64url = (text: string) => Buffer.from(text).toString('base64url');
const header = base64url('{"alg":"HS256","typ":"panorama-subgraph+jwt"}');

/** The digest by which a token is bound to the body that it was sent with. */
export function digestBody(body: string | Buffer): string {
  return hash('sha256', body, 'base64url');
}

/**
 * The part of a token that is the same for all calls of a principal to a subgraph: the header and the beginning of the
 * payload. It is filled up to a multiple of three bytes, so that the base64url of the rest can simply follow.
 */
function beginToken(audience: string, principal: Principal | undefined): string {
  const claims = {
    iss: issuer,
    aud: audience,
    ...(principal && {
      tenant: principal.tenantId,
      app: principal.app,
      user: principal.userId ?? null,
      roles: principal.roles,
      permissions: principal.permissions,
      limits: principal.limits,
      credential: principal.credentialId,
      expires: principal.expiresAt ?? null,
    }),
  };
  const text = `${JSON.stringify(claims).slice(0, -1)},`;
  const padding = (3 - (Buffer.byteLength(text) % 3)) % 3;
  return `${header}.${base64url(text + ' '.repeat(padding))}`;
}

/**
 * Signs the calls to one subgraph: compact JWTs (RFC 7519) with HS256, for that subgraph only and for 60 seconds. Every
 * call of every request passes here, so what is the same for all calls of a principal is written once.
 *
 * @param secret The platform's; the key is derived from it.
 * @param audience The name of the subgraph.
 */
export function createCallSigner(secret: string, audience: string, now: () => number = Date.now): CallSigner {
  const key = deriveKey(secret, 'subgraph-token');
  const anonymous = beginToken(audience, undefined);
  const beginnings = new WeakMap<Principal, string>();

  function beginningFor(principal: Principal): string {
    const known = beginnings.get(principal);
    if (known !== undefined) return known;
    const beginning = beginToken(audience, principal);
    beginnings.set(principal, beginning);
    return beginning;
  }

  return ({ principal, correlationId, operationName, idempotencyKey, requestDigest, body }) => {
    const iat = Math.floor(now() / 1000);
    const digest = body === undefined ? '' : `"body":"${digestBody(body)}",`;
    const operation = operationName === undefined ? '' : `"op":${JSON.stringify(operationName)},`;
    const idempotency =
      idempotencyKey === undefined || requestDigest === undefined
        ? ''
        : `"idem":${JSON.stringify([idempotencyKey, requestDigest])},`;
    const rest = `${digest}${operation}${idempotency}"cid":${JSON.stringify(correlationId)},"iat":${iat},"exp":${iat + lifetimeSeconds}}`;
    const signed = `${principal ? beginningFor(principal) : anonymous}${base64url(rest)}`;
    return `${signed}.${signHs256(key, signed).toString('base64url')}`;
  };
}

/** Checks the tokens of the calls that a subgraph gets; `createCallSigner` says what they are. */
export function createCallVerifier(secret: string, audience: string, now: () => number = Date.now): CallVerifier {
  const key = deriveKey(secret, 'subgraph-token');
  return (token) => {
    const claims = token === undefined ? undefined : readClaims(key, token);
    const seconds = now() / 1000;
    const isValid =
      claims !== undefined &&
      claims.iss === issuer &&
      claims.aud === audience &&
      claims.exp > seconds &&
      claims.exp - claims.iat <= lifetimeSeconds &&
      claims.iat <= seconds + clockSkewSeconds;
    if (!isValid || claims.tenant === undefined) return undefined;
    return {
      principal: principalOf(claims, parseTenantId(claims.tenant)),
      correlationId: claims.cid,
      operationName: claims.op,
      idempotency: claims.idem && { key: claims.idem[0], digest: claims.idem[1] },
      bodyDigest: claims.body,
    };
  };
}

/** The refusal of a call without a valid token. It does not say what is wrong with the one that came. */
export function refuseCall(audience: string): PanoramaError {
  return new PanoramaError('UNAUTHENTICATED', `The app "${audience}" answers no call without a valid token.`);
}

/** The claims of a token that carries our signature; what is signed needs no further look at its types. */
function readClaims(key: KeyObject, token: string): Claims | undefined {
  const end = token.lastIndexOf('.');
  const signed = token.slice(0, Math.max(end, 0));
  if (!signed.startsWith(`${header}.`)) return undefined;
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  const expected = signHs256(key, signed);
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return undefined;
  return JSON.parse(Buffer.from(signed.slice(header.length + 1), 'base64url').toString()) as Claims;
}

function principalOf(claims: Claims, tenantId: Principal['tenantId']): Principal {
  const { app, user, roles, permissions, limits, credential, expires } = claims;
  return createPrincipal({
    tenantId,
    app,
    userId: user ?? undefined,
    roles,
    permissions,
    limits,
    credentialId: credential,
    expiresAt: expires ?? undefined,
  });
}
