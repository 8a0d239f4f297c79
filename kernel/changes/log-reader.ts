import { BoundPool } from '../data/bound-read.ts';
import { withTransactionStart } from '../data/tenant-connection.ts';
import type { SqlStatement } from '../data/tenant-database.ts';
import type { TenantId } from '../tenancy/ids.ts';
import { type EventCatalogue, eventCatalogue } from './catalogue.ts';
import type { Change, ChangeOperation, Priority } from './change.ts';
import { type FoundChanges, type LogSearch, searchStatement } from './change-history.ts';
import { createSealKeys } from './sealing/seal-keys.ts';
import { openChanges } from './sealing/sealed-changes.ts';

export interface LogReaderOptions {
  /** Of the role of `changeFeedSchema`. */
  readonly databaseUrl: string;
  /** The platform's: opens the personal data in the log. */
  readonly secret: string;
  readonly catalogue?: EventCatalogue | undefined;
  /** How many connections at most; 3 by default. */
  readonly poolSize?: number | undefined;
  /** How long the database may take to answer, in milliseconds; 5,000 by default. */
  readonly patienceMs?: number | undefined;
}

/** Where the log of a tenant begins and ends. */
export interface LogBounds {
  readonly epoch: string;
  /** The last number that is gone by its age; 0 when none is. */
  readonly floor: number;
  /** The number of the last change; the floor when there is none. */
  readonly head: number;
  /** Places before this one were in another life of the tenant's log, from before a restore; 0 when it has had one only. */
  readonly lifeBegan: number;
}

/** Changes of a tenant after a place, and what is gone. */
export interface LogPage {
  /** The last number that is gone, by its age or by a restore. */
  readonly floor: number;
  /** In order, and without a gap after the place, unless that lies below the floor. */
  readonly changes: readonly Change[];
  /** Somebody was erased: what was read before may hold data of theirs. */
  readonly erases: boolean;
}

/** Reads the log, always in a transaction of one tenant, but for the places of many. */
export interface LogReader {
  bounds(tenantId: TenantId): Promise<LogBounds>;
  page(tenantId: TenantId, after: number, limit: number): Promise<LogPage>;
  /** The number of the last change of a tenant that belongs to another epoch than this; 0 when there is none. */
  endBefore(tenantId: TenantId, epoch: string): Promise<number>;
  /** Looks for changes of the past; see `searchStatement`. */
  search(tenantId: TenantId, search: LogSearch): Promise<FoundChanges>;
  /** Of some tenants those that have changes after a place, and the epoch of the log. */
  poll(
    places: ReadonlyMap<TenantId, number>,
  ): Promise<{ readonly epoch: string; readonly changed: readonly TenantId[] }>;
  /** All tenants that have changes. */
  tenants(): Promise<readonly TenantId[]>;
  stop(): Promise<void>;
}

interface ChangeRow {
  readonly floor: bigint;
  readonly seq: bigint | null;
  readonly epoch: string;
  readonly app: string;
  readonly type: string;
  readonly entity: string;
  readonly entity_id: string;
  readonly version: number;
  readonly op: ChangeOperation;
  readonly data: Change['data'];
  readonly actor: string;
  readonly source_app: string;
  readonly correlation_id: string | null;
  readonly causation_id: string | null;
  readonly client_id: string | null;
  readonly mutation_id: bigint | null;
  readonly priority: Priority;
  readonly at: Date;
}

const floorOf = '(SELECT coalesce(max(seq), 0) FROM platform.log_floors WHERE tenant_id = $1)';
const lifeOf = '(SELECT coalesce(max(life_began), 0) FROM platform.log_floors WHERE tenant_id = $1)';

const changeColumns = `c.seq, c.epoch, c.app, c.type, c.entity, c.entity_id, c.version, c.op, c.data, c.actor,
    c.source_app, c.correlation_id, c.causation_id, c.client_id, c.mutation_id, c.priority, c.at`;

// One statement, so one snapshot: whoever drops a partition says in the same transaction what is gone with it.
const pageText = `
  SELECT f.floor, ${changeColumns}
  FROM (SELECT greatest(${floorOf}, ${lifeOf}) AS floor) f LEFT JOIN LATERAL (
    SELECT * FROM platform.change_log WHERE tenant_id = $1 AND seq > $2::bigint ORDER BY seq LIMIT $3::int) c ON true
  ORDER BY c.seq`;

const boundsText = `
  SELECT e.epoch, e.is_current, ${floorOf} AS floor, ${lifeOf} AS life_began,
    (SELECT seq FROM platform.change_log WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1) AS head
  FROM platform.log_epoch() e`;

const endBeforeText = `
  SELECT seq FROM platform.change_log WHERE tenant_id = $1 AND epoch <> $2::uuid ORDER BY seq DESC LIMIT 1`;

const pollText = `
  SELECT e.epoch, e.is_current, ARRAY(SELECT platform.changed_tenants($1::text[], $2::bigint[])) AS changed
  FROM platform.log_epoch() e`;

