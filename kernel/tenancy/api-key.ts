import { createHmac } from 'node:crypto';

/** The longest key that is looked at; ours are far shorter. */
export const apiKeyMaxLength = 256;

/** What is stored of an API key: HMAC-SHA256 under the platform's secret (32 bytes), so that the table alone opens nothing. */
export function digestApiKey(secret: string, key: string): Buffer {
  return createHmac('sha256', secret).update(`api-key\0${key}`).digest();
}
