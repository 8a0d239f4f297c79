import type pg from 'pg';

/** A partition of the change log: the numbers from the first up to, and without, the last. */
export interface LogPartition {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** How many numbers one partition has room for. */
const partitionNumbers = 10_000_000;
/** How many partitions are ready beside the one that is written to. */
const partitionsAhead = 2;
/** With fewer numbers left than these a partition is let fill up: numbers could be taken while some are skipped. */
const safeMargin = 1_000_000;

/** The partitions with bounds, oldest first. */
export async function findPartitions(client: pg.Client): Promise<readonly LogPartition[]> {
  const { rows } = await client.query<{ name: string; from: string; to: string }>(`
    SELECT relname AS name, bounds[1] AS from, bounds[2] AS to
    FROM pg_inherits JOIN pg_class p ON p.oid = inhrelid,
      regexp_match(pg_get_expr(relpartbound, p.oid), $$FROM \\('(\\d+)'\\) TO \\('(\\d+)'\\)$$) AS bounds
    WHERE inhparent = 'platform.change_log'::regclass AND bounds IS NOT NULL`);
  const partitions = rows.map(({ name, from, to }) => ({ name, from: Number(from), to: Number(to) }));
  return partitions.sort((a, b) => a.from - b.from);
}

/** The number that is given out next. */
export async function findNextNumber(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ next: string }>(
    'SELECT last_value + CASE WHEN is_called THEN 1 ELSE 0 END AS next FROM platform.change_numbers',
  );
  return Number(rows[0]?.next);
}

/** Adds one partition. It is attached, not made in its place: that stops nobody who writes elsewhere in the log. */
async function addPartition(client: pg.Client, from: number): Promise<LogPartition> {
  const to = from + partitionNumbers;
  const name = `change_log_${from}`;
  await client.query(`
    CREATE TABLE platform.${name} (LIKE platform.change_log INCLUDING ALL);
    ALTER TABLE platform.${name} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE platform.${name} FORCE ROW LEVEL SECURITY;
    CREATE POLICY operator ON platform.${name} TO CURRENT_USER
      USING (current_setting('panorama.operator', true) = 'yes')
      WITH CHECK (current_setting('panorama.operator', true) = 'yes');
    ALTER TABLE platform.change_log ATTACH PARTITION platform.${name} FOR VALUES FROM (${from}) TO (${to})`);
  return { name, from, to };
}

/** Makes the partitions that are going to be needed. Where all are full, rows have begun to go elsewhere: the next begins after them. */
export async function addPartitions(client: pg.Client): Promise<void> {
  const next = await findNextNumber(client);
  let end = (await findPartitions(client)).at(-1)?.to ?? 1;
  if (next > end) end = Math.ceil((next + safeMargin) / partitionNumbers) * partitionNumbers + 1;
  while (end < next + partitionsAhead * partitionNumbers) end = (await addPartition(client, end)).to;
}

/**
 * Goes on with the numbers of the next partition: when this one, whose first numbers were given out before a place, shall
 * age as a whole; or when none has room for the next number.
 */
export async function beginNextPartition(client: pg.Client, place: number): Promise<void> {
  const next = await findNextNumber(client);
  const partitions = await findPartitions(client);
  const current = partitions.find(({ from, to }) => from <= next && next < to);
  if (current && current.from >= place) return;
  const following = partitions.find(({ from }) => from > next);
  if (!following || following.from - next < safeMargin) return;
  await client.query(`SELECT setval('platform.change_numbers', $1, false)`, [following.from]);
}

/** Drops a partition, and notes for each tenant up to which number its changes are gone. */
export async function dropPartition(client: pg.Client, { name }: LogPartition): Promise<void> {
  await client.query(`
    BEGIN;
    LOCK TABLE platform.change_log IN ACCESS EXCLUSIVE MODE;
    INSERT INTO platform.log_floors (tenant_id, seq) SELECT tenant_id, max(seq) FROM platform.${name} GROUP BY tenant_id
      ON CONFLICT (tenant_id) DO UPDATE SET seq = greatest(log_floors.seq, EXCLUDED.seq);
    DROP TABLE platform.${name};
    COMMIT`);
}

/** The same for what found no place in any partition. */
export async function deleteRest(client: pg.Client, upTo: number): Promise<void> {
  await client.query(
    `WITH gone AS (DELETE FROM platform.change_log_rest WHERE seq <= $1 RETURNING tenant_id, seq)
     INSERT INTO platform.log_floors (tenant_id, seq) SELECT tenant_id, max(seq) FROM gone GROUP BY tenant_id
     ON CONFLICT (tenant_id) DO UPDATE SET seq = greatest(log_floors.seq, EXCLUDED.seq)`,
    [upTo],
  );
}
