import pg from 'pg';
import { apps } from '../../subgraphs/index.ts';

/** What a record of the audit says. */
export type AuditRow = Readonly<Record<string, unknown>>;

/** Reads what the apps keep, of one tenant at a time. */
export interface RowReader {
  /** A digest of all rows of a tenant in all apps. It changes with any of them. */
  digestOf(tenant: string): Promise<string>;
  /** What a request of a tenant did, and what it was not let: the records that have its correlation id. */
  recordsOf(tenant: string, correlationId: string): Promise<readonly AuditRow[]>;
  close(): Promise<void>;
}

const tablesSql = `
  SELECT format('%I.%I', nspname, relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  JOIN pg_attribute a ON attrelid = c.oid AND attname = 'tenant_id'
  WHERE nspname = ANY ($1) AND relkind = 'r' ORDER BY 1`;

/** Opens a reader as the owner of the database, on a connection of its own. */
export async function openRowReader(ownerUrl: string): Promise<RowReader> {
  const client = new pg.Client({ connectionString: ownerUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(tablesSql, [apps.map(({ name }) => name)]);
  const parts = rows.map(({ name }) => `SELECT '${name}' || t::text AS line FROM ${name} t WHERE tenant_id = $1`);
  const sql = `SELECT md5(coalesce(string_agg(line, '|' ORDER BY line), '')) AS digest FROM (${parts.join(' UNION ALL ')}) l`;
  // A superuser sees all rows; any other owner, those of a tenant that it names.
  const name = (tenant: string) =>
    client.query(`SELECT set_config('panorama.tenant_id', $1, false), set_config('panorama.operator', 'yes', false)`, [
      tenant,
    ]);
  return {
    async digestOf(tenant) {
      await name(tenant);
      const answer = await client.query<{ digest: string }>(sql, [tenant]);
      return answer.rows[0]?.digest ?? '';
    },
    async recordsOf(tenant, correlationId) {
      await name(tenant);
      const records = `SELECT * FROM platform.audit_records
        WHERE tenant_id = $1 AND correlation_id = $2 AND kind IN ('MUTATION', 'DENIAL')`;
      return (await client.query<AuditRow>(records, [tenant, correlationId])).rows;
    },
    close: () => client.end(),
  };
}
