import { createHmac } from 'node:crypto';
import { deriveKey } from '../../../kernel/tenancy/derive-key.ts';
import type { TenantId } from '../../../kernel/tenancy/ids.ts';

function keyOf(secret: string, tenantId: TenantId, webhookId: string): Buffer {
  return createHmac('sha256', deriveKey(secret, 'webhook')).update(`${tenantId}\n${webhookId}`).digest();
}

/** The secret of a webhook as its owner is shown it: `whsec_` and base64, as Standard Webhooks writes them. It is kept nowhere. */
export function webhookSecret(secret: string, tenantId: TenantId, webhookId: string): string {
  return `whsec_${keyOf(secret, tenantId, webhookId).toString('base64')}`;
}

/** What is posted. */
export interface WebhookPost {
  /** Of the message: the same for every attempt. */
  readonly id: string;
  /** Of the attempt, in whole seconds since 1970. */
  readonly timestamp: number;
  readonly body: string;
}

/**
 * The headers that let the receiver know who posts: those of Standard Webhooks 1.0, with an HMAC-SHA256 over
 * `id.timestamp.body`.
 */
export function signWebhook(
  secret: string,
  tenantId: TenantId,
  webhookId: string,
  { id, timestamp, body }: WebhookPost,
): Readonly<Record<string, string>> {
  const key = keyOf(secret, tenantId, webhookId);
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${signature}` };
}
