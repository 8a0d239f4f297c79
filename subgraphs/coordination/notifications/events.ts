import { hash } from 'node:crypto';
import type { PrismaClient } from '../../../generated/prisma/coordination/client.ts';
import { eventCatalogue } from '../../../kernel/changes/catalogue.ts';
import type { Change } from '../../../kernel/changes/change.ts';
import type { EventHandlers } from '../../../kernel/changes/handlers/event-handler.ts';
import { notify } from './notify.ts';
import { type EventData, type NotificationRule, type NotificationRules, notificationRules } from './rules.ts';

/** What a change says, less what is personal. */
export function impersonalData({ type, data }: Pick<Change, 'type' | 'data'>): EventData {
  const personal = eventCatalogue().get(type)?.personal?.fields ?? [];
  return Object.fromEntries(Object.entries(data).filter(([name]) => !personal.includes(name)));
}

/** The notice that a rule makes of an event; undefined where it tells nobody. */
export function noticeOf(rule: NotificationRule, change: Change, eventId: string) {
  const data = impersonalData(change);
  const audience = rule.audience(data);
  if (!audience) return undefined;
  const type = rule.type ?? change.type;
  const id = `ntf_${hash('sha256', `${eventId} ${type}`, 'hex').slice(0, 32)}`;
  const message = typeof rule.message === 'string' ? rule.message : rule.message(data);
  const told = { title: rule.title, message, priority: rule.priority ?? change.priority };
  const about = { aboutEntity: change.entity, aboutId: change.entityId };
  return { id, ...audience, app: rule.app ?? change.app, type, ...told, ...about };
}

/** Tells of what happens in all apps, by the rules. */
function handlersOf(rules: NotificationRules): EventHandlers<PrismaClient> {
  const entries = Object.entries(rules).map(([type, ofType]): [string, EventHandlers<PrismaClient>[string]] => [
    type,
    async (change, { tx, publish, eventId, correlationId }) => {
      const teller = { tx, publish, queuedBy: 'app:coordination', sourceApp: 'coordination', correlationId, eventId };
      let told = false;
      for (const rule of ofType) {
        const notice = noticeOf(rule, change, eventId);
        if (notice && (await notify(teller, notice))) told = true;
      }
      return told ? 'changed' : 'unchanged';
    },
  ]);
  return Object.fromEntries(entries);
}

export const notificationEvents = handlersOf(notificationRules);
