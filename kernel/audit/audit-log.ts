import { isUnreachable } from '../data/database-errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { TenantId } from '../tenancy/ids.ts';
import type { AuditRecord } from './audit-record.ts';

/** Where records go that belong to no transaction of an app. */
export interface AuditLog {
  /** Resolves once the record is written, or lost: a loss is logged with the record, and fails nothing. Never rejects. */
  record(record: AuditRecord): Promise<void>;
  /** How many records were lost. */
  lost(): number;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
}

export interface AuditLogOptions {
  /** Writes records of one tenant, all or none. */
  readonly write: (tenantId: TenantId, records: readonly AuditRecord[]) => Promise<void>;
  /** How many may wait; 10,000 by default. What comes then is lost. */
  readonly maxWaiting?: number;
  readonly logger: Logger;
}

interface Waiting {
  readonly record: AuditRecord;
  readonly resolve: () => void;
}

/** Of one tenant in one transaction. */
const maxBatch = 500;

/**
 * Writes records in batches: one transaction at a time, and whatever comes while it runs goes together into the next.
 * Waiting for a record costs no more than two of them, however many there are.
 */
export function createAuditLog({ write, logger, maxWaiting = 10_000 }: AuditLogOptions): AuditLog {
  let waiting: Waiting[] = [];
  let lost = 0;
  let writing: Promise<void> | undefined;

  function lose(records: readonly AuditRecord[], err: unknown): void {
    lost += records.length;
    for (const record of records) logger.error({ record, lost, err }, 'An audit record was lost');
  }

  async function writeBatch(tenantId: TenantId, batch: readonly Waiting[]): Promise<void> {
    const records = batch.map(({ record }) => record);
    try {
      await write(tenantId, records);
    } catch (error) {
      lose(records, error);
      // Whatever waits would only find out the same, one after the other.
      if (isUnreachable(error)) {
        const others = takeAll();
        lose(
          others.map(({ record }) => record),
          error,
        );
        for (const { resolve } of others) resolve();
      }
    }
    for (const { resolve } of batch) resolve();
  }

  function takeAll(): Waiting[] {
    const all = waiting;
    waiting = [];
    return all;
  }

  async function writeAll(): Promise<void> {
    for (let [first] = waiting; first; [first] = waiting) {
      const { tenantId } = first.record;
      const batch = waiting.filter(({ record }) => record.tenantId === tenantId).slice(0, maxBatch);
      const taken = new Set(batch);
      waiting = waiting.filter((one) => !taken.has(one));
      await writeBatch(tenantId, batch);
    }
    writing = undefined;
  }

  return {
    record(record) {
      if (waiting.length >= maxWaiting) {
        lose([record], undefined);
        return Promise.resolve();
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ record, resolve });
      writing ??= writeAll();
      return promise;
    },
    lost: () => lost,
    idle: async () => await writing,
  };
}

/** The records of a gateway that has no database: lines of its log. */
export function logAuditRecords(logger: Logger): AuditLog {
  return {
    record: async (record) => logger.info({ record }, 'An audit record'),
    lost: () => 0,
    idle: async () => undefined,
  };
}
