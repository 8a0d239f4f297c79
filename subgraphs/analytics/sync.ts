import type { PrismaClient } from '../../generated/prisma/analytics/client.ts';
import { syncResolvers } from '../../kernel/sync/sync-fields.ts';
import type { SyncedEntity } from '../../kernel/sync/synced-entities.ts';
import { eventTracking } from './changes.ts';
import { findTrackedEventsById } from './store.ts';

const trackedEvents: SyncedEntity<PrismaClient> = {
  table: 'tracked_events',
  create: 'trackEvent',
  read: async (tx, ids) => (await findTrackedEventsById(tx, ids)).map(eventTracking),
};

/** What of the analytics works without a connection: what a user does there is told later. */
export const sync = syncResolvers({ app: 'analytics', entities: { TrackedEvent: trackedEvents } });
