import { Prisma } from '../../../generated/prisma/coordination/client.ts';
import type { Priority } from '../../../kernel/changes/change.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import type { Permission } from '../../../kernel/permissions/permission.ts';
import type { CoordinationTransaction, NotificationModel } from '../store.ts';

/** A notification to insert. */
export interface NewNotification {
  readonly id: string;
  /** Whom it is for: one user, whoever has a permission, or, where both are null, everybody. */
  readonly userId: string | null;
  readonly permission: string | null;
  readonly app: string;
  readonly type: string;
  readonly title: string;
  readonly message: string;
  readonly priority: Priority;
  /** The record that it is about. */
  readonly aboutEntity: string | null;
  readonly aboutId: string | null;
}

/** Notifications that somebody keeps out of the inbox: of an app or a type (null for all), but for some. */
export interface MutedKind {
  readonly app: string | null;
  readonly type: string | null;
  readonly except: readonly { readonly app: string | null; readonly type: string | null }[];
}

/** Which notifications to find, and who reads them. */
export interface NotificationSelection {
  /** Whose marks count. */
  readonly reader: string;
  /** Who may see what is addressed to this user, to these permissions, and to everybody. */
  readonly userId: string | undefined;
  readonly permissions: readonly Permission[];
  readonly muted: readonly MutedKind[];
  readonly app?: string | null | undefined;
  readonly unreadOnly?: boolean;
  readonly ids?: readonly string[];
}

const columns = Prisma.sql`id, user_id AS "userId", permission, app, type, title, message, priority,
  about_entity AS "aboutEntity", about_id AS "aboutId", created_at AS "createdAt"`;

/** A notification that was inserted, and whether there is anybody who may want to be told elsewhere, too. */
export interface InsertedNotification extends NewNotification {
  readonly createdAt: Date;
  readonly hasWebhooks: boolean;
  readonly hasEmailWishes: boolean;
}

const wishesEmail = Prisma.sql`jsonb_path_exists(preferences, '$[*] ? (@.email == true)')`;

/** Inserts a notification and gives it; undefined where one has the id: it is told once. */
export async function insertNotification(
  tx: CoordinationTransaction,
  { id, userId, permission, app, type, title, message, priority, aboutEntity, aboutId }: NewNotification,
): Promise<InsertedNotification | undefined> {
  const [row] = await tx.rows<InsertedNotification>(Prisma.sql`
    INSERT INTO notifications (tenant_id, id, user_id, permission, app, type, title, message, priority, about_entity,
      about_id)
    VALUES (${tx.tenantId}, ${id}, ${userId}, ${permission}, ${app}, ${type}, ${title}, ${message}, ${priority},
      ${aboutEntity}, ${aboutId})
    ON CONFLICT DO NOTHING RETURNING ${columns},
      EXISTS (SELECT FROM webhooks w WHERE w.tenant_id = ${tx.tenantId}) AS "hasWebhooks",
      EXISTS (SELECT FROM notification_inboxes i WHERE i.tenant_id = ${tx.tenantId} AND ${wishesEmail})
        AS "hasEmailWishes"`);
  return row;
}

/** A notification of the demo data. */
export type DemoNotification = NewNotification & { readonly createdAt: Date };

/** Inserts those notifications that are not there; gives how many were not. */
export async function insertMissingNotifications(
  tx: CoordinationTransaction,
  notifications: readonly DemoNotification[],
): Promise<number> {
  const data = notifications.map((one) => ({ ...one, tenantId: tx.tenantId }));
  const { count } = await tx.client.notification.createMany({ data, skipDuplicates: true });
  return count;
}

/** Removes a notification, with all that is noted of it. Gives false where there is none. */
export async function deleteNotification(tx: CoordinationTransaction, id: string): Promise<boolean> {
  const { count } = await tx.client.notification.deleteMany({ where: { tenantId: tx.tenantId, id } });
  return count > 0;
}

/** A notification, whoever it is for. */
export async function findNotification(
  tx: CoordinationTransaction,
  id: string,
): Promise<(NewNotification & { readonly createdAt: Date }) | undefined> {
  const [row] = await tx.rows<NewNotification & { readonly createdAt: Date }>(Prisma.sql`
    SELECT ${columns} FROM notifications WHERE tenant_id = ${tx.tenantId} AND id = ${id}`);
  return row;
}

type Where = Prisma.NotificationWhereInput;

/** The permissions that a granted one covers, as `grants` has it. */
function whereGranted(permission: Permission): Where {
  if (permission === '*') return { permission: { not: null } };
  if (permission.endsWith(':*')) return { permission: { startsWith: permission.slice(0, -1) } };
  return { permission };
}

const ofKind = ({ app, type }: Pick<MutedKind, 'app' | 'type'>): Where => ({
  ...(app !== null && { app }),
  ...(type !== null && { type }),
});

