import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seededRandom } from '../support/federation/seeded-random.ts';
import { controlTenant, loseChanges } from './control.ts';
import { type ChaosPlan, runChaos } from './run-chaos.ts';
import { openSite, type Site } from './site.ts';
import { judge } from './verdict.ts';

/** `npm run test:chaos` sets it: the long form, for so many seconds. */
const seconds = Number(process.env.CHAOS_SECONDS ?? 0);
const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);
const isLong = seconds > 0;

const tenants = ['north', 'south', 'west'];

const plan: ChaosPlan = isLong
  ? {
      ...{ tenants, subscribersPerTenant: 15, writersPerTenant: 4, editsPerWriter: 100, callsPerTenant: 50, seconds },
      kills: { gateways: 10, apps: 3, database: 1 },
      random: seededRandom(seed).next,
    }
  : {
      ...{ tenants, subscribersPerTenant: 5, writersPerTenant: 2, editsPerWriter: 20, callsPerTenant: 10, seconds: 0 },
      kills: { gateways: 4, apps: 1, database: 1 },
      random: seededRandom(seed).next,
    };

/** Everything here ends when its condition holds; this only ends a test that hangs. */
const hangsAfterMs = 600_000 + 4_000 * seconds;

describe('a platform of several processes, some of which are killed all the time', () => {
  let site: Site;

  beforeAll(async () => {
    const apps = ['crm', 'coordination', ...(isLong ? ['users'] : [])];
    site = await openSite({ gateways: 3, apps, tenants: [...tenants, controlTenant] });
  }, hangsAfterMs);

  afterAll(async () => {
    await site?.stop();
  }, hangsAfterMs);

  test(
    'loses nothing, repeats nothing, and keeps the order: acknowledged = applied = logged = delivered = reacted to',
    async () => {
      const { observation, kills } = await runChaos(site, plan);
      const { faults, ...counts } = judge(observation);
      process.stdout.write(`chaos, seed ${seed}: ${JSON.stringify({ ...counts, kills })}\n`);
      expect({ seed, faults: faults.slice(0, 20) }).toEqual({ seed, faults: [] });
      expect(counts.delivered).toBeGreaterThan(counts.acknowledged);
      expect(counts.reactions).toBeGreaterThan(0);
    },
    hangsAfterMs,
  );

  test(
    'loses changes without the lock of tenants, which shows that a loss is seen',
    async () => {
      expect(await loseChanges(site)).not.toEqual([]);
    },
    hangsAfterMs,
  );
});
