import type pg from 'pg';

/** For how long a request with an idempotency key can be repeated at least, in hours. */
export const idempotencyHours = 24;
/** Of how many mutations of a client it is known at least what came of them. */
export const keptResults = 1_000;

/**
 * Deletes what is past its time of what clients pushed and of the results of requests with a key. Of a client, the last
 * mutation stays known for ever: what comes next is counted from it.
 *
 * @param client Of the owner, with `panorama.operator` set.
 */
export async function deleteOldSync(client: pg.Client): Promise<void> {
  await client.query(
    `WITH old AS (
       DELETE FROM platform.idempotency_keys WHERE at < now() - make_interval(hours => $1)
       RETURNING tenant_id, holder, key)
     DELETE FROM platform.idempotent_results r USING old
     WHERE (r.tenant_id, r.holder, r.key) = (old.tenant_id, old.holder, old.key)`,
    [idempotencyHours],
  );
  await client.query(
    `DELETE FROM platform.sync_results r USING (
       SELECT tenant_id, client_id, max(mutation_id) AS last FROM platform.sync_results
       GROUP BY tenant_id, client_id HAVING count(*) > $1) AS long
     WHERE (r.tenant_id, r.client_id) = (long.tenant_id, long.client_id) AND r.mutation_id <= long.last - $1
       AND NOT EXISTS (SELECT FROM platform.sync_rejections x
         WHERE (x.tenant_id, x.client_id, x.mutation_id) = (r.tenant_id, r.client_id, r.mutation_id))`,
    [keptResults],
  );
  await client.query(
    `DELETE FROM platform.sync_rejections x USING platform.sync_acknowledgements a
     WHERE (x.tenant_id, x.client_id) = (a.tenant_id, a.client_id) AND x.mutation_id <= a.up_to`,
  );
  await client.query(
    `DELETE FROM platform.sync_acknowledgements a USING platform.sync_acknowledgements newer
     WHERE (a.tenant_id, a.client_id) = (newer.tenant_id, newer.client_id) AND a.up_to < newer.up_to`,
  );
}
