import pg from 'pg';
import type { Logger } from '../telemetry/logger.ts';
import { deleteOldEvents } from './keep-events.ts';
import { deleteOldSync } from './keep-sync.ts';
import {
  addPartitions,
  beginNextPartition,
  deleteRest,
  dropPartition,
  findNextNumber,
  findPartitions,
} from './log-partitions.ts';

export interface LogKeeperOptions {
  /** Of the database's owner, to whom the partitions belong. */
  readonly ownerUrl: string;
  /** For how long changes are kept at least. What is older goes by the partition, so up to two days later. */
  readonly retentionDays: number;
}

/** One process keeps the log at a time. */
const keeperLock = 72707370;
/** How often the log is seen to, in milliseconds. */
const intervalMs = 600_000;

/**
 * Sees to the change log: makes partitions ahead, begins a new one once a day, and drops those that are past their time; and
 * what is past its time of sync and of idempotency keys.
 * It does nothing while another process does it.
 */
export async function keepChangeLog({ ownerUrl, retentionDays }: LogKeeperOptions): Promise<void> {
  const client = new pg.Client({
    connectionString: ownerUrl,
    connectionTimeoutMillis: 5_000,
    query_timeout: 60_000,
    application_name: 'panorama-keeper',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(`SET panorama.operator = 'yes'; SET lock_timeout = '2s'`);
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [keeperLock]);
    if (rows[0]?.taken) await keep(client, retentionDays);
  } finally {
    await client.end(); // gives the lock back
  }
}

async function keep(client: pg.Client, retentionDays: number): Promise<void> {
  await addPartitions(client);
  await beginNextPartition(client, await numbersBefore(client, 1));
  await markAge(client, retentionDays);
  const old = await numbersBefore(client, retentionDays);
  for (const partition of await findPartitions(client)) {
    if (partition.to <= old) await dropPartition(client, partition);
  }
  await deleteRest(client, old - 1);
  await deleteOldEvents(client, old - 1);
  await deleteOldSync(client);
}

/** Notes how far the numbers have come; marks that no question needs any more go. */
async function markAge(client: pg.Client, retentionDays: number): Promise<void> {
  const next = await findNextNumber(client);
  await client.query(`INSERT INTO platform.log_marks (at, seq) VALUES (clock_timestamp(), $1) ON CONFLICT DO NOTHING`, [
    next - 1,
  ]);
  await client.query(
    `DELETE FROM platform.log_marks WHERE at < (
       SELECT max(at) FROM platform.log_marks WHERE at < now() - make_interval(days => $1))`,
    [retentionDays],
  );
}

/** The first number that may be younger than so many days; 0 where nothing is known of that time. */
async function numbersBefore(client: pg.Client, days: number): Promise<number> {
  const { rows } = await client.query<{ next: string | null }>(
    'SELECT max(seq) + 1 AS next FROM platform.log_marks WHERE at < now() - make_interval(days => $1)',
    [days],
  );
  return Number(rows[0]?.next ?? 0);
}

/** Keeps the change log for as long as the process runs. What fails is logged, and tried again the next time. */
export function startLogKeeper(options: LogKeeperOptions & { readonly logger: Logger }): { stop(): Promise<void> } {
  let keeping = Promise.resolve();
  const run = () => {
    keeping = keepChangeLog(options).catch((error: unknown) => {
      options.logger.error({ err: error }, 'The partitions of the change log could not be seen to');
    });
  };
  run();
  const timer = setInterval(run, intervalMs).unref();
  return {
    async stop() {
      clearInterval(timer);
      await keeping;
    },
  };
}
