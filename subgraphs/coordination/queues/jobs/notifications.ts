import { z } from 'zod';
import { isFor, readerOfUser, userOf } from '../../notifications/audience.ts';
import { deliveryOf, queueDeliveries } from '../../notifications/notify.ts';
import { post, reasonOf } from '../../notifications/post-webhook.ts';
import { preferencesOf, wants } from '../../notifications/preferences.ts';
import { sendEmail } from '../../notifications/send-email.ts';
import { signWebhook } from '../../notifications/sign-webhook.ts';
import { type AttemptEnd, endAttempt, findDelivery, findWebhook } from '../../store/deliveries.ts';
import { findInboxes, findNotification, type NewNotification } from '../../store/notifications.ts';
import { StepFailure } from '../../workflows/step-failure.ts';
import { defineJobType, type JobContext } from '../queue.ts';

const ofDelivery = z.strictObject({ deliveryId: z.string().min(1).max(128) });

interface Recipient {
  readonly userId: string;
  readonly email: string;
}

const findRecipients = `query ($permission: String, $userIds: [ID!], $after: ID) {
  notificationRecipients(permission: $permission, userIds: $userIds, after: $after) { userId email }
}`;

type Asked = { readonly permission: string | null; readonly userIds?: readonly string[]; readonly after?: string };

async function recipientsOf({ ask }: JobContext<unknown>, asked: Asked): Promise<readonly Recipient[]> {
  const answer = await ask<{ notificationRecipients: readonly Recipient[] }>('users', findRecipients, asked);
  return answer.notificationRecipients;
}

/** What an attempt came to; a failure that may pass is one that the queue tries again. */
interface Attempt extends Omit<AttemptEnd, 'status'> {
  readonly status: 'SUCCEEDED' | 'SKIPPED' | 'FAILED' | 'PASSING';
}

const skipped = (reason: string): Attempt => ({ status: 'SKIPPED', responseCode: null, reason });

/** Notes what an attempt came to, and has the queue know. */
async function settle({ write, job }: JobContext<unknown>, deliveryId: string, attempt: Attempt) {
  const { status, responseCode, reason } = attempt;
  const shown = status === 'PASSING' ? (job.isLastAttempt ? 'FAILED' : 'RETRYING') : status;
  await write((tx) => endAttempt(tx, deliveryId, { status: shown, responseCode, reason }));
  if (status === 'PASSING') throw new StepFailure('SUBGRAPH_UNAVAILABLE', `It was not taken: ${reason}.`);
  if (status === 'FAILED') throw new StepFailure('CONFLICT', `It was refused: ${reason}.`);
  return { status, responseCode };
}

/** What is to go out: the delivery and the notification; undefined where there is nothing to do any more. */
async function readOutgoing({ read }: JobContext<unknown>, deliveryId: string) {
  return await read(async (tx) => {
    const delivery = await findDelivery(tx, deliveryId);
    if (!delivery || delivery.status === 'SUCCEEDED') return undefined;
    const notification = await findNotification(tx, delivery.notificationId);
    return notification && { delivery, notification };
  });
}

async function sendTo(
  context: JobContext<unknown>,
  deliveryId: string,
  userId: string,
  told: NewNotification,
): Promise<Attempt> {
  const { mail } = context.outlets;
  if (!mail) return skipped('NO_MAIL_SERVER');
  // Whoever has lost the permission, or the account, since it was told gets nothing.
  const [recipient] = await recipientsOf(context, { permission: told.permission, userIds: [userId] });
  if (!recipient) return skipped('NOT_ALLOWED');
  const email = { id: deliveryId, to: recipient.email, subject: told.title, text: `${told.message}\n` };
  const answer = await sendEmail(mail, email);
  const responseCode = answer.code;
  if (answer.isTaken) return { status: 'SUCCEEDED', responseCode, reason: null };
  return { status: answer.mayPass ? 'PASSING' : 'FAILED', responseCode, reason: answer.reason };
}

/** What a webhook is told. */
function bodyOf({
  id,
  app,
  type,
  title,
  message,
  priority,
  ...told
}: NewNotification & { readonly createdAt: Date }): string {
  const about = told.aboutEntity === null ? null : { entity: told.aboutEntity, id: told.aboutId };
  return JSON.stringify({ type, timestamp: told.createdAt, data: { id, app, type, title, message, priority, about } });
}

