import { hash } from 'node:crypto';
import type { Publish } from '../../../kernel/audit/mutation-run.ts';
import { enqueue, type JobSender } from '../queues/enqueue.ts';
import { findWebhooksFor, insertDeliveries, type NewDelivery } from '../store/deliveries.ts';
import { findInboxes, findInboxesForEmail, insertNotification, type NewNotification } from '../store/notifications.ts';
import type { CoordinationTransaction } from '../store.ts';
import { isFor, readerOfUser, userOf } from './audience.ts';
import { notificationChange } from './changes.ts';
import { preferencesOf, wants } from './preferences.ts';

/** What is told; to everybody, at normal priority and about nothing, where it is not said otherwise. */
export type Notice = Pick<NewNotification, 'id' | 'app' | 'type' | 'title' | 'message'> & Partial<NewNotification>;

/** In which transaction somebody is told, and who tells. */
export interface Teller extends JobSender {
  readonly publish: Publish;
}

/** The queue that brings notifications to where they are read, beside the inbox. */
export const deliveryQueue = 'notification-delivery';

/** A delivery has the id of what it is, so that it is made once. */
export function deliveryOf(
  notificationId: string,
  to: { readonly userId: string } | { readonly webhookId: string },
): NewDelivery {
  const idOf = (name: string) => `dlv_${hash('sha256', `${notificationId}\n${name}`, 'hex').slice(0, 32)}`;
  if ('userId' in to) {
    const { userId } = to;
    return { id: idOf(`EMAIL ${userId}`), notificationId, channel: 'EMAIL', userId, webhookId: null };
  }
  const { webhookId } = to;
  return { id: idOf(`WEBHOOK ${webhookId}`), notificationId, channel: 'WEBHOOK', webhookId, userId: null };
}

/** Has deliveries made that are not there yet. Gives how many. */
export async function queueDeliveries(sender: JobSender, deliveries: readonly NewDelivery[]): Promise<number> {
  const made = new Set(await insertDeliveries(sender.tx, deliveries));
  for (const { id, channel } of deliveries.filter((one) => made.has(one.id))) {
    const type = channel === 'EMAIL' ? 'SEND_EMAIL' : 'POST_WEBHOOK';
    await enqueue(sender, { queue: deliveryQueue, type, data: { deliveryId: id }, key: id });
  }
  return made.size;
}

/** Those who said that they want e-mail of it. Whether they may read it is seen when it is sent. */
async function emailsFor(tx: CoordinationTransaction, notice: NewNotification): Promise<NewDelivery[]> {
  const reader = notice.userId === null ? undefined : readerOfUser(notice.userId);
  const inboxes = await findInboxesForEmail(tx, reader);
  const willing = inboxes.filter((inbox) => wants(preferencesOf(inbox), 'email', notice));
  return willing.flatMap((inbox) => {
    const userId = userOf(inbox.reader);
    return userId === undefined ? [] : [deliveryOf(notice.id, { userId })];
  });
}

async function postsFor(tx: CoordinationTransaction, notice: NewNotification): Promise<NewDelivery[]> {
  const hooks = await findWebhooksFor(tx, notice.type);
  const told = hooks.filter(({ reader, permissions }) => isFor(notice, { userId: userOf(reader), permissions }));
  if (told.length === 0) return [];
  const inboxes = await findInboxes(tx, [...new Set(told.map(({ reader }) => reader))]);
  const preferencesBy = new Map(inboxes.map((inbox) => [inbox.reader, preferencesOf(inbox)]));
  const willing = told.filter(({ reader }) => wants(preferencesBy.get(reader) ?? [], 'webhook', notice));
  return willing.map(({ id }) => deliveryOf(notice.id, { webhookId: id }));
}

/**
 * Tells somebody something: it is in the inbox, and on its way to wherever else it is wanted, when the transaction commits.
 * Gives false where the id is taken: nobody is told twice.
 */
export async function notify(teller: Teller, notice: Notice): Promise<boolean> {
  const { tx, publish } = teller;
  const made = await insertNotification(tx, {
    ...{ userId: null, permission: null, priority: 'NORMAL', aboutEntity: null, aboutId: null },
    ...notice,
  });
  if (!made) return false;
  publish(notificationChange(made));
  const emails = made.hasEmailWishes ? await emailsFor(tx, made) : [];
  const posts = made.hasWebhooks ? await postsFor(tx, made) : [];
  await queueDeliveries(teller, [...emails, ...posts]);
  // Of what is critical there is e-mail for all who have not said that they want none, and another app knows who these are.
  if (made.priority === 'CRITICAL') {
    const key = `${made.id} audience`.slice(-200);
    await enqueue(teller, { queue: deliveryQueue, type: 'ADDRESS_EMAILS', data: { notificationId: made.id }, key });
  }
  return true;
}
