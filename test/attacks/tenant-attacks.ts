import { expect } from '@jest/globals';
import { createMemoryRateLimitStore } from '../../gateway/admission/memory-rate-limit-store.ts';
import { createRateLimiter, defaultRateLimits } from '../../gateway/admission/rate-limit.ts';
import { isTenantId } from '../../kernel/tenancy/ids.ts';
import { type Attack, runsLong } from './attack.ts';
import { checkAfter, checkBody, lookBefore } from './check-answer.ts';
import { repeat } from './repeat.ts';
import { ask, credentialsOf } from './send.ts';
import { medianOf, welchT } from './statistics.ts';
import type { CrowdScene } from './tenant-scene.ts';

type TenantAttack = Attack<CrowdScene>;

const idsIn = (text: string) => text.match(/(?:lea|con|cus)_[a-z0-9-]+_\d{4}(?:_\d+)?/g) ?? [];

/** Many tenants at once: whatever an answer names is of the tenant that asked. */
const mixingAttacks: readonly TenantAttack[] = [
  {
    id: 'TEN-001',
    name: 'the same document with the same variables of many tenants at once',
    run: async ({ stand, tenants, tokenOf }) => {
      const query = '{leads(first:5){nodes{id contact{id}}} customers(first:2){nodes{id}}}';
      await repeat(runsLong ? 100_000 : 400, 50, async (index) => {
        const tenant = tenants[index % tenants.length] ?? '';
        const { status, text } = await ask(stand.url, { query }, tokenOf(tenant));
        expect(status).toBe(200);
        expect(idsIn(text).length).toBeGreaterThan(0);
        expect(idsIn(text).filter((id) => !id.includes(`_${tenant}_`))).toEqual([]);
      });
    },
  },
  {
    id: 'TEN-003',
    name: 'one document with other variables, when everything is warm',
    run: async ({ stand, tenants, tokenOf }) => {
      const query = 'query($i:ID!){lead(id:$i){id}}';
      await repeat(runsLong ? 20_000 : 300, 30, async (index) => {
        const tenant = tenants[index % tenants.length] ?? '';
        const other = tenants[(index + 1) % tenants.length] ?? '';
        const i = `lea_${tenant}_0001_${1 + (index % 2)}`;
        const { data } = await ask(stand.url, { query, variables: { i } }, tokenOf(tenant));
        expect(data).toEqual({ lead: { id: i } });
        expect((await ask(stand.url, { query, variables: { i } }, tokenOf(other))).data).toEqual({ lead: null });
      });
    },
  },
  {
    id: 'TEN-005',
    name: 'callers whose requests wait in between, by hundreds',
    run: async ({ stand, tenants, tokenOf }) => {
      const query = '{viewer{tenant{id} permissions} leads(first:1){nodes{id}}}';
      await repeat(runsLong ? 20_000 : 300, runsLong ? 500 : 100, async (index) => {
        const tenant = tenants[index % tenants.length] ?? '';
        const scope = index % 3 === 0 ? ['read:leads'] : ['*'];
        const { data } = await ask(stand.url, { query }, tokenOf(tenant, scope));
        expect(data).toMatchObject({ viewer: { tenant: { id: tenant }, permissions: scope } });
      });
    },
  },
  {
    id: 'TEN-007',
    name: 'a document that another caller was allowed, sent by one who is not',
    run: async ({ stand }) => {
      const before = await lookBefore(stand);
      const schema = { query: '{ __schema { queryType { name } } leads(first: 1) { nodes { id } } }' };
      const sensitive = { query: '{ users(first: 1) { nodes { email } } leads(first: 1) { nodes { id } } }' };
      const reader = credentialsOf(stand, { permissions: ['read:leads'] });
      for (let turn = 0; turn < 2; turn += 1) {
        expect((await ask(stand.url, schema, credentialsOf(stand, 'admin'))).status).toBe(200);
        const refused = await ask(stand.url, schema, reader);
        expect([refused.status, refused.errors?.[0]?.extensions.code]).toEqual([403, 'FORBIDDEN']);
        expect((await ask(stand.url, sensitive, credentialsOf(stand, 'admin'))).data?.users).not.toBeNull();
        const { data, text } = await ask(stand.url, sensitive, reader);
        expect(data?.users).toBeNull();
        checkBody(text);
      }
      await checkAfter(stand, before);
    },
  },
];

