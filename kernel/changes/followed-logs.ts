import type { TenantId } from '../tenancy/ids.ts';
import type { LogReader } from './log-reader.ts';
import { TenantLog } from './tenant-log.ts';

export interface FollowedLogsOptions {
  readonly reader: LogReader;
  /** As `ChangeFeedOptions` has them. */
  readonly heartbeatMs: number;
  readonly ringBytes: number;
  readonly pageSize: number;
  readonly onFailure: (error: unknown) => void;
}

/** The most and the least of the rings' memory that one tenant gets. */
const mostRingBytes = 4 * 2 ** 20;
const leastRingBytes = 64 * 2 ** 10;

/** The logs that are followed in this process, each for as long as somebody does. */
export class FollowedLogs {
  readonly #options: FollowedLogsOptions;
  readonly #logs = new Map<TenantId, TenantLog>();
  readonly #opening = new Map<TenantId, Promise<TenantLog>>();
  readonly #followers = new WeakMap<TenantLog, number>();

  constructor(options: FollowedLogsOptions) {
    this.#options = options;
  }

  get(tenantId: TenantId): TenantLog | undefined {
    return this.#logs.get(tenantId);
  }

  /** How far the log of each tenant was read. */
  places(): ReadonlyMap<TenantId, number> {
    return new Map([...this.#logs].map(([tenantId, { ring }]) => [tenantId, ring.end]));
  }

  /** The log of a tenant, which now has a follower more. */
  async join(tenantId: TenantId): Promise<TenantLog> {
    const log = this.#logs.get(tenantId) ?? (await this.#open(tenantId));
    if (log.isOver) return await this.join(tenantId);
    this.#followers.set(log, (this.#followers.get(log) ?? 0) + 1);
    return log;
  }

  leave(log: TenantLog): void {
    const left = (this.#followers.get(log) ?? 1) - 1;
    this.#followers.set(log, left);
    if (left === 0) this.end(log);
  }

  /** Its followers learn that it goes on no further. */
  end(log: TenantLog): void {
    if (this.#logs.get(log.tenantId) === log) this.#logs.delete(log.tenantId);
    log.end();
  }

  /** Ends those of another epoch. */
  keepEpoch(epoch: string): void {
    for (const log of [...this.#logs.values()]) if (log.epoch !== epoch) this.end(log);
  }

  #open(tenantId: TenantId): Promise<TenantLog> {
    const opening = this.#opening.get(tenantId) ?? this.#openOnce(tenantId);
    this.#opening.set(tenantId, opening);
    return opening;
  }

  async #openOnce(tenantId: TenantId): Promise<TenantLog> {
    const { reader, heartbeatMs, pageSize, ringBytes, onFailure } = this.#options;
    const maxRingBytes = () => Math.min(mostRingBytes, Math.max(leastRingBytes, ringBytes / this.#logs.size));
    try {
      const bounds = await reader.bounds(tenantId);
      const log = new TenantLog({ tenantId, reader, bounds, pageSize, maxRingBytes, heartbeatMs, onFailure });
      this.#logs.set(tenantId, log);
      return log;
    } finally {
      this.#opening.delete(tenantId);
    }
  }
}
