import pg from 'pg';

/** A table with rows of tenants. */
export interface TenantTable {
  /** With its schema: `crm.leads`. */
  readonly name: string;
  /** As SQL writes it. */
  readonly sql: string;
  /** The columns that are written, those that Postgres computes left out; and their types. */
  readonly columns: readonly string[];
  readonly types: readonly string[];
  /** The columns of its primary key, as SQL writes them. */
  readonly key: readonly string[];
  /** Its rows stay when a tenant is restored, and those that are missing are added. */
  readonly isAddedTo: boolean;
}

/**
 * What a restore adds to and takes nothing from: who did what; keys that were destroyed meanwhile and stay so; and how far
 * clients have counted that work without a connection.
 */
const addedTo: ReadonlySet<string> = new Set([
  'platform.audit_records',
  'platform.seal_keys',
  'platform.sync_clients',
  'platform.sync_results',
  'platform.sync_rejections',
  'platform.sync_acknowledgements',
]);

// Left out: what triggers make of other tables (policy `search`), how far the log is kept, and what says so itself.
const findText = `
  SELECT n.nspname || '.' || c.relname AS name, format('%I.%I', n.nspname, c.relname) AS sql,
    ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
      AND attgenerated = '' ORDER BY attnum) AS columns,
    ARRAY(SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0
      AND NOT attisdropped AND attgenerated = '' ORDER BY attnum) AS types,
    ARRAY(SELECT quote_ident(attname) FROM pg_index i CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
      WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY place) AS key,
    ARRAY(SELECT rn.nspname || '.' || r.relname FROM pg_constraint f JOIN pg_class r ON r.oid = f.confrelid
      JOIN pg_namespace rn ON rn.oid = r.relnamespace
      WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid) AS refers
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'tenant_id' AND NOT attisdropped)
    AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid AND polname = 'search')
    AND NOT (n.nspname = 'platform' AND c.relname = 'log_floors')
    AND coalesce(obj_description(c.oid, 'pg_class'), '') !~ '^panorama:not-in-backups '
  ORDER BY 1`;

interface FoundTable extends Omit<TenantTable, 'isAddedTo'> {
  readonly refers: readonly string[];
}

/** The tables of some schemas that hold rows of tenants, each after those that its rows refer to. */
export async function findTenantTables(client: pg.Client, schemas: readonly string[]): Promise<readonly TenantTable[]> {
  const { rows } = await client.query<FoundTable>(findText, [schemas]);
  const sorted: TenantTable[] = [];
  const placed = new Set<string>();
  for (let left = rows; left.length > 0; ) {
    const ready = left.filter(({ refers }) => refers.every((name) => placed.has(name)));
    if (ready.length === 0)
      throw new Error(`These tables refer to each other: ${left.map(({ name }) => name).join(', ')}.`);
    for (const { refers: _, ...table } of ready) {
      sorted.push({ ...table, isAddedTo: addedTo.has(table.name) });
      placed.add(table.name);
    }
    left = left.filter(({ name }) => !placed.has(name));
  }
  return sorted;
}

/** The names of columns as SQL writes them. */
export const columnList = (columns: readonly string[]) => columns.map((name) => pg.escapeIdentifier(name)).join(', ');