async function postTo(
  context: JobContext<unknown>,
  deliveryId: string,
  webhookId: string,
  told: NewNotification & { readonly createdAt: Date },
): Promise<Attempt> {
  const { tenantId, secret, outlets, signal, read } = context;
  const webhook = await read((tx) => findWebhook(tx, webhookId));
  if (!webhook) return skipped('WEBHOOK_REMOVED');
  const { reader, permissions, url } = webhook;
  if (!isFor(told, { userId: userOf(reader), permissions })) return skipped('NOT_ALLOWED');
  const body = bodyOf(told);
  const headers = signWebhook(secret, tenantId, webhookId, {
    ...{ id: deliveryId, timestamp: Math.floor(Date.now() / 1_000), body },
  });
  try {
    const { status } = await post({ url, headers, body, signal, allowsPrivate: outlets.allowsPrivateAddresses });
    if (status >= 200 && status < 300) return { status: 'SUCCEEDED', responseCode: status, reason: null };
    // 410: whoever was there wants no more.
    return { status: status === 410 ? 'FAILED' : 'PASSING', responseCode: status, reason: 'NOT_TAKEN' };
  } catch (error) {
    const reason = reasonOf(error);
    return { status: reason === 'ADDRESS_REFUSED' ? 'FAILED' : 'PASSING', responseCode: null, reason };
  }
}

const needs = ['write:notifications'] as const;
const permissions = ['execute:notifications'] as const;

type Outgoing = NonNullable<Awaited<ReturnType<typeof readOutgoing>>>;

/** A job that takes one delivery to where it goes; what is no delivery of that kind is left alone. */
function deliveryJob(
  name: string,
  take: (context: JobContext<unknown>, one: Outgoing) => Promise<Attempt> | undefined,
) {
  return defineJobType({
    name,
    needs,
    permissions,
    data: ofDelivery,
    async run(context) {
      const { deliveryId } = context.data;
      const outgoing = await readOutgoing(context, deliveryId);
      const attempt = outgoing && (await take(context, outgoing));
      return attempt ? await settle(context, deliveryId, attempt) : {};
    },
  });
}

/** Takes notifications to those who want them elsewhere than in the inbox. */
export const notificationJobs = [
  deliveryJob('SEND_EMAIL', (context, { delivery, notification }) =>
    delivery.userId === null ? undefined : sendTo(context, delivery.id, delivery.userId, notification),
  ),
  deliveryJob('POST_WEBHOOK', (context, { delivery, notification }) =>
    delivery.webhookId === null ? undefined : postTo(context, delivery.id, delivery.webhookId, notification),
  ),
  // Of what everybody is to be told who has not said otherwise: finds them, and makes a delivery for each.
  defineJobType({
    name: 'ADDRESS_EMAILS',
    needs,
    permissions,
    data: z.strictObject({ notificationId: z.string().min(1).max(128) }),
    async run(context) {
      const { read, write, job, data, outlets } = context;
      const told = await read((tx) => findNotification(tx, data.notificationId));
      if (!told || !outlets.mail) return { addressed: 0 };
      const { userId, permission } = told;
      let after: string | undefined;
      let addressed = 0;
      for (;;) {
        const asked = {
          permission,
          ...(userId !== null && { userIds: [userId] }),
          ...(after !== undefined && { after }),
        };
        const ids = (await recipientsOf(context, asked)).map((one) => one.userId);
        const inboxes = await read((tx) => findInboxes(tx, ids.map(readerOfUser)));
        const preferences = new Map(inboxes.map((inbox) => [inbox.reader, preferencesOf(inbox)]));
        const willing = ids.filter((id) => wants(preferences.get(readerOfUser(id)) ?? [], 'email', told));
        const deliveries = willing.map((id) => deliveryOf(told.id, { userId: id }));
        const sender = { queuedBy: job.queuedBy, sourceApp: 'coordination' };
        if (deliveries.length > 0) addressed += await write((tx) => queueDeliveries({ tx, ...sender }, deliveries));
        after = ids.at(-1);
        if (after === undefined || userId !== null) return { addressed };
      }
    },
  }),
];
