import { afterEach, describe, expect, test } from '@jest/globals';
import { createMemoryRateLimitStore } from '../../gateway/admission/memory-rate-limit-store.ts';
import {
  createRateLimiter,
  noRateLimits,
  type RateLimitStore,
  type RateLimits,
} from '../../gateway/admission/rate-limit.ts';
import { accessWith, type GuardedGateway, openGuardedGateway } from '../support/federation/guarded-gateway.ts';

const access = accessWith({
  acme: { tenant: 'acme' },
  second: { tenant: 'acme' },
  'acme/token-1': { tenant: 'acme' },
  'acme/token-2': { tenant: 'acme' },
  small: { tenant: 'acme', limits: { costPerMinute: 5 } },
  globex: { tenant: 'globex' },
});

let gateway: GuardedGateway;

afterEach(() => gateway.stop());

/** A gateway with these limits, and no end to anything else. */
async function open(limits: Partial<RateLimits>, store: RateLimitStore = createMemoryRateLimitStore()) {
  gateway = await openGuardedGateway({ access, rateLimiter: createRateLimiter(store, { ...noRateLimits, ...limits }) });
}

const me = { query: '{ me { id } }' };
const as = (key: string) => ({ 'x-tenant-key': key });

/** How many of so many equal requests, all at once, were answered; the others must be 429. */
async function answered(count: number, body: unknown, key: string): Promise<number> {
  const statuses = await Promise.all(
    Array.from({ length: count }, async () => (await gateway.post(body, as(key))).status),
  );
  expect(statuses.filter((status) => status !== 200 && status !== 429)).toEqual([]);
  return statuses.filter((status) => status === 200).length;
}

describe('the rate limit', () => {
  test('of a key is exact, says when to come back, and leaves other keys alone', async () => {
    await open({ keyCostPerMinute: 20 });
    expect(await answered(50, me, 'acme')).toBe(20);
    gateway.subgraph.requests.length = 0;
    const { status, headers, errors, data } = await gateway.post(me, as('acme'));
    const { retryAfter } = errors?.[0]?.extensions ?? {};
    expect({ status, data, code: errors?.[0]?.extensions.code }).toEqual({ status: 429, code: 'RATE_LIMITED' });
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect(headers.get('retry-after')).toBe(String(retryAfter));
    expect(headers.get('ratelimit-remaining')).toBe('0');
    expect(gateway.subgraph.requests).toEqual([]);
    expect((await gateway.post(me, as('second'))).status).toBe(200);
  });

  test('of a key holds for all tokens that it is exchanged for', async () => {
    await open({ keyCostPerMinute: 20 });
    const keys = ['acme', 'acme/token-1', 'acme/token-2'];
    const counts: number[] = [];
    for (const key of keys) counts.push(await answered(9, me, key));
    expect(counts).toEqual([9, 9, 2]);
  });

  test('of a tenant holds for all its keys together, and for no other tenant', async () => {
    await open({ tenantCostPerMinute: 20 });
    expect((await answered(15, me, 'acme')) + (await answered(15, me, 'second'))).toBe(20);
    expect(await answered(5, me, 'globex')).toBe(5);
  });

  test('counts what an operation costs: aliases one by one, pages by their size', async () => {
    await open({ keyCostPerMinute: 20 });
    const logins = Array.from({ length: 10 }, (_, i) => `l${i}: login(email: "a@b.c", password: "p${i}")`).join(' ');
    expect(await answered(4, { query: `mutation { ${logins} }` }, 'acme')).toBe(2);
    const page = { query: 'query($n: Int) { leads(first: $n) { nodes { id } } }', variables: { n: 15 } };
    expect(await answered(3, page, 'second')).toBe(1);
  });

  test('that a key has of its own comes before the usual one', async () => {
    await open({ keyCostPerMinute: 1_000 });
    expect(await answered(10, me, 'small')).toBe(5);
  });

  test('counts refused requests of a key as well', async () => {
    await open({ keyCostPerMinute: 10 });
    const statuses: number[] = [];
    for (let i = 0; i < 12; i += 1) statuses.push((await gateway.post({ query: `{ wrong${i} }` }, as('acme'))).status);
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(400));
    expect((await gateway.post(me, as('acme'))).status).toBe(429);
  });

  test('ends guessing at an address, and not what is known to be good there', async () => {
    await open({ refusalsPerMinute: 10 });
    expect((await gateway.post(me, as('acme'))).status).toBe(200);
    const guess = async (n: number) => (await gateway.post(me, as(`guess-${n}`))).status;
    const statuses: number[] = [];
    for (let n = 0; n < 15; n += 1) statuses.push(await guess(n));
    expect(statuses).toEqual([...Array(11).fill(401), ...Array(4).fill(429)]);
    expect((await gateway.post(me, as('globex'))).status).toBe(429);
    expect((await gateway.post(me, as('acme'))).status).toBe(200);
  });

  test('does not tell clients apart by a header that they can write', async () => {
    await open({ refusalsPerMinute: 3 });
    const statuses: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      const headers = { ...as(`guess-${n}`), 'x-forwarded-for': `10.0.0.${n}` };
      statuses.push((await gateway.post(me, headers)).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 429, 429]);
  });

  test('tells clients apart by what a trusted proxy has seen', async () => {
    const rateLimiter = createRateLimiter(createMemoryRateLimitStore(), { ...noRateLimits, refusalsPerMinute: 1 });
    gateway = await openGuardedGateway({ access, rateLimiter, trustedProxies: 1 });
    const guessFrom = async (forwarded: string) =>
      (await gateway.post(me, { ...as('guess'), 'x-forwarded-for': forwarded })).status;
    const neighbours = ['2001:db8:1:2::7', '2001:db8:1:2:ffff::8', 'made up, 2001:db8:1:2::9'];
    const statuses: number[] = [];
    for (const neighbour of neighbours) statuses.push(await guessFrom(neighbour));
    expect(statuses).toEqual([401, 401, 429]);
    expect(await guessFrom('2001:db8:1:2::9, 2001:db8:1:3::9')).toBe(401);
    expect(await guessFrom('10.0.0.1')).toBe(401);
  });
});
