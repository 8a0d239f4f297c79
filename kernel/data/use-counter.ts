import pg from 'pg';
import { RateLimiterMemory, RateLimiterPostgres } from 'rate-limiter-flexible';
import type { AppSchema } from './migrations/read-migrations.ts';

/** The schema of the counters; its role, the gateway's, reaches nothing else but the audit records that it writes. */
export const useCounterSchema: AppSchema = {
  name: 'gateway',
  audit: 'gateway',
  changes: 'none',
  migrationsDirectory: new URL('./use-counter/', import.meta.url),
};

export interface UseCounterOptions {
  /** Of the role of `useCounterSchema`. */
  readonly databaseUrl: string;
  /** How long the use of a key counts together, in seconds. */
  readonly durationSeconds: number;
  /** How long the database may take to answer, in milliseconds; 500 by default, as it holds up a request. */
  readonly patienceMs?: number;
  readonly onFailure: (error: unknown) => void;
}

/** Adds up what is used under a key, for every process on the same database. */
export interface UseCounter {
  /** Adds at most 10^9; resolves to the sum, and how long it still counts. It never rejects. */
  add(key: string, amount: number): Promise<{ readonly used: number; readonly msLeft: number }>;
  stop(): Promise<void>;
}

/** Opens a counter. While the database does not answer, this process counts alone: what is used is never uncounted. */
export function openUseCounter(options: UseCounterOptions): UseCounter {
  const { databaseUrl, durationSeconds, patienceMs = 500, onFailure } = options;
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 4,
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
    application_name: 'panorama-use-counter',
  });
  pool.on('error', onFailure);
  // The limits are compared elsewhere: a key can have one of its own.
  const counting = { points: 2_147_483_647, duration: durationSeconds };
  const alone = new RateLimiterMemory(counting);
  const shared = new RateLimiterPostgres({
    ...counting,
    storeClient: pool,
    storeType: 'pool',
    schemaName: useCounterSchema.name,
    tableName: 'use_counters',
    tableCreated: true,
    keyPrefix: '',
  });
  return {
    async add(key, amount) {
      const { consumedPoints, msBeforeNext } = await shared.penalty(key, amount).catch((error: unknown) => {
        onFailure(error);
        return alone.penalty(key, amount);
      });
      return { used: consumedPoints, msLeft: msBeforeNext };
    },
    stop: () => pool.end(),
  };
}