function changeOf(tenantId: TenantId, row: ChangeRow): Change {
  return Object.freeze({
    tenantId,
    seq: Number(row.seq),
    epoch: row.epoch,
    app: row.app,
    type: row.type,
    entity: row.entity,
    entityId: row.entity_id,
    version: row.version,
    op: row.op,
    data: row.data,
    actor: row.actor,
    sourceApp: row.source_app,
    correlationId: row.correlation_id ?? undefined,
    causationId: row.causation_id ?? undefined,
    clientId: row.client_id ?? undefined,
    mutationId: row.mutation_id === null ? undefined : Number(row.mutation_id),
    priority: row.priority,
    at: row.at,
  });
}

/** Opens a reader; connections are made when they are first needed. */
export function openLogReader(options: LogReaderOptions): LogReader {
  const { databaseUrl, secret, catalogue = eventCatalogue(), poolSize = 3, patienceMs = 5_000 } = options;
  const keys = createSealKeys(secret);
  const pool = new BoundPool({
    connectionString: databaseUrl,
    max: poolSize,
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
    keepAlive: true,
    application_name: 'panorama-feed',
  });
  // The pool has already dropped the idle connection that broke, and opens another for the next statement.
  pool.on('error', () => undefined);
  // Whoever has taken a connection learns of its end from the statement under way.
  pool.on('connect', (connection) => connection.on('error', () => undefined));

  async function find<Row extends object>(
    tenantId: TenantId | undefined,
    text: string,
    values: unknown[],
  ): Promise<readonly Row[]> {
    const settings = tenantId === undefined ? {} : { tenant_id: tenantId };
    const rows = await withTransactionStart({ readOnly: true, settings }, () => pool.findRows({ text, values }));
    return rows as readonly Row[];
  }

  /** The changes of rows. Whoever was erased in one of them is so in those before as well, whatever was known until now. */
  async function open(tenantId: TenantId, rows: readonly ChangeRow[]) {
    const sealed = rows.filter(({ seq }) => seq !== null).map((row) => changeOf(tenantId, row));
    const erases = sealed.some(({ type }) => catalogue.get(type)?.erases);
    if (erases) keys.forget(tenantId);
    const send = <Row extends object>({ text, values }: SqlStatement) => find<Row>(tenantId, text, values);
    const changes = await openChanges(send, tenantId, sealed, keys);
    return { changes, erases };
  }

  /** Reads what also says whether the epoch is that of this server; if not, the log begins a new one first. */
  async function findInEpoch<Row extends { readonly is_current: boolean }>(
    tenantId: TenantId | undefined,
    text: string,
    values: unknown[],
  ): Promise<Row> {
    const [row] = await find<Row>(tenantId, text, values);
    if (!row) throw new Error('The change log has no epoch.');
    if (row.is_current) return row;
    await renewEpoch(pool);
    return await findInEpoch(tenantId, text, values);
  }

  return {
    async bounds(tenantId) {
      type Row = { epoch: string; is_current: boolean; floor: bigint; life_began: bigint; head: bigint | null };
      const { epoch, floor, life_began: lifeBegan, head } = await findInEpoch<Row>(tenantId, boundsText, [tenantId]);
      return { epoch, floor: Number(floor), head: Number(head ?? floor), lifeBegan: Number(lifeBegan) };
    },
    async page(tenantId, after, limit) {
      const rows = await find<ChangeRow>(tenantId, pageText, [tenantId, after, limit]);
      return { floor: Number(rows[0]?.floor ?? 0), ...(await open(tenantId, rows)) };
    },
    async endBefore(tenantId, epoch) {
      const [row] = await find<{ seq: bigint }>(tenantId, endBeforeText, [tenantId, epoch]);
      return Number(row?.seq ?? 0);
    },
    async search(tenantId, search) {
      const { text, values } = searchStatement(tenantId, search, changeColumns);
      const rows = await find<ChangeRow & { count: number; last: bigint | null }>(tenantId, text, values);
      const { changes } = await open(tenantId, rows);
      const { count = 0, last = null } = rows[0] ?? {};
      return { changes, reached: last === null ? undefined : Number(last), isEnd: count < search.scan };
    },
    async poll(places) {
      type Row = { epoch: string; is_current: boolean; changed: readonly TenantId[] };
      return await findInEpoch<Row>(undefined, pollText, [[...places.keys()], [...places.values()]]);
    },
    async tenants() {
      const rows = await find<{ tenant: TenantId }>(undefined, 'SELECT platform.logged_tenants() AS tenant', []);
      return rows.map(({ tenant }) => tenant);
    },
    stop: () => pool.end(),
  };
}

async function renewEpoch(pool: BoundPool): Promise<void> {
  const connection = await pool.connect();
  try {
    await connection.query('SELECT platform.renew_log_epoch()');
    connection.release();
  } catch (error) {
    connection.release(true);
    throw error;
  }
}
