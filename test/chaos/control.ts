import { startCaller } from './caller.ts';
import { findDeliveryFaults } from './judge-delivery.ts';
import type { Site } from './site.ts';
import { startSubscriber } from './subscriber.ts';
import type { Fault } from './verdict.ts';
import { waitUntil } from './wait.ts';

const tenantId = 'control';
const atOnce = 6;
const roundsAtMost = 40;

/**
 * What a subscriber misses where nothing keeps the transactions of a tenant in the order of their numbers: leads are
 * made at the same time, and after each round one change more, which is all alone, shows whether what came before has come. It
 * ends with the first change that is lost, or after many rounds.
 */
export async function loseChanges({ ground, url }: Site): Promise<readonly Fault[]> {
  await ground.removeLock();
  const key = await ground.addTenant(tenantId);
  const after = (await ground.readLog([tenantId])).at(-1)?.seq ?? 0;
  const caller = startCaller({ url, tenantId, key });
  const subscriber = await startSubscriber({ name: 'control', url, tenantId, key, after });
  try {
    for (let round = 0; round < roundsAtMost; round += 1) {
      await Promise.all(Array.from({ length: atOnce }, caller.createLead));
      const marker = await caller.createLead();
      await waitUntil('the change that was made alone', () => subscriber.hasSeen(marker));
      const logged = await ground.readLog([tenantId]);
      const place = logged.findIndex(({ entityId }) => entityId === marker);
      const lost = findDeliveryFaults(subscriber.delivery, logged.slice(0, place));
      if (lost.some(({ kind }) => kind === 'LOST')) return lost.filter(({ kind }) => kind === 'LOST');
    }
    return [];
  } finally {
    await subscriber.close();
    await caller.close();
  }
}
