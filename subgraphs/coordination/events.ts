import type { PrismaClient } from '../../generated/prisma/coordination/client.ts';
import type { EventHandlers } from '../../kernel/changes/handlers/event-handler.ts';
import { notificationEvents } from './notifications/events.ts';
import { queueEvents } from './queues/events.ts';

type Handlers = EventHandlers<PrismaClient>;

/** The handlers of several parts as one table: of a type that more than one handles, each does its part. */
function join(parts: readonly Handlers[]): Handlers {
  const types = new Set(parts.flatMap((part) => Object.keys(part)));
  const entries = Array.from(types, (type): [string, Handlers[string]] => {
    const handlers = parts.flatMap((part) => part[type] ?? []);
    return [
      type,
      async (change, context) => {
        let reaction: 'changed' | 'unchanged' = 'unchanged';
        for (const handle of handlers) if ((await handle(change, context)) === 'changed') reaction = 'changed';
        return reaction;
      },
    ];
  });
  return Object.fromEntries(entries);
}

/** What coordination does when something has happened in another app. */
export const events: Handlers = join([queueEvents, notificationEvents]);
