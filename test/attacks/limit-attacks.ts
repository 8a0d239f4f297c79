import { randomUUID } from 'node:crypto';
import { expect, jest } from '@jest/globals';
import { createMemoryRateLimitStore } from '../../gateway/admission/memory-rate-limit-store.ts';
import { createRateLimiter, noRateLimits } from '../../gateway/admission/rate-limit.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { runStatements } from '../support/run-statements.ts';
import type { Attack } from './attack.ts';
import { checkBody } from './check-answer.ts';
import { ask } from './send.ts';
import type { CrowdScene } from './tenant-scene.ts';

const tenMinutes = 600_000;

/** How long a caller who used up the limit has to wait, in seconds, when the clock is set by so much in between. */
async function waitAcross(stepMs: number): Promise<readonly (number | 'let in')[]> {
  const limiter = createRateLimiter(createMemoryRateLimitStore(), { ...noRateLimits, addressCostPerMinute: 3 });
  const use = () =>
    limiter.charge({ principal: undefined, address: '192.0.2.1' }, 1).then(
      () => 'let in' as const,
      (error: unknown) => (error instanceof PanoramaError ? Number(error.extensions.retryAfter) : Number.NaN),
    );
  const before = [await use(), await use()];
  const now = Date.now;
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + stepMs);
  try {
    return [...before, await use(), await use(), await use(), await use()];
  } finally {
    clock.mockRestore();
  }
}

const createLead = (email: string) =>
  `mutation { createLead(input:{firstName:"x",lastName:"y",email:"${email}"}) { lead { id } userErrors { code } } }`;

/** How many leads have an address, and how many records tell of their making. */
async function effectAndRecord(
  { stand }: CrowdScene,
  email: string,
): Promise<readonly [leads: number, records: number]> {
  const sql = `SELECT (SELECT count(*) FROM crm.leads WHERE email = '${email}') AS leads,
    (SELECT count(*) FROM platform.audit_records a JOIN crm.leads l ON a.entity_id = l.id AND a.tenant_id = l.tenant_id
     WHERE l.email = '${email}' AND outcome = 'DONE') AS records`;
  const settings = [`SET LOCAL panorama.operator = 'yes'`, `SET LOCAL panorama.tenant_id = 'acme'`];
  const [row] = await runStatements(stand.database.ownerUrl, 'BEGIN', ...settings, sql);
  return [Number(row?.leads), Number(row?.records)];
}

/** Makes a lead while its record cannot be kept: nothing is written. Afterwards both are. */
async function writeWhile(scene: CrowdScene, broken: readonly string[], mended: readonly string[]): Promise<void> {
  const { stand, tokenOf } = scene;
  const email = `recorded-${randomUUID()}@example.com`;
  const before = await stand.rowsOf('acme');
  await runStatements(stand.database.ownerUrl, ...broken);
  try {
    const { data, errors, text } = await ask(stand.url, { query: createLead(email) }, tokenOf('acme'));
    expect(data?.createLead ?? null).toBeNull();
    expect(['INTERNAL', 'SUBGRAPH_UNAVAILABLE']).toContain(errors?.[0]?.extensions.code);
    checkBody(text);
    expect(await stand.rowsOf('acme')).toBe(before);
    expect(await effectAndRecord(scene, email)).toEqual([0, 0]);
  } finally {
    await runStatements(stand.database.ownerUrl, ...mended);
  }
  const { data } = await ask(stand.url, { query: createLead(email) }, tokenOf('acme'));
  expect(data).toEqual({ createLead: { lead: { id: expect.any(String) }, userErrors: [] } });
  expect(await effectAndRecord(scene, email)).toEqual([1, 1]);
}

/** What can be asked too often, and what has to be on record. */
export const limitAttacks: readonly Attack<CrowdScene>[] = [
  {
    id: 'RL-001',
    name: 'more than the limit in its minute',
    provenBy: [
      ['test/gateway/rate-limit.test.ts', 'of a key is exact, says when to come back, and leaves other keys alone'],
    ],
  },
  {
    id: 'RL-003',
    name: 'many attempts under aliases of one request',
    provenBy: [
      ['test/gateway/rate-limit.test.ts', 'counts what an operation costs: aliases one by one, pages by their size'],
    ],
  },
  {
    id: 'RL-005',
    name: 'a store of counters that is down',
    provenBy: [['test/kernel/data/use-counter.test.ts', 'go on in each process while the database does not answer']],
  },
  {
    id: 'RL-007',
    name: 'a clock that is set back or forward by ten minutes',
    run: async () => {
      for (const step of [-tenMinutes, tenMinutes]) {
        const waits = await waitAcross(step);
        const refused = waits.filter((wait) => wait !== 'let in');
        // Never without an end, and never locked out for longer than a minute.
        expect(refused.length).toBeGreaterThan(0);
        for (const seconds of refused) expect(seconds).toBeLessThanOrEqual(60);
      }
    },
  },
  {
    id: 'RL-009',
    name: 'records that cannot be kept',
    run: (scene) =>
      writeWhile(
        scene,
        ['ALTER TABLE platform.audit_records ADD CONSTRAINT disk_is_full CHECK (false) NOT VALID'],
        ['ALTER TABLE platform.audit_records DROP CONSTRAINT disk_is_full'],
      ),
  },
  {
    id: 'RL-011',
    name: 'an end between the effect and its record, at the moment of the commit',
    run: (scene) =>
      writeWhile(
        scene,
        [
          `CREATE FUNCTION platform.crash() RETURNS trigger LANGUAGE plpgsql AS
           'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'`,
          `CREATE CONSTRAINT TRIGGER crash AFTER INSERT ON platform.audit_records DEFERRABLE INITIALLY DEFERRED
           FOR EACH ROW EXECUTE FUNCTION platform.crash()`,
        ],
        ['DROP FUNCTION platform.crash CASCADE'],
      ),
  },
];