function whereNotifications(
  { tenantId }: CoordinationTransaction,
  { reader, userId, permissions, muted, app, unreadOnly, ids }: NotificationSelection,
): Where {
  const audience: Where[] = [{ userId: null, permission: null }, ...permissions.map(whereGranted)];
  if (userId !== undefined) audience.push({ userId });
  // An empty filter counts for nothing within OR and NOT, so none is made.
  const unwanted = muted.map(
    (kind): Where => ({
      app: { not: '' },
      AND: [ofKind(kind), ...kind.except.map((one): Where => ({ NOT: ofKind(one) }))],
    }),
  );
  return {
    tenantId,
    // What is critical is kept out by nobody.
    AND: [{ OR: audience }, ...unwanted.map((kind): Where => ({ OR: [{ priority: 'CRITICAL' }, { NOT: kind }] }))],
    ...(app != null && { app }),
    ...(ids && { id: { in: [...ids] } }),
    ...(unreadOnly && { reads: { none: { reader } } }),
  };
}

/** Each with whether the reader has read it. */
export async function findNotifications(
  tx: CoordinationTransaction,
  selection: NotificationSelection,
  page: Pick<PageQuery, 'where' | 'orderBy'> & { readonly take?: number },
): Promise<NotificationModel[]> {
  const { reader } = selection;
  const rows = await tx.client.notification.findMany({
    where: { AND: [whereNotifications(tx, selection), page.where] },
    orderBy: page.orderBy,
    ...(page.take !== undefined && { take: page.take }),
    include: { reads: { where: { reader }, select: { reader: true } } },
  });
  return rows.map(({ reads, ...row }) => ({ ...row, isRead: reads.length > 0 }));
}

export function countNotifications(tx: CoordinationTransaction, selection: NotificationSelection): Promise<number> {
  return tx.client.notification.count({ where: whereNotifications(tx, selection) });
}

/** What an inbox keeps: `preferences` as they were written. */
export interface InboxRow {
  readonly reader: string;
  readonly preferences: unknown;
  readonly version: number;
}

export async function findInbox(tx: CoordinationTransaction, reader: string): Promise<InboxRow | undefined> {
  const [row] = await tx.rows<InboxRow>(Prisma.sql`
    SELECT reader, preferences, version FROM notification_inboxes
    WHERE tenant_id = ${tx.tenantId} AND reader = ${reader}`);
  return row;
}

/** The inboxes of users who want e-mail of something: of all, or of one of them. */
export function findInboxesForEmail(tx: CoordinationTransaction, reader: string | undefined): Promise<InboxRow[]> {
  const one = reader === undefined ? Prisma.empty : Prisma.sql`AND reader = ${reader}`;
  return tx.rows(Prisma.sql`
    SELECT reader, preferences, version FROM notification_inboxes
    WHERE tenant_id = ${tx.tenantId} AND starts_with(reader, 'user:')
      AND ${wishesEmail} ${one}`);
}

export function findInboxes(tx: CoordinationTransaction, readers: readonly string[]): Promise<InboxRow[]> {
  return tx.rows(Prisma.sql`
    SELECT reader, preferences, version FROM notification_inboxes
    WHERE tenant_id = ${tx.tenantId} AND reader = ANY (${[...readers]})`);
}

/** Counts the version of an inbox up, which is made where it is not there, and keeps it from others until the end. */
export async function touchInbox(
  tx: CoordinationTransaction,
  reader: string,
  preferences?: readonly object[],
): Promise<InboxRow> {
  const written = preferences && JSON.stringify(preferences);
  const [row] = await tx.rows<InboxRow>(Prisma.sql`
    INSERT INTO notification_inboxes AS i (tenant_id, reader, preferences)
    VALUES (${tx.tenantId}, ${reader}, coalesce(${written ?? null}::jsonb, '[]'))
    ON CONFLICT (tenant_id, reader) DO UPDATE
      SET version = i.version + 1, preferences = coalesce(${written ?? null}::jsonb, i.preferences)
    RETURNING reader, preferences, version`);
  if (!row) throw new Error('An inbox that was written is not there.');
  return row;
}

/** Marks notifications as read by somebody who has an inbox; gives how many were not. */
export async function insertReads(
  tx: CoordinationTransaction,
  reader: string,
  ids: readonly string[],
): Promise<number> {
  const rows = await tx.rows(Prisma.sql`
    INSERT INTO notification_reads (tenant_id, reader, notification_id)
    SELECT n.tenant_id, ${reader}, n.id FROM notifications n
    WHERE n.tenant_id = ${tx.tenantId} AND n.id = ANY (${[...ids]})
    ON CONFLICT DO NOTHING RETURNING notification_id`);
  return rows.length;
}

/** The ids of the notifications that somebody has not read, so many at most. */
export async function findUnreadIds(
  tx: CoordinationTransaction,
  selection: NotificationSelection,
  limit: number,
): Promise<string[]> {
  const where = whereNotifications(tx, { ...selection, unreadOnly: true });
  const rows = await tx.client.notification.findMany({ where, select: { id: true }, take: limit });
  return rows.map(({ id }) => id);
}
