import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createAuditLog } from '../../../kernel/audit/audit-log.ts';
import type { AuditRecord } from '../../../kernel/audit/audit-record.ts';
import { DatabaseUnreachable } from '../../../kernel/data/database-errors.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';

const recordOf = (tenant: string, id: string): AuditRecord => ({
  id,
  tenantId: parseTenantId(tenant),
  kind: 'DENIAL',
  outcome: 'DENIED',
});

/** A log whose writing ends when the test says so; each batch as its tenant and its ids. */
function createTestLog(maxWaiting?: number) {
  const batches: string[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const lines: string[] = [];
  const log = createAuditLog({
    write(tenantId, records) {
      batches.push(`${tenantId}: ${records.map(({ id }) => id).join(' ')}`);
      const end = Promise.withResolvers<void>();
      ends.push(end);
      return end.promise;
    },
    ...(maxWaiting !== undefined && { maxWaiting }),
    logger: pino({}, { write: (line: string) => lines.push(line) }),
  });
  return { log, batches, ends, lines };
}

/** Lets everything go on that waits for nothing but its turn. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the audit log of the gateway', () => {
  test('writes what comes while it writes together, tenant by tenant', async () => {
    const { log, batches, ends } = createTestLog();
    const recorded = ['1', '2', '3'].flatMap((id) => [
      log.record(recordOf('acme', id)),
      log.record(recordOf('globex', id)),
    ]);
    expect(batches).toEqual(['acme: 1']);
    ends[0]?.resolve();
    await settle();
    expect(batches).toEqual(['acme: 1', 'globex: 1 2 3']);
    ends[1]?.resolve();
    await settle();
    ends[2]?.resolve();
    await Promise.all(recorded);
    await log.idle();
    expect(batches).toEqual(['acme: 1', 'globex: 1 2 3', 'acme: 2 3']);
    expect(log.lost()).toBe(0);
  });

  test('loses what the database refuses, logs it, and goes on', async () => {
    const { log, ends, lines } = createTestLog();
    const recorded = [log.record(recordOf('acme', '1')), log.record(recordOf('acme', '2'))];
    ends[0]?.reject(new Error('refused'));
    await settle();
    ends[1]?.resolve();
    await recorded[1];
    expect(log.lost()).toBe(1);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { msg: 'An audit record was lost', lost: 1, record: { id: '1' } },
    ]);
  });

  test('keeps nobody waiting for a database that is not there', async () => {
    const { log, batches, ends } = createTestLog();
    const recorded = ['1', '2', '3'].map((id) => log.record(recordOf('acme', id)));
    ends[0]?.reject(new DatabaseUnreachable('gone'));
    await Promise.all(recorded);
    expect(batches).toHaveLength(1);
    expect(log.lost()).toBe(3);
  });

  test('holds only so many records', async () => {
    const { log, ends, lines } = createTestLog(2);
    const recorded = ['1', '2', '3'].map((id) => log.record(recordOf('acme', id)));
    await log.record(recordOf('acme', '4'));
    expect(log.lost()).toBe(1);
    expect(lines.join()).toContain('"id":"4"');
    ends[0]?.resolve();
    await settle();
    ends[1]?.resolve();
    await Promise.all(recorded);
  });
});
