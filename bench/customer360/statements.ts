import pg from 'pg';

/** A statement that Postgres plans once per connection, under its name. */
const named = (name: string, text: string) => ({ name, text });

/** What the hand-written server reads: only the columns that it needs, by the keys that the indexes have. */
export const statements = {
  key: named(
    'key',
    `SELECT tenant_id, permissions, allowed_apps, is_demo, expires_at, revoked_at
     FROM users.api_keys WHERE digest = decode($1, 'hex')`,
  ),
  user: named(
    'user',
    'SELECT id, username, email, email_key, created_at, last_login FROM users.users WHERE tenant_id = $1 AND id = $2',
  ),
  behavior: named(
    'behavior',
    `SELECT behavior_score, session_count, last_activity
     FROM analytics.customer_behavior WHERE tenant_id = $1 AND customer_id = $2`,
  ),
  usage: named(
    'usage',
    `SELECT count(*)::int AS document_count, coalesce(sum(size), 0)::float8 AS storage_usage
     FROM documents.documents WHERE tenant_id = $1 AND owner_id = $2`,
  ),
  documents: named(
    'documents',
    `SELECT id, title FROM documents.documents
     WHERE tenant_id = $1 AND owner_id = $2 ORDER BY created_at DESC, id DESC LIMIT 5`,
  ),
  contact: named('contact', 'SELECT id, email FROM crm.contacts WHERE tenant_id = $1 AND email_key = $2'),
  leads: named(
    'leads',
    `SELECT id, status FROM crm.leads WHERE tenant_id = $1 AND (contact_id = $2 OR email_key = $3)
     ORDER BY created_at DESC, id DESC LIMIT 100`,
  ),
  deals: named(
    'deals',
    `SELECT id, amount::float8 AS amount, stage FROM crm.deals
     WHERE tenant_id = $1 AND contact_id = $2 ORDER BY created_at DESC, id DESC LIMIT 100`,
  ),
} as const;

/** A row by the names of its columns. */
export type Row = Readonly<Record<string, string | number | boolean | Date | null>>;

/** Sends one of the statements. */
export type Read = (statement: keyof typeof statements, ...values: readonly (string | null)[]) => Promise<Row[]>;

/**
 * Runs some reads in a read-only transaction with one setting, by which the row policies show rows. The beginning and
 * the setting are one message, as in the platform.
 */
export async function readIn<T>(
  pool: pg.Pool,
  [setting, value]: readonly [string, string],
  work: (read: Read) => Promise<T>,
): Promise<T> {
  const connection = await pool.connect();
  try {
    const set = `set_config('panorama.${setting}', ${pg.escapeLiteral(value)}, true)`;
    await connection.query(`BEGIN READ ONLY; SELECT ${set}`);
    const result = await work(async (statement, ...values) => {
      const { rows } = await connection.query({ ...statements[statement], values: [...values] });
      return rows;
    });
    await connection.query('COMMIT');
    connection.release();
    return result;
  } catch (error) {
    connection.release(true);
    throw error;
  }
}
