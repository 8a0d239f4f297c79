import { type Message, Prisma } from '../../../generated/prisma/crm/client.ts';
import type { CrmTransaction } from '../store.ts';

export type NewMessage = Pick<Message, 'messageKey' | 'direction' | 'activityId' | 'sentAt'>;
export type KnownMessage = Pick<Message, 'messageKey' | 'direction' | 'activityId'>;

/**
 * Notes messages, each of another key, and gives the keys of those that were not there. Another transaction that is about
 * to note one of them is waited for.
 */
export async function insertNewMessages(
  tx: CrmTransaction,
  messages: readonly NewMessage[],
): Promise<ReadonlySet<string>> {
  const given = messages.map(({ messageKey, direction, activityId, sentAt }) => {
    return { messageKey, direction, activityId, sentAt };
  });
  const rows = await tx.rows<{ readonly messageKey: string }>(Prisma.sql`
    INSERT INTO messages (tenant_id, message_key, direction, activity_id, sent_at)
    SELECT ${tx.tenantId}, "messageKey", direction::message_direction, "activityId", "sentAt"
    FROM jsonb_to_recordset(${JSON.stringify(given)}::jsonb)
      AS given ("messageKey" text, direction text, "activityId" text, "sentAt" timestamptz)
    ORDER BY "messageKey"
    ON CONFLICT DO NOTHING RETURNING message_key AS "messageKey"`);
  return new Set(rows.map(({ messageKey }) => messageKey));
}

export function findMessages(tx: CrmTransaction, messageKeys: readonly string[]): Promise<KnownMessage[]> {
  return tx.rows(Prisma.sql`
    SELECT message_key AS "messageKey", direction::text AS direction, activity_id AS "activityId" FROM messages
    WHERE tenant_id = ${tx.tenantId} AND message_key = ANY(${messageKeys})`);
}
