import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';

/** A signature of a JWT's first two parts, by whatever means. */
export type Signer = (firstParts: string) => Buffer | string;

const encode = (part: object | string) =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

/** A compact JWT of any header and payload, also of ones that no library would make. Texts are taken as they are. */
export function forgeJwt(header: object | string, payload: object | string, signer: Signer): string {
  const firstParts = `${encode(header)}.${encode(payload)}`;
  const signature = signer(firstParts);
  return `${firstParts}.${typeof signature === 'string' ? signature : signature.toString('base64url')}`;
}

/** Signs with a secret (`HS256`). */
export const withSecret =
  (secret: string | Buffer): Signer =>
  (firstParts) =>
    createHmac('sha256', secret).update(firstParts).digest();

const algorithms = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
} as const;

/** A key of an issuer: what it signs with, and what its key set says. */
export interface IssuerKey {
  readonly alg: keyof typeof algorithms;
  readonly kid: string;
  readonly publicKey: KeyObject;
  readonly jwk: object;
  readonly sign: Signer;
}

export function createIssuerKey(alg: keyof typeof algorithms): IssuerKey {
  const { privateKey, publicKey } = algorithms[alg]();
  const kid = randomUUID();
  return {
    alg,
    kid,
    publicKey,
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' },
    sign: (firstParts) =>
      sign(alg === 'EdDSA' ? null : 'sha256', Buffer.from(firstParts), { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  };
}
