import pg from 'pg';
import type { TenantId } from '../../tenancy/ids.ts';

/** Values are written and read in one form, whatever the server is set to; and a table may take as long as it takes. */
const settings = [
  `SET LOCAL search_path TO pg_catalog`,
  `SET LOCAL "DateStyle" TO 'ISO, MDY'`,
  `SET LOCAL "TimeZone" TO 'UTC'`,
  `SET LOCAL "IntervalStyle" TO 'postgres'`,
  `SET LOCAL bytea_output TO 'hex'`,
  `SET LOCAL extra_float_digits TO 1`,
  `SET LOCAL statement_timeout TO 0`,
  `SET LOCAL idle_in_transaction_session_timeout TO 0`,
].join('; ');

export interface OwnerSession {
  readonly ownerUrl: string;
  readonly tenantId: TenantId;
  /** `BEGIN` with the mode of the transaction. */
  readonly begin: string;
  /** Ends the work before its time. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs work in one transaction of the database's owner that reaches the rows of one tenant in all apps. It is undone when
 * the work fails.
 */
export async function withOwner<T>(
  { ownerUrl, tenantId, begin, signal }: OwnerSession,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    connectionString: ownerUrl,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: 'panorama-backup',
  });
  client.on('error', () => undefined); // whoever waits for a statement learns of it
  const leave = () => void client.end();
  await client.connect();
  signal?.addEventListener('abort', leave);
  try {
    await client.query(`${begin}; ${settings}`);
    await client.query(
      `SELECT set_config('panorama.tenant_id', $1, true), set_config('panorama.operator', 'yes', true)`,
      [tenantId],
    );
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } finally {
    signal?.removeEventListener('abort', leave);
    await client.end(); // with it ends a transaction that was not committed
  }
}
