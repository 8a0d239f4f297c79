import { PanoramaError } from '../errors/panorama-error.ts';

/** A stretch of time whose days are those of a time zone. */
export interface TimeRange {
  /** Names the range to every app: it holds the rest and nothing of a tenant. */
  readonly id: string;
  /** The first instant in it. */
  readonly from: Date;
  /** The first instant behind it. */
  readonly to: Date;
  /** As the IANA database calls it: `Europe/Copenhagen`, or `UTC`. */
  readonly timeZone: string;
}

/** What a client says of a range. */
export interface TimeRangeArguments {
  readonly from?: Date | null | undefined;
  readonly to?: Date | null | undefined;
  readonly timeZone?: string | null | undefined;
}

const dayMillis = 86_400_000;
const limits = { days: 366, daysByDefault: 30 } as const;

/**
 * The names that JavaScript and Postgres read alike. Without a slash, Postgres takes many as an abbreviation that knows no
 * summer time, and an offset with its sign turned round.
 */
const zoneName = /^(UTC|[A-Za-z_]+(\/[A-Za-z0-9_+-]+){1,2})$/;

/** Whether there is a time zone of this name. */
export function isTimeZone(name: string): boolean {
  if (name.length > 64 || !zoneName.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false; // RangeError: there is none of this name
  }
}

function withId(from: Date, to: Date, timeZone: string): TimeRange {
  const id = Buffer.from(JSON.stringify([from.getTime(), to.getTime(), timeZone])).toString('base64url');
  return { id, from, to, timeZone };
}

/**
 * The range that a client asks for: until now, from 30 days before its end on, and in UTC, where it does not say.
 *
 * @throws `BAD_USER_INPUT` with the field for an end that is not behind the beginning and for an unknown time zone,
 * `OPERATION_LIMIT_EXCEEDED` for more than 366 days
 */
export function makeTimeRange({ from, to, timeZone }: TimeRangeArguments): TimeRange {
  const end = to ?? new Date();
  const start = from ?? new Date(end.getTime() - limits.daysByDefault * dayMillis);
  const zone = timeZone ?? 'UTC';
  if (!isTimeZone(zone)) {
    const message = 'A time zone is named as in the IANA database: "Europe/Copenhagen", or "UTC".';
    throw new PanoramaError('BAD_USER_INPUT', message, { field: 'timeZone' });
  }
  if (end <= start) throw new PanoramaError('BAD_USER_INPUT', '`to` must be later than `from`.', { field: 'to' });
  if (end.getTime() - start.getTime() > limits.days * dayMillis) {
    const details = { limit: 'metricDays', value: limits.days, field: 'from' };
    throw new PanoramaError('OPERATION_LIMIT_EXCEEDED', `Ask for at most ${limits.days} days.`, details);
  }
  return withId(start, end, zone);
}

/** The range of an id; undefined for a text that is none. */
export function readTimeRange(id: string): TimeRange | undefined {
  if (id.length > 200) return undefined;
  try {
    const [from, to, timeZone] = JSON.parse(Buffer.from(id, 'base64url').toString()) as unknown[];
    if (typeof from !== 'number' || typeof to !== 'number' || typeof timeZone !== 'string') return undefined;
    return makeTimeRange({ from: new Date(from), to: new Date(to), timeZone });
  } catch {
    return undefined; // no JSON, or no range that `makeTimeRange` gives
  }
}

/** The days of the time zone of which a part lies in the range, as in `2026-11-30`, the first one first. */
export function daysOf({ from, to, timeZone }: TimeRange): string[] {
  const parts = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
  const local = new Intl.DateTimeFormat('en-CA', { timeZone, calendar: 'iso8601', numberingSystem: 'latn', ...parts });
  const dayAt = (instant: number) => {
    const named = new Map(local.formatToParts(instant).map(({ type, value }) => [type, value]));
    return `${named.get('year')}-${named.get('month')}-${named.get('day')}`;
  };
  const last = dayAt(to.getTime() - 1);
  const days = [dayAt(from.getTime())];
  // Dates of a calendar, which follow each other alike in every time zone.
  for (let day = days[0] ?? last; day < last; days.push(day)) {
    day = new Date(Date.parse(`${day}T00:00:00Z`) + dayMillis).toISOString().slice(0, 10);
  }
  return days;
}

/** Names a day of a range to every app. */
export function dayIdOf({ id }: TimeRange, day: string): string {
  return `${id}.${day}`;
}

/** The day that an id names, and its range; undefined for a text that is none. */
export function readDayId(id: string): { readonly range: TimeRange; readonly day: string } | undefined {
  const [rangeId = '', day = '', ...rest] = id.split('.');
  const range = rest.length === 0 && /^\d{4}-\d{2}-\d{2}$/.test(day) ? readTimeRange(rangeId) : undefined;
  return range && { range, day };
}
