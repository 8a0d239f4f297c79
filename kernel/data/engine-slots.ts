import pg from 'pg';

/** How many processes share the work of one database at most. */
const mostSlots = 64;
/** The first key of the advisory locks, the second is the slot. Advisory locks belong to one database. */
const lockClass = 72707370;

/** The right to be the only process of a database with a number, which ends with the process, however that ends. */
export interface EngineSlot {
  readonly number: number;
  /** Runs work for a number that is one's own, or whose process has ended and which nobody takes meanwhile; else does nothing. */
  whileFree(number: number, work: () => Promise<void>): Promise<void>;
  release(): Promise<void>;
}

/** What a library works with in its schema: connections, and a slot among the processes that do the same. */
export interface EngineDatabase {
  readonly pool: pg.Pool;
  readonly slot: EngineSlot;
  stop(): Promise<void>;
}

export interface EngineDatabaseOptions {
  /** Of the role of the library's schema. */
  readonly databaseUrl: string;
  readonly poolSize: number;
  /** Told when the slot is lost, because the database went away: others may take over from here. */
  readonly onLost: (error: Error) => void;
}

/** Opens the connections of a library, and takes the lowest slot that is free. */
export async function openEngineDatabase(options: EngineDatabaseOptions): Promise<EngineDatabase> {
  const { databaseUrl, poolSize, onLost } = options;
  const slot = await takeSlot(databaseUrl, onLost);
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: poolSize,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: 'panorama-workflows',
  });
  // The pool has already dropped the idle connection that broke, and opens another for the next statement.
  pool.on('error', () => undefined);
  pool.on('connect', (connection) => connection.on('error', () => undefined));
  return {
    pool,
    slot,
    async stop() {
      if (!pool.ended) await pool.end();
      await slot.release();
    },
  };
}

async function takeSlot(databaseUrl: string, onLost: (error: Error) => void): Promise<EngineSlot> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: 'panorama-workflow-slot',
  });
  let isHeld = false;
  const lose = (error: Error) => {
    if (isHeld) onLost(error);
    isHeld = false;
  };
  client.on('error', lose);
  client.on('end', () => lose(new Error('The connection that held the slot has ended.')));
  try {
    await client.connect();
    const number = await lockFirst(client);
    isHeld = true;
    return {
      number,
      async whileFree(other, work) {
        if (other === number) return await work();
        if (!(await tryLock(client, other))) return;
        try {
          await work();
        } finally {
          await client.query('SELECT pg_advisory_unlock($1, $2)', [lockClass, other]);
        }
      },
      async release() {
        isHeld = false;
        await client.end().catch(() => undefined);
      },
    };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

async function tryLock(client: pg.Client, slot: number): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS taken', [
    lockClass,
    slot,
  ]);
  return rows[0]?.taken ?? false;
}

async function lockFirst(client: pg.Client): Promise<number> {
  for (let slot = 0; slot < mostSlots; slot++) {
    if (await tryLock(client, slot)) return slot;
  }
  throw new Error(`All ${mostSlots} places for processes that run workflows on this database are taken.`);
}
