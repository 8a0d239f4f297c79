import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

/** How many bytes the nonce of a sealed text has. */
export const nonceBytes = 12;
const tagBytes = 16;

/**
 * Seals a text: AES-256-GCM (NIST SP 800-38D), base64 of nonce, tag and what is sealed.
 *
 * @param place What the text is bound to; it opens nowhere else.
 * @param nonce Of `nonceBytes` random bytes, used once.
 */
export function sealText(key: KeyObject, place: string, text: string, nonce: Buffer = randomBytes(nonceBytes)): string {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place));
  const sealed = cipher.update(text, 'utf8');
  cipher.final(); // empty: what GCM seals is as long as the text
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
}

/** Opens what `sealText` made for the same place. Throws where it was made with another key or for another place. */
export function openText(key: KeyObject, place: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes))
    .setAAD(Buffer.from(place))
    .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
  const opened = decipher.update(bytes.subarray(nonceBytes + tagBytes));
  decipher.final(); // throws unless the tag is right
  return opened.toString();
}
