import pg from 'pg';
import type { TenantId } from '../tenancy/ids.ts';
import { DatabaseUnreachable } from './database-errors.ts';
import { beginText } from './tenant-connection.ts';
import type { SqlStatement } from './tenant-database.ts';

export interface TenantWriterOptions {
  /** Of the role that writes. */
  readonly databaseUrl: string;
  /** How long the database may take to answer, in milliseconds; 5,000 by default. */
  readonly patienceMs?: number;
}

/** Writes for tenants without a client of Prisma. */
export interface TenantWriter {
  /** Runs a statement in a transaction of a tenant. Rejects with `DatabaseUnreachable` when no answer comes. */
  write(tenantId: TenantId, statement: SqlStatement): Promise<void>;
  stop(): Promise<void>;
}

/** Opens a writer, on one connection that is made when it is first needed. */
export function openTenantWriter({ databaseUrl, patienceMs = 5_000 }: TenantWriterOptions): TenantWriter {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 1,
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
    application_name: 'panorama-writer',
  });
  // The pool has already dropped the idle connection that broke, and opens another for the next statement.
  pool.on('error', () => undefined);
  // One that breaks while it is taken is learnt of from the statement under way.
  pool.on('connect', (connection) => connection.on('error', () => undefined));

  async function connect(): Promise<pg.PoolClient> {
    try {
      const connection = await pool.connect();
      return connection;
    } catch (cause) {
      throw new DatabaseUnreachable('The database let nobody in.', { cause });
    }
  }

  return {
    async write(tenantId, { text, values }) {
      const connection = await connect();
      try {
        await connection.query(beginText({ readOnly: false, settings: { tenant_id: tenantId } }));
        await connection.query(text, values);
        await connection.query('COMMIT');
        connection.release();
      } catch (cause) {
        connection.release(true); // with it ends its transaction
        if (cause instanceof pg.DatabaseError) throw cause;
        throw new DatabaseUnreachable('No answer came.', { cause });
      }
    },
    stop: () => pool.end(),
  };
}
