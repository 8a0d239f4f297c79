import type { NewChange } from '../../../kernel/changes/change.ts';
import { toChangeData } from '../../../kernel/changes/change-data.ts';
import type { InboxRow, NewNotification } from '../store/notifications.ts';
import type { WebhookModel } from '../store.ts';
import { userOf } from './audience.ts';
import { preferencesOf } from './preferences.ts';

/** What is told of a new notification: whom it is for and what it is about, never what it says. */
export function notificationChange(made: NewNotification & { readonly createdAt: Date }): NewChange {
  const { id, app, type, priority, userId, permission, aboutEntity, aboutId, createdAt } = made;
  const data = toChangeData({ id, app, type, priority, userId, permission, aboutEntity, aboutId, createdAt });
  return { type: 'NOTIFICATION_CREATED', entityId: id, version: 1, priority, data };
}

export function notificationRemoval(id: string): NewChange {
  return { type: 'NOTIFICATION_DELETED', op: 'DELETE', entityId: id, version: 2, data: { id } };
}

/** Whom a change of an inbox is for: its user; that of a credential, those who may do everything. */
function ownerOf({ reader }: InboxRow) {
  const userId = userOf(reader) ?? null;
  return { id: reader, userId, permission: userId === null ? '*' : null };
}

export function readChange(inbox: InboxRow, count: number): NewChange {
  const { reader, version } = inbox;
  return { type: 'NOTIFICATIONS_READ', entityId: reader, version, data: { ...ownerOf(inbox), count, version } };
}

export function preferencesChange(inbox: InboxRow): NewChange {
  const { reader, version } = inbox;
  const data = { ...ownerOf(inbox), preferences: preferencesOf(inbox), version };
  return { type: 'NOTIFICATION_PREFERENCES_UPDATED', entityId: reader, version, data };
}

/** What is told of a webhook: not where it leads, which may be a secret of its own. */
export function webhookChange({ id, types, reader, createdAt }: WebhookModel): NewChange {
  const data = toChangeData({ id, types, registeredBy: reader.slice(reader.indexOf(':') + 1), createdAt, version: 1 });
  return { type: 'WEBHOOK_REGISTERED', entityId: id, version: 1, data };
}

export function webhookRemoval(id: string): NewChange {
  return { type: 'WEBHOOK_REMOVED', op: 'DELETE', entityId: id, version: 2, data: { id } };
}
