import { PanoramaError } from '../errors/panorama-error.ts';
import type { Cursors, ListPosition } from '../tenancy/cursor.ts';

/** The pagination arguments of a Relay connection field. */
export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** How a list is sorted: by one column, then by `id`, so that the order is total and cursors are stable. */
export interface Ordering {
  /** Name of the list, unique over all apps (`crm.leads`). */
  readonly list: string;
  /** The column, as the Prisma model names it. */
  readonly column: string;
  readonly direction: 'ASC' | 'DESC';
  readonly type: 'string' | 'number' | 'instant';
  /** Rows without a value come last, whatever the direction. */
  readonly nullable?: boolean;
}

/** What to ask of the table: a filter and a sort for Prisma, and how many rows (one more than the page shows). */
export interface PageQuery {
  readonly where: object;
  readonly orderBy: Record<string, unknown>[];
  readonly take: number;
}

/** A Relay connection; cursors and the total are worked out only when they are asked for. */
export interface Connection<Row> {
  readonly edges: readonly { readonly cursor: string; readonly node: Row }[];
  readonly nodes: readonly Row[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly totalCount: () => Promise<number>;
}

/** The page size when neither `first` nor `last` is given, and the largest that may be asked for. */
export const pageSize = { default: 20, max: 100 } as const;

type Direction = 'forward' | 'backward';

interface Window {
  readonly size: number;
  readonly direction: Direction;
  readonly start: string | undefined;
}

function badPage(message: string, field: string): PanoramaError {
  return new PanoramaError('BAD_USER_INPUT', message, { field });
}

function assertSize(size: number, max: number, field: string): number {
  if (size < 0) throw badPage(`\`${field}\` cannot be negative.`, field);
  if (size <= max) return size;
  const details = { limit: 'pageSize', value: max, field };
  throw new PanoramaError('OPERATION_LIMIT_EXCEEDED', `\`${field}\` can be at most ${max}.`, details);
}

/** The size of a plain list that is cut at `first`. Throws `BAD_USER_INPUT` or `OPERATION_LIMIT_EXCEEDED`. */
export function readListSize(
  first: number | null | undefined,
  size: { readonly default: number; readonly max: number } = pageSize,
): number {
  return assertSize(first ?? size.default, size.max, 'first');
}

/** `first` reads forward from `after`, `last` backward from `before`; a mixture has no clear meaning and is refused. */
export function readWindow(args: PageArguments): Window {
  if (args.first != null && args.last != null) throw badPage('Give `first` or `last`, not both.', 'last');
  const backward = args.last != null || (args.before != null && args.first == null);
  if (backward && args.after != null) throw badPage('`last` goes with `before`, `first` with `after`.', 'after');
  if (!backward && args.before != null) throw badPage('`first` goes with `after`, `last` with `before`.', 'before');
  const field = backward ? 'last' : 'first';
  const size = assertSize(args[field] ?? pageSize.default, pageSize.max, field);
  const start = (backward ? args.before : args.after) ?? undefined;
  return { size, direction: backward ? 'backward' : 'forward', start };
}

/** A filter for the rows beyond a position, in reading order. Rows without a value stand at the end of the list. */
function rowsBeyond(position: ListPosition, ordering: Ordering, direction: Direction): object {
  const { column } = ordering;
  const compare = (ordering.direction === 'ASC') === (direction === 'forward') ? 'gt' : 'lt';
  const key = ordering.type === 'instant' && position.key !== null ? new Date(position.key) : position.key;
  const sameKey = { [column]: key, id: { [compare]: position.id } };
  if (key === null) return direction === 'forward' ? sameKey : { OR: [sameKey, { [column]: { not: null } }] };
  const further: object[] = [{ [column]: { [compare]: key } }, sameKey];
  if (ordering.nullable && direction === 'forward') further.push({ [column]: null });
  return { OR: further };
}

function sortFor(ordering: Ordering, direction: Direction): Record<string, unknown>[] {
  const sort = (ordering.direction === 'ASC') === (direction === 'forward') ? 'asc' : 'desc';
  const nulls = direction === 'forward' ? 'last' : 'first';
  return [{ [ordering.column]: ordering.nullable ? { sort, nulls } : sort }, { id: sort }];
}

/** The value of the ordering's column in a row, as a cursor keeps it. */
function keyOf(row: object, column: string): ListPosition['key'] {
  const value = (row as Record<string, unknown>)[column];
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'bigint') return Number(value);
  return (value ?? null) as ListPosition['key'];
}

/** One page of a keyset-paginated list: the query to run, and the connection to make of its rows. */
export interface Page {
  readonly query: PageQuery;
  toConnection<Row extends { readonly id: string }>(
    rows: readonly Row[],
    totalCount: () => Promise<number>,
  ): Connection<Row>;
}

/**
 * Plans a page by the Relay cursor connections specification: reading starts beyond the cursor's position by key, never
 * by offset, so rows that come or go do not shift a page. Throws `CURSOR_INVALID`, `BAD_USER_INPUT` or
 * `OPERATION_LIMIT_EXCEEDED`.
 */
export function planPage(cursors: Cursors, args: PageArguments, ordering: Ordering): Page {
  const { size, direction, start } = readWindow(args);
  const forward = direction === 'forward';
  const name = `${ordering.list}:${ordering.column}:${ordering.direction}`;
  const query: PageQuery = {
    where: start === undefined ? {} : rowsBeyond(cursors.decode(start, name), ordering, direction),
    orderBy: sortFor(ordering, direction),
    take: size + 1,
  };
  const cursorOf = (row: { readonly id: string }) =>
    cursors.encode({ ordering: name, key: keyOf(row, ordering.column), id: row.id });

  return {
    query,
    toConnection(rows, totalCount) {
      const more = rows.length > size;
      const nodes = forward ? rows.slice(0, size) : rows.slice(0, size).reverse();
      const cursorAt = (index: number) => {
        const row = nodes.at(index);
        return row ? cursorOf(row) : null;
      };
      return {
        nodes,
        edges: nodes.map((node) => ({
          node,
          get cursor() {
            return cursorOf(node);
          },
        })),
        pageInfo: {
          hasNextPage: forward ? more : start !== undefined,
          hasPreviousPage: forward ? start !== undefined : more,
          get startCursor() {
            return cursorAt(0);
          },
          get endCursor() {
            return cursorAt(-1);
          },
        },
        totalCount,
      };
    },
  };
}
