import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { resultToText, textToResult } from './result-text.ts';

const nonceBytes = 12;
const tagBytes = 16;

/**
 * Seals what a command came to, for whoever may ask for it again: AES-256-GCM (NIST SP 800-38D) with a nonce of its own,
 * bound to a place. Values are kept as they are inside: instants, big integers and bytes too.
 *
 * @param place Where the result is kept; it opens nowhere else.
 */
export function sealResult(key: KeyObject, place: string, value: unknown): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place));
  const sealed = Buffer.concat([cipher.update(resultToText(value)), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
}

/** Opens what `sealResult` made for the same place. Throws where it was made with another key or for another place. */
export function openResult(key: KeyObject, place: string, text: string): unknown {
  const bytes = Buffer.from(text, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes))
    .setAAD(Buffer.from(place))
    .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
  const opened = Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]);
  return textToResult(opened.toString());
}
