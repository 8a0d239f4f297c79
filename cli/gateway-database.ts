import { type AuditLog, createAuditLog } from '../kernel/audit/audit-log.ts';
import { type AuditRecord, insertAuditRecords } from '../kernel/audit/audit-record.ts';
import { connectionStringFor } from '../kernel/data/app-role.ts';
import { openTenantWriter } from '../kernel/data/tenant-writer.ts';
import { openUseCounter, type UseCounter, useCounterSchema } from '../kernel/data/use-counter.ts';
import type { Logger } from '../kernel/telemetry/logger.ts';
import type { TenantId } from '../kernel/tenancy/ids.ts';
import type { Started } from './started.ts';

/** The database as a gateway uses it: with a role of its own. */
export interface GatewayDatabase {
  readonly ownerUrl: string;
  /** The platform's. */
  readonly secret: string;
  readonly logger: Logger;
  readonly started: Started;
}

/** Opens the log of denials and of the use of keys. What waits is written before the connection to the database closes. */
export async function openAudit({ ownerUrl, secret, logger, started }: GatewayDatabase): Promise<AuditLog> {
  const databaseUrl = connectionStringFor(ownerUrl, { app: useCounterSchema.name, secret });
  const writer = await started.add(Promise.resolve(openTenantWriter({ databaseUrl })), (one) => one.stop());
  const write = (tenantId: TenantId, records: readonly AuditRecord[]) =>
    writer.write(tenantId, insertAuditRecords(records));
  return await started.add(Promise.resolve(createAuditLog({ write, logger })), (log) => log.idle());
}

/** A counter that fails does so for every request: its log is not to be a flood of its own. */
const failureLogMs = 10_000;

/** Opens the counts that several gateways on the database hold to. */
export function openCounter({ ownerUrl, secret, logger, started }: GatewayDatabase): Promise<UseCounter> {
  const databaseUrl = connectionStringFor(ownerUrl, { app: useCounterSchema.name, secret });
  let loggedAt = Number.NEGATIVE_INFINITY;
  const onFailure = (error: unknown) => {
    if (performance.now() - loggedAt < failureLogMs) return;
    loggedAt = performance.now();
    logger.error({ err: error }, 'The rate limit is counted in this process alone: the database does not answer');
  };
  const counter = openUseCounter({ databaseUrl, durationSeconds: 60, onFailure });
  return started.add(Promise.resolve(counter), (one) => one.stop());
}
