import type pg from 'pg';

/**
 * Deletes what apps have handled or given up of events that are past their time: nobody can hand them over again. One that
 * is still to be tried is found to be gone by the app itself.
 *
 * @param client Of the owner, with `panorama.operator` set.
 * @param last The last number that is past its time.
 */
export async function deleteOldEvents(client: pg.Client, last: number): Promise<void> {
  await client.query('DELETE FROM platform.handled_events WHERE seq <= $1', [last]);
  await client.query('DELETE FROM platform.event_failures WHERE seq <= $1 AND dead_at IS NOT NULL', [last]);
}
