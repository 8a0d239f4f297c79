/** Rows of one statement, divided. */
export interface DividedRows {
  /** The columns in which all rows have the same value. */
  readonly shared: Readonly<Record<string, unknown>>;
  /** The rows without those columns. */
  readonly own: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Takes out of rows what all of them have alike, so that it is sent, and read by the database, once. Values are alike that
 * are the same primitive; a column that some rows lack is none of these. The statement puts both together:
 * `coalesce(own.column, shared.column)`.
 */
export function shareColumns(rows: readonly Readonly<Record<string, unknown>>[]): DividedRows {
  const [first = {}] = rows;
  const alike = Object.entries(first).filter(
    ([name, value]) => typeof value !== 'object' && rows.every((row) => row[name] === value),
  );
  const names = new Set(alike.map(([name]) => name));
  const own = rows.map((row) => {
    const rest: Record<string, unknown> = {};
    for (const name in row) if (!names.has(name)) rest[name] = row[name];
    return rest;
  });
  return { shared: Object.fromEntries(alike), own };
}
