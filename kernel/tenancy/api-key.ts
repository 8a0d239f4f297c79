import { createHmac, randomBytes, randomInt } from 'node:crypto';

/** A key that was just made: the only time that it is there as a whole. */
export interface NewKey {
  readonly key: string;
  readonly prefix: string;
}

const prefixLetters = 'abcdefghijklmnopqrstuvwxyz0123456789';
const prefixLength = 8;
const secretBytes = 32;

/** 43 letters of base64url hold the 32 bytes. */
const keyPattern = /^pk_[a-z0-9]{8}_[A-Za-z0-9_-]{43}$/;
const demoKeyPattern = /^demo-[a-z0-9-]{1,64}$/;

/** Makes a key: `pk_<prefix>_<secret>`, where the prefix is for people and lists, and the secret 256 random bits. */
export function makeApiKey(): NewKey {
  const prefix = Array.from({ length: prefixLength }, () => prefixLetters[randomInt(prefixLetters.length)]).join('');
  return { key: `pk_${prefix}_${randomBytes(secretBytes).toString('base64url')}`, prefix };
}

/** Tells whether a text can be a key at all, before anything is looked up; those of the demo data have a form of their own. */
export function isApiKey(text: string, demo: boolean): boolean {
  return keyPattern.test(text) || (demo && demoKeyPattern.test(text));
}

/** What is stored of an API key: HMAC-SHA256 under the platform's secret (32 bytes), so that the table alone opens nothing. */
export function digestApiKey(secret: string, key: string): Buffer {
  return createHmac('sha256', secret).update(`api-key\0${key}`).digest();
}
