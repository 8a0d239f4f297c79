import { setTimeout as sleep } from 'node:timers/promises';
import { startCaller } from './caller.ts';
import { findDeliveryFaults } from './judge-delivery.ts';
import type { Site } from './site.ts';
import { startSubscriber } from './subscriber.ts';
import type { Fault } from './verdict.ts';
import { waitUntil } from './wait.ts';

/** The tenant of the control. */
export const controlTenant = 'control';
const atOnce = 6;
const roundsAtMost = 40;
/** How often it is looked whether all has come, which takes a connection each time. */
const lookMs = 50;

/**
 * What a subscriber misses where nothing keeps the transactions of a tenant in the order of their numbers: leads are
 * made at the same time, and after each round one more, which shows whether what came before has come. That one may be
 * lost as well, because of what apps make of those before it: then what lies behind it comes alone. It ends with the
 * first change that is lost, or after many rounds.
 */
export async function loseChanges({ ground, url, keyOf }: Site): Promise<readonly Fault[]> {
  await ground.removeLock();
  const tenantId = controlTenant;
  const key = keyOf(tenantId);
  const after = (await ground.readLog([tenantId])).at(-1)?.seq ?? 0;
  const caller = startCaller({ url, tenantId, key });
  const subscriber = await startSubscriber({ name: 'control', url, tenantId, key, after });

  /** What was lost up to the last lead; undefined before it or something behind it has come. */
  async function findLost(lead: string): Promise<readonly Fault[] | undefined> {
    const logged = await ground.readLog([tenantId]);
    const place = logged.findIndex(({ entityId }) => entityId === lead);
    const hasCome = logged.slice(place).some(({ entityId }) => subscriber.hasSeen(entityId));
    if (!hasCome) return undefined;
    const faults = findDeliveryFaults(subscriber.delivery, logged.slice(0, place + 1));
    return faults.filter(({ kind }) => kind === 'LOST');
  }

  try {
    for (let round = 0; round < roundsAtMost; round += 1) {
      await Promise.all(Array.from({ length: atOnce }, caller.createLead));
      const last = await caller.createLead();
      let lost: readonly Fault[] | undefined;
      await waitUntil('the lead that was made last, or what lies behind it', async () => {
        await sleep(lookMs);
        lost = await findLost(last);
        return lost !== undefined;
      });
      if (lost && lost.length > 0) return lost;
    }
    return [];
  } finally {
    await subscriber.close();
    await caller.close();
  }
}
