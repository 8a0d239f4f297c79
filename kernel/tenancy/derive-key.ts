import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** What a key is for. A signature made for one purpose is none for another, though all come from one secret. */
export type KeyPurpose =
  | 'subgraph-token'
  | 'access-token'
  | 'stored-result'
  | 'feed-cursor'
  | 'hint-subject'
  | 'sealed-change'
  | 'webhook';

/** Derives the key of a purpose from the platform's secret: HKDF with SHA-256 (RFC 5869), 32 bytes. */
export function deriveKey(secret: string, purpose: KeyPurpose): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `panorama ${purpose}`, 32)));
}

/** The signature of a JWT by `HS256` (RFC 7518, section 3.2): HMAC-SHA256 over its first two parts. */
export function signHs256(key: KeyObject, firstParts: string): Buffer {
  return createHmac('sha256', key).update(firstParts).digest();
}
