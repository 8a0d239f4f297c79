import { z } from 'zod';
import type {
  CreateNotificationInput,
  MarkReadInput,
  UpdateNotificationPreferencesInput,
} from '../../../generated/graphql/coordination.ts';
import { newEntityId } from '../../../kernel/data/entity-id.ts';
import { isPermission } from '../../../kernel/permissions/permission.ts';
import { runCommand } from '../../../kernel/subgraph/command.ts';
import {
  type CommandResult,
  done,
  entityId,
  parseInput,
  refused,
  text,
  unchanged,
} from '../../../kernel/subgraph/input.ts';
import { isAppName } from '../../../kernel/tenancy/app-name.ts';
import type { CoordinationContext } from '../loaders.ts';
import { pokeQueues } from '../queues/worker.ts';
import { findNotifications, findUnreadIds, insertReads, touchInbox } from '../store/notifications.ts';
import { readerOf } from './audience.ts';
import { preferencesChange, readChange } from './changes.ts';
import { notify } from './notify.ts';
import type { Preference } from './preferences.ts';
import { countUnread, selectionOf } from './queries.ts';

/** The name of a kind of notification. */
export const notificationType = () =>
  z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'Use 1 to 64 capital letters, digits and _, a letter first.');

const appName = () => z.string().refine(isAppName, 'This is not the name of an app.');

const entityName = z.string().regex(/^[A-Z][A-Za-z0-9]{0,63}$/, 'This is not a type of the graph.');
const createNotificationInput = z
  .object({
    id: entityId().nullish(),
    type: notificationType(),
    title: text(200),
    message: text(2_000),
    priority: z.enum(['LOW', 'NORMAL', 'HIGH', 'CRITICAL']),
    userId: entityId().nullish(),
    permission: z.string().refine(isPermission, 'This is not a permission.').nullish(),
    about: z.object({ entity: entityName, id: entityId() }).nullish(),
  })
  .refine(({ userId, permission }) => userId == null || permission == null, {
    path: ['permission'],
    message: 'Say a user or a permission, not both.',
  });

/** Tells somebody something in the name of the sender's app; gives the id of the notification. */
export async function createNotification(
  context: CoordinationContext,
  input: CreateNotificationInput,
): Promise<CommandResult<string>> {
  const parsed = parseInput(createNotificationInput, input);
  if (!parsed.ok) return parsed;
  const { id = null, userId = null, permission = null, about, ...said } = parsed.value;
  const { principal, correlationId } = context;
  const { app, credentialId } = principal;
  const notice = { ...said, id: id ?? newEntityId(), userId, permission, app };
  const result = await runCommand(context, {}, async (tx, publish) => {
    const teller = { tx, publish, queuedBy: principal.userId ?? credentialId, sourceApp: app, correlationId };
    const subject = { aboutEntity: about?.entity ?? null, aboutId: about?.id ?? null };
    if (await notify(teller, { ...notice, ...subject })) return done(notice.id);
    return refused('CONFLICT', 'id', 'This id is taken.');
  });
  pokeQueues(context);
  return result;
}

const mostNamed = 100;
/** How many are marked at once where all are. */
const mostMarked = 10_000;

const markReadInput = z
  .object({ ids: z.array(entityId()).max(mostNamed, `Name at most ${mostNamed}.`).nullish(), all: z.boolean() })
  .refine(({ ids, all }) => all !== (ids != null), { path: ['ids'], message: 'Name ids, or say `all: true`.' });

/** Marks notifications as read for the sender; gives how many are left. */
export async function markRead(context: CoordinationContext, input: MarkReadInput): Promise<CommandResult<number>> {
  const parsed = parseInput(markReadInput, input);
  if (!parsed.ok) return parsed;
  const { ids } = parsed.value;
  const result = await runCommand(context, {}, async (tx, publish) => {
    const selection = await selectionOf(tx, context, { ...(ids && { ids }) });
    const seen = ids && (await findNotifications(tx, selection, { where: {}, orderBy: [] }));
    if (ids && seen && seen.length < new Set(ids).size) {
      return refused('NOT_FOUND', 'ids', 'There is no notification with one of these ids.');
    }
    const unread = await findUnreadIds(tx, selection, mostMarked);
    if (unread.length === 0) return unchanged(0);
    const inbox = await touchInbox(tx, readerOf(context.principal));
    await insertReads(tx, inbox.reader, unread);
    publish(readChange(inbox, unread.length));
    return done(0);
  });
  return result.ok ? done(await countUnread(context)) : result;
}

const wanted = z.boolean().nullish().default(null);
const preferencesInput = z.object({
  preferences: z
    .array(
      z.object({
        app: appName().nullish().default(null),
        type: notificationType().nullish().default(null),
        inbox: wanted,
        email: wanted,
        webhook: wanted,
      }),
    )
    .max(mostNamed, `Say at most ${mostNamed}.`)
    .refine((all) => new Set(all.map(({ app, type }) => `${app} ${type}`)).size === all.length, 'One is there twice.'),
});

/** Says how the sender wants to be told, in place of what it said before. */
export async function updatePreferences(
  context: CoordinationContext,
  input: UpdateNotificationPreferencesInput,
): Promise<CommandResult<Preference[]>> {
  const parsed = parseInput(preferencesInput, input);
  if (!parsed.ok) return parsed;
  const { preferences } = parsed.value;
  return runCommand(context, {}, async (tx, publish) => {
    publish(preferencesChange(await touchInbox(tx, readerOf(context.principal), preferences)));
    return done(preferences);
  });
}
