import { PanoramaError } from '../errors/panorama-error.ts';
import type { TenantId } from '../tenancy/ids.ts';
import type { EventCatalogue } from './catalogue.ts';
import { type Change, priorities } from './change.ts';
import type { HistoryFilter } from './feed.ts';

/** Which way the past is read. */
export type ReadingDirection = 'older' | 'newer';

/** One look into the log: how far it may go, and what it is to find. */
export interface LogSearch {
  /** Where it begins; undefined at the end from which the direction leads away. */
  readonly beyond: number | undefined;
  readonly direction: ReadingDirection;
  /** How many changes it looks at, at most. */
  readonly scan: number;
  /** How many it brings, at most. */
  readonly limit: number;
  readonly conditions: SearchConditions;
}

/** What the database can decide of a filter; null sets no bound. */
export interface SearchConditions {
  readonly types: readonly string[] | null;
  readonly entities: readonly string[] | null;
  readonly entityIds: readonly string[] | null;
  readonly priorities: readonly string[] | null;
  readonly apps: readonly string[] | null;
  /** What is for one of the apps, whoever wrote it. */
  readonly typesForApps: readonly string[] | null;
  readonly correlationId: string | null;
}

/** What a look found. */
export interface FoundChanges {
  /** In reading direction. */
  readonly changes: readonly Change[];
  /** The last change that was looked at; undefined when there was none. */
  readonly reached: number | undefined;
  /** Whether that was the last there is in this direction. */
  readonly isEnd: boolean;
}

/** What a filter comes to in the log. */
export function conditionsOf(catalogue: EventCatalogue, filter: HistoryFilter): SearchConditions {
  const { types, entities, entityIds, apps, minPriority, correlationId } = filter;
  const isFor = (targets: readonly string[]) => targets.some((target) => apps?.includes(target));
  return {
    types: types ?? null,
    entities: entities ?? null,
    entityIds: entityIds ?? null,
    priorities: minPriority ? priorities.slice(priorities.indexOf(minPriority)) : null,
    apps: apps ?? null,
    typesForApps: apps ? [...catalogue.values()].flatMap((one) => (isFor(one.targets) ? [one.type] : [])) : null,
    correlationId: correlationId ?? null,
  };
}

/**
 * The statement of a search; `$1` is the tenant. It looks at so many changes and no more, however few of them are wanted:
 * nobody makes the database read a whole log at once. Of records, it looks at their own changes only.
 *
 * @param columns Of the log, under the name `c`.
 */
export function searchStatement(tenantId: TenantId, search: LogSearch, columns: string) {
  const { beyond, direction, scan, limit, conditions } = search;
  const [compare, order, end] = direction === 'older' ? ['<', 'DESC', 'min'] : ['>', 'ASC', 'max'];
  // A place that may be null or not would be no place in the index to begin at.
  const behind = beyond === undefined ? 'AND $2::bigint IS NULL' : `AND seq ${compare} $2::bigint`;
  const ofRecords = conditions.entityIds ? 'AND entity_id = ANY ($5::text[])' : 'AND $5::text[] IS NULL';
  const text = `
    WITH seen AS MATERIALIZED (
      SELECT * FROM platform.change_log WHERE tenant_id = $1 ${behind} ${ofRecords} ORDER BY seq ${order} LIMIT $3::int),
    wanted AS (
      SELECT * FROM seen
      WHERE ($6::text[] IS NULL OR type = ANY ($6)) AND ($7::text[] IS NULL OR entity = ANY ($7))
        AND ($8::text[] IS NULL OR priority = ANY ($8)) AND ($9::text IS NULL OR correlation_id = $9)
        AND ($10::text[] IS NULL OR app = ANY ($10) OR type = ANY ($11::text[]))
      ORDER BY seq ${order} LIMIT $4::int)
    SELECT s.count, s.last, ${columns}
    FROM (SELECT count(*)::int AS count, ${end}(seq) AS last FROM seen) s LEFT JOIN wanted c ON true
    ORDER BY c.seq ${order}`;
  const { entityIds, types, entities, priorities: urgent, correlationId, apps, typesForApps } = conditions;
  const wanted = [entityIds, types, entities, urgent, correlationId, apps, typesForApps];
  return { text, values: [tenantId, beyond ?? null, scan, limit, ...wanted] };
}

/** How many changes one statement looks at, and how many statements one page takes at most. */
const scanSize = 2_000;
const mostScans = 25;
/** How many changes a statement may bring in any case. */
const leastBrought = 200;

/** A page of the past. */
export interface PastChanges {
  /** In reading direction. */
  readonly changes: readonly Change[];
  /** The last place that was looked at; undefined where nothing was. */
  readonly reached: number | undefined;
  /** Whether there may be more behind that. */
  readonly hasMore: boolean;
}

/**
 * Reads a page of the past. Where few changes are wanted or may be read, it ends before it is full: whoever wants more goes
 * on behind `reached`.
 */
export async function readPast(
  look: (search: LogSearch) => Promise<FoundChanges>,
  start: Pick<LogSearch, 'beyond' | 'direction' | 'limit' | 'conditions'>,
  mayRead: (change: Change) => boolean,
): Promise<PastChanges> {
  const found: Change[] = [];
  let { beyond } = start;
  for (let scans = 0; scans < mostScans; scans++) {
    // One more than is wanted tells whether there is another page; and of many, not all may be read.
    const limit = Math.max(start.limit - found.length + 1, leastBrought);
    const { changes, reached, isEnd } = await look({ ...start, beyond, limit, scan: scanSize });
    found.push(...changes.filter(mayRead));
    if (found.length > start.limit) {
      const shown = found.slice(0, start.limit);
      return { changes: shown, reached: shown.at(-1)?.seq ?? start.beyond, hasMore: true };
    }
    const isCut = changes.length === limit;
    beyond = isCut ? changes.at(-1)?.seq : (reached ?? beyond);
    if (isEnd && !isCut) return { changes: found, reached: beyond, hasMore: false };
  }
  return { changes: found, reached: beyond, hasMore: true };
}

/** The refusal of a position that the log does not have. */
export function refusePosition(reason: 'EPOCH_CHANGED' | 'CURSOR_AHEAD' | 'CURSOR_EXPIRED'): PanoramaError {
  const messages = {
    EPOCH_CHANGED: 'The log has begun anew since this cursor was made. Start again without a cursor.',
    CURSOR_AHEAD: 'This cursor lies behind the end of the log. Start again without a cursor.',
    CURSOR_EXPIRED: 'What followed this cursor is no longer kept. Start again without a cursor.',
  };
  return new PanoramaError(reason, messages[reason]);
}
