import type {
  QueryEmailDeliveriesArgs,
  QueryNotificationsArgs,
  QueryWebhookDeliveriesArgs,
  QueryWebhooksArgs,
} from '../../../generated/graphql/coordination.ts';
import { type Connection, planPage } from '../../../kernel/data/page.ts';
import type { CoordinationContext } from '../loaders.ts';
import {
  countDeliveries,
  countWebhooks,
  type DeliverySelection,
  findDeliveries,
  findWebhooks,
} from '../store/deliveries.ts';
import {
  countNotifications,
  findInbox,
  findNotifications,
  type NotificationSelection,
} from '../store/notifications.ts';
import type { CoordinationTransaction, NotificationDeliveryModel, NotificationModel, WebhookModel } from '../store.ts';
import { readerOf } from './audience.ts';
import { mutedKinds, type Preference, preferencesOf } from './preferences.ts';

type Asker = Pick<CoordinationContext, 'principal'>;

const newestFirst = (list: string) => ({ list, column: 'createdAt', type: 'instant', direction: 'DESC' }) as const;

/** What somebody may see and wants to. */
export async function selectionOf(
  tx: CoordinationTransaction,
  { principal }: Asker,
  more: Pick<NotificationSelection, 'app' | 'unreadOnly' | 'ids'> = {},
): Promise<NotificationSelection> {
  const reader = readerOf(principal);
  const muted = mutedKinds(preferencesOf(await findInbox(tx, reader)));
  return { reader, userId: principal.userId, permissions: principal.permissions, muted, ...more };
}

/** What the sender is told, the newest first. */
export async function listNotifications(
  context: CoordinationContext,
  { app, unreadOnly, ...args }: QueryNotificationsArgs,
): Promise<Connection<NotificationModel>> {
  const page = planPage(context.cursors, args, newestFirst('coordination.notifications'));
  const select = (tx: CoordinationTransaction) => selectionOf(tx, context, { app, unreadOnly });
  const rows = await context.database.read(context, async (tx) => findNotifications(tx, await select(tx), page.query));
  return page.toConnection(rows, () =>
    context.database.read(context, async (tx) => countNotifications(tx, await select(tx))),
  );
}

/** Some notifications by their ids, in that order, without those that the sender may not see or does not want. */
export async function findSome(
  context: CoordinationContext,
  ids: readonly string[],
  app?: string | null,
): Promise<NotificationModel[]> {
  if (ids.length === 0) return [];
  const rows = await context.database.read(context, async (tx) =>
    findNotifications(tx, await selectionOf(tx, context, { ids, app }), { where: {}, orderBy: [] }),
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

export function countUnread(context: CoordinationContext, app?: string | null): Promise<number> {
  return context.database.read(context, async (tx) =>
    countNotifications(tx, await selectionOf(tx, context, { app, unreadOnly: true })),
  );
}

/** How the sender wants to be told. */
export async function readPreferences(context: CoordinationContext): Promise<Preference[]> {
  const inbox = await context.database.read(context, (tx) => findInbox(tx, readerOf(context.principal)));
  return [...preferencesOf(inbox)];
}

export async function listWebhooks(
  context: CoordinationContext,
  args: QueryWebhooksArgs,
): Promise<Connection<WebhookModel>> {
  const page = planPage(context.cursors, args, newestFirst('coordination.webhooks'));
  const rows = await context.database.read(context, (tx) => findWebhooks(tx, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countWebhooks(tx)));
}

/** What went out on a channel, the newest first. */
export async function listDeliveries(
  context: CoordinationContext,
  channel: DeliverySelection['channel'],
  { statuses, webhookId, ...args }: QueryEmailDeliveriesArgs & Pick<QueryWebhookDeliveriesArgs, 'webhookId'>,
): Promise<Connection<NotificationDeliveryModel>> {
  const selection = { channel, statuses, webhookId };
  const page = planPage(context.cursors, args, newestFirst(`coordination.deliveries.${channel}`));
  const rows = await context.database.read(context, (tx) => findDeliveries(tx, selection, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countDeliveries(tx, selection)));
}
