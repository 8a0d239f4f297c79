import { type NotificationDelivery, Prisma, type Webhook } from '../../../generated/prisma/coordination/client.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import type { CoordinationTransaction } from '../store.ts';

/** A delivery to insert: an e-mail to a user, or a post to a webhook. */
export type NewDelivery = Pick<NotificationDelivery, 'id' | 'notificationId'> &
  (
    | { readonly channel: 'EMAIL'; readonly userId: string; readonly webhookId: null }
    | { readonly channel: 'WEBHOOK'; readonly webhookId: string; readonly userId: null }
  );

/** What an attempt came to. */
export interface AttemptEnd {
  readonly status: 'SUCCEEDED' | 'RETRYING' | 'FAILED' | 'SKIPPED';
  readonly responseCode: number | null;
  readonly reason: string | null;
}

/** Which deliveries to find. */
export interface DeliverySelection {
  readonly channel: 'EMAIL' | 'WEBHOOK';
  readonly webhookId?: string | null | undefined;
  readonly statuses?: readonly string[] | null | undefined;
}

/** Inserts deliveries; gives the ids of those that were not there. */
export async function insertDeliveries(
  tx: CoordinationTransaction,
  deliveries: readonly NewDelivery[],
): Promise<string[]> {
  if (deliveries.length === 0) return [];
  const made = await tx.client.notificationDelivery.createManyAndReturn({
    data: deliveries.map((one) => ({ ...one, tenantId: tx.tenantId, createdAt: new Date() })),
    select: { id: true },
    skipDuplicates: true,
  });
  return made.map(({ id }) => id);
}

export function findDelivery(tx: CoordinationTransaction, id: string): Promise<NotificationDelivery | null> {
  return tx.client.notificationDelivery.findFirst({ where: { tenantId: tx.tenantId, id } });
}

/** Notes what an attempt came to. What was delivered stays so. */
export async function endAttempt(tx: CoordinationTransaction, id: string, end: AttemptEnd): Promise<void> {
  const { status, responseCode, reason } = end;
  const isTried = status !== 'SKIPPED';
  await tx.rows(Prisma.sql`
    UPDATE notification_deliveries SET status = ${status}, response_code = ${responseCode}, reason = ${reason},
      attempts = attempts + ${isTried ? 1 : 0}, ended_at = CASE WHEN ${status} = 'RETRYING' THEN NULL ELSE now() END
    WHERE tenant_id = ${tx.tenantId} AND id = ${id} AND status <> 'SUCCEEDED'`);
}

function whereDeliveries(
  { tenantId }: CoordinationTransaction,
  { channel, webhookId, statuses }: DeliverySelection,
): Prisma.NotificationDeliveryWhereInput {
  return {
    tenantId,
    channel,
    ...(webhookId != null && { webhookId }),
    ...(statuses && { status: { in: [...statuses] } }),
  };
}

export function findDeliveries(
  tx: CoordinationTransaction,
  selection: DeliverySelection,
  { where, orderBy, take }: PageQuery,
): Promise<NotificationDelivery[]> {
  return tx.client.notificationDelivery.findMany({
    where: { AND: [whereDeliveries(tx, selection), where] },
    orderBy,
    take,
  });
}

export function countDeliveries(tx: CoordinationTransaction, selection: DeliverySelection): Promise<number> {
  return tx.client.notificationDelivery.count({ where: whereDeliveries(tx, selection) });
}

export type NewWebhook = Pick<Webhook, 'id' | 'url' | 'types' | 'reader' | 'permissions'>;

export function insertWebhook(tx: CoordinationTransaction, webhook: NewWebhook): Promise<Webhook> {
  return tx.client.webhook.create({ data: { ...webhook, tenantId: tx.tenantId, createdAt: new Date() } });
}

export async function deleteWebhook(tx: CoordinationTransaction, id: string): Promise<boolean> {
  const { count } = await tx.client.webhook.deleteMany({ where: { tenantId: tx.tenantId, id } });
  return count > 0;
}

export function findWebhook(tx: CoordinationTransaction, id: string): Promise<Webhook | null> {
  return tx.client.webhook.findFirst({ where: { tenantId: tx.tenantId, id } });
}

/** The webhooks that take notifications of a type. */
export function findWebhooksFor(tx: CoordinationTransaction, type: string): Promise<Webhook[]> {
  return tx.rows(Prisma.sql`
    SELECT tenant_id AS "tenantId", id, url, types, reader, permissions, created_at AS "createdAt" FROM webhooks
    WHERE tenant_id = ${tx.tenantId} AND (types = '{}' OR ${type} = ANY (types)) ORDER BY id`);
}

export function findWebhooks(
  tx: CoordinationTransaction,
  { where, orderBy, take }: Pick<PageQuery, 'where' | 'orderBy' | 'take'>,
): Promise<Webhook[]> {
  return tx.client.webhook.findMany({ where: { AND: [{ tenantId: tx.tenantId }, where] }, orderBy, take });
}

export function countWebhooks(tx: CoordinationTransaction): Promise<number> {
  return tx.client.webhook.count({ where: { tenantId: tx.tenantId } });
}