/** A tenant that is written in another way is no tenant, and not the same one either. */
const writtenOtherwise = (id: `TEN-${string}`, name: string, tenantId: string): TenantAttack => ({
  id,
  name: `a tenant with ${name}`,
  run: async ({ stand, tokenOf }) => {
    expect(isTenantId(tenantId)).toBe(false);
    const { status, text } = await ask(stand.url, { query: '{ leads { totalCount } }' }, tokenOf(tenantId));
    const nobody = await ask(stand.url, { query: '{ leads { totalCount } }' }, {});
    expect([status, text]).toEqual([401, nobody.text]);
  },
});

const lead = 'query($i:ID!){lead(id:$i){id firstName contact{id}}}';

const sideAttacks: readonly TenantAttack[] = [
  writtenOtherwise('TEN-009', 'a blank behind it', 'acme '),
  writtenOtherwise('TEN-011', 'a character that cannot be seen', 'acme\u200b'),
  writtenOtherwise('TEN-013', 'capitals', 'ACME'),
  {
    id: 'TEN-015',
    name: 'the time that a record of another tenant takes',
    run: async ({ stand }) => {
      const headers = credentialsOf(stand, 'admin');
      const statementsFor = async (i: string) => {
        const from = stand.statements.length;
        const { data } = await ask(stand.url, { query: lead, variables: { i } }, headers);
        expect(data).toEqual({ lead: null });
        return stand.statements.slice(from);
      };
      await statementsFor('lea_nobody_0001_1');
      // The database does the same for both; how long it takes is a question for statistics.
      const theirs = await statementsFor('lea_globex_0001_1');
      expect(theirs).toEqual(await statementsFor('lea_nobody_0002_1'));
      expect(theirs.length).toBeGreaterThan(0);
      if (!runsLong) return;
      const samples: [number[], number[]] = [[], []];
      for (let round = 0; round < 20_000; round += 1) {
        for (const [kind, i] of ['lea_globex_0001_1', 'lea_nobody_0001_1'].entries()) {
          const began = performance.now();
          await ask(stand.url, { query: lead, variables: { i } }, headers);
          samples[kind]?.push(performance.now() - began);
        }
      }
      expect(Math.abs(welchT(...samples))).toBeLessThan(4.5);
      expect(Math.abs(medianOf(samples[0]) - medianOf(samples[1]))).toBeLessThan(0.02);
    },
  },
  {
    id: 'TEN-017',
    name: 'a neighbour that asks for fifty times what it may',
    run: async ({ stand, tokenOf }) => {
      const limit = 4;
      const limits = { ...defaultRateLimits, tenantCostPerMinute: limit };
      const rateLimiter = createRateLimiter(createMemoryRateLimitStore(), limits);
      const url = await stand.openGateway({ rateLimiter });
      const query = '{ viewer { app } }';
      const statuses: (number | 'closed')[] = [];
      await repeat(runsLong ? 5_000 : 50 * limit, 20, async (index) => {
        statuses.push((await ask(url, { query }, tokenOf('acme'))).status);
        // The other stays within its own limit.
        if (index % 100 === 50 && index < 100 * limit)
          expect((await ask(url, { query }, tokenOf('globex'))).status).toBe(200);
      });
      expect(new Set(statuses)).toEqual(new Set([200, 429]));
      // A slow machine may come into the next minute.
      expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(2 * limit);
    },
  },
];

/** What one tenant can learn of another, or do to it. */
export const tenantAttacks: readonly TenantAttack[] = [...mixingAttacks, ...sideAttacks];
