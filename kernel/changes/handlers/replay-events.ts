import type { PrismaClientLike } from '../../data/tenant-database.ts';
import type { TenantId } from '../../tenancy/ids.ts';
import { handleEvents, mostTogether, type Outcome } from './apply-events.ts';
import { findPosition } from './event-rows.ts';
import type { HandlingApp } from './run-handler.ts';

/** What handing an app its past again came to: how many events of each outcome. */
export type ReplayCounts = Readonly<Record<Outcome, number>>;

/**
 * Hands an app the events of a tenant again that lie after a place and that it has passed. What it has handled is not
 * handled again; the rest is: events of a type that it has had no handler for, and those that were given up. What the app
 * has not come to yet, it comes to by itself.
 */
export async function replayEvents<Client extends PrismaClientLike>(
  handling: HandlingApp<Client>,
  tenantId: TenantId,
  after: number,
): Promise<ReplayCounts> {
  const { app, database, source, handlers, stopping } = handling;
  const place = { app, tenantId };
  const [position] = await database.read(place, (tx) => tx.rows<{ seq: bigint }>(findPosition(place)));
  const end = Number(position?.seq ?? 0);
  const counts = { handled: 0, passed: 0, waiting: 0, failed: 0, dead: 0, busy: 0 };
  for (let from = after, isEnd = from >= end; !isEnd && !stopping.aborted; ) {
    const page = await source.events(tenantId, { after: from, types: Object.keys(handlers) });
    const passed = page.changes.filter(({ seq }) => seq <= end);
    for (let done = 0; done < passed.length && !stopping.aborted; ) {
      const outcomes = await handleEvents(handling, 'past', passed.slice(done, done + mostTogether));
      for (const outcome of outcomes) counts[outcome] += 1;
      done += outcomes.length;
    }
    from = page.reached;
    isEnd = page.isEnd || from >= end;
  }
  return counts;
}
