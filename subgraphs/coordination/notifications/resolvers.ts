import type { Resolvers } from '../../../generated/graphql/coordination.ts';
import type { FeedEvent } from '../../../kernel/changes/feed.ts';
import { followChanges, keepChanges, recordsIn, typeOfEvent } from '../../../kernel/changes/feed-fields.ts';
import { toPayload } from '../../../kernel/subgraph/input.ts';
import { createNotification, markRead, updatePreferences } from './commands.ts';
import { countUnread, findSome, listDeliveries, listNotifications, listWebhooks, readPreferences } from './queries.ts';
import { registerWebhook, removeWebhook } from './webhooks.ts';

/** The inbox of all apps. */
export const notificationResolvers = {
  Query: {
    notifications: (_, args, context) => listNotifications(context, args),
    unreadCount: (_, { app }, context) => countUnread(context, app),
    notificationPreferences: (_, _args, context) => readPreferences(context),
    webhooks: (_, args, context) => listWebhooks(context, args),
    webhookDeliveries: (_, args, context) => listDeliveries(context, 'WEBHOOK', args),
    emailDeliveries: (_, args, context) => listDeliveries(context, 'EMAIL', args),
  },
  Mutation: {
    createNotification: async (_, { input }, context) => {
      const { notificationId, userErrors } = toPayload('notificationId', await createNotification(context, input));
      const [notification] = notificationId === null ? [] : await findSome(context, [notificationId]);
      return { notification: notification ?? null, notificationId, userErrors };
    },
    markRead: async (_, { input }, context) => toPayload('unreadCount', await markRead(context, input)),
    updateNotificationPreferences: async (_, { input }, context) =>
      toPayload('preferences', await updatePreferences(context, input)),
    registerWebhook: async (_, { input }, context) => {
      const { made, userErrors } = toPayload('made', await registerWebhook(context, input));
      return { webhook: made?.webhook ?? null, secret: made?.secret ?? null, userErrors };
    },
    removeWebhook: async (_, { input }, context) => toPayload('removedWebhookId', await removeWebhook(context, input)),
  },
  Subscription: {
    notificationReceived: {
      subscribe: (_, { app, after }, context) => {
        const changes = followChanges(context, { after }, { types: ['NOTIFICATION_CREATED'] });
        return app == null ? changes : keepChanges(changes, ({ data }) => data.app === app);
      },
      resolve: (event: FeedEvent) => event,
    },
  },
  NotificationEvent: { __resolveType: typeOfEvent('NotificationBatch') },
  NotificationBatch: {
    notifications: (batch, _, context) => findSome(context, recordsIn(batch)),
    unreadCount: (_batch, _, context) => countUnread(context),
  },
  Notification: {
    about: ({ aboutEntity, aboutId }) =>
      aboutEntity === null || aboutId === null ? null : { entity: aboutEntity, id: aboutId },
  },
  Webhook: { registeredBy: ({ reader }) => reader.slice(reader.indexOf(':') + 1) },
} satisfies Resolvers;
