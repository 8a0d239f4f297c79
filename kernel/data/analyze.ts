import pg from 'pg';

/**
 * Tells the planner how many rows of what kind there are (`ANALYZE`), after many were written at once. Until the server's
 * own turn it takes every table for a small one: of two indexes that begin with the tenant any seems to do, and each
 * look-up by an id read all records of the tenant.
 *
 * @param ownerUrl Connection string of the database's owner.
 */
export async function analyzeTables(ownerUrl: string): Promise<void> {
  const client = new pg.Client({
    connectionString: ownerUrl,
    connectionTimeoutMillis: 5_000,
    application_name: 'panorama-analyze',
  });
  await client.connect();
  try {
    await client.query('ANALYZE');
  } finally {
    await client.end();
  }
}
