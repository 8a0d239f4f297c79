import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped } from 'graphql';

const isoInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/** Whether a day, written `YYYY-MM-DD`, is in the calendar; `Date` reads February 30 as March 2. */
function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

function parseDateTime(value: unknown): Date {
  if (typeof value === 'string' && value.length <= 40 && isoInstant.test(value) && isDay(value.slice(0, 10))) {
    const date = new Date(value);
    const year = date.getUTCFullYear(); // NaN for no time of day; the years are those that have four digits in UTC too
    if (year >= 1 && year <= 9999) return date;
  }
  throw new GraphQLError('A DateTime is expected: ISO 8601 with a time zone, as in "2026-11-21T09:30:00Z".');
}

/** `DateTime`: a `Date` inside, ISO 8601 in UTC with milliseconds outside; input needs a time zone. */
const dateTimeScalar = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  serialize(value) {
    if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
    throw new GraphQLError('A DateTime field holds something that is not an instant.');
  },
  parseValue: parseDateTime,
  parseLiteral: (node) => parseDateTime(node.kind === Kind.STRING ? node.value : undefined),
});

/** `JSON`: any JSON value, passed through. */
const jsonScalar = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});

function parseMinorUnits(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new GraphQLError('A whole number of the smallest currency unit is expected (1999 for 19.99).');
}

/** `MinorUnits`: money as a whole number of the smallest unit; a `bigint` of the database becomes a number here. */
const minorUnitsScalar = new GraphQLScalarType<number, number>({
  name: 'MinorUnits',
  serialize: (value) => parseMinorUnits(typeof value === 'bigint' ? Number(value) : value),
  parseValue: parseMinorUnits,
  parseLiteral: (node) => parseMinorUnits(node.kind === Kind.INT ? Number(node.value) : undefined),
});

/** `Cursor`: text that only the feed reads. */
const cursorScalar = new GraphQLScalarType<string, string>({
  name: 'Cursor',
  serialize(value) {
    if (typeof value === 'string') return value;
    throw new GraphQLError('A Cursor field holds something that is no text.');
  },
  parseValue(value) {
    if (typeof value === 'string') return value;
    throw new GraphQLError('A Cursor is a text.');
  },
  parseLiteral(node) {
    if (node.kind === Kind.STRING) return node.value;
    throw new GraphQLError('A Cursor is a text.');
  },
});

/** Resolvers of the scalars of `shared.graphql`. */
export const scalarResolvers = {
  DateTime: dateTimeScalar,
  JSON: jsonScalar,
  MinorUnits: minorUnitsScalar,
  Cursor: cursorScalar,
};
