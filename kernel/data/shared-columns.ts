/** The rows of one statement, divided; each column has the name that the statement gives it. */
export interface DividedRows {
  /** The columns in which all rows have the same value. */
  readonly shared: Readonly<Record<string, unknown>>;
  /** The others, row by row. */
  readonly own: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Takes out of the rows of a statement what all of them have alike, so that it is sent, and read by the database, once: the
 * statement puts both together by `coalesce(own.column, shared.column)`. Values are alike that are the same primitive.
 *
 * @param columns Which field of a row is in a column.
 * @param write What becomes of a value before it is sent.
 */
export function shareColumns<Row extends object>(
  rows: readonly Row[],
  columns: Readonly<Record<string, keyof Row>>,
  write: (value: unknown) => unknown = (value) => value,
): DividedRows {
  const [first] = rows;
  const shared: Record<string, unknown> = {};
  const varying: [column: string, field: keyof Row][] = [];
  for (const [column, field] of Object.entries(columns)) {
    const value = first?.[field];
    const isShared = typeof value !== 'object' && rows.every((row) => row[field] === value);
    if (isShared) shared[column] = write(value);
    else varying.push([column, field]);
  }
  const own = rows.map((row) => {
    const rest: Record<string, unknown> = {};
    for (const [column, field] of varying) rest[column] = write(row[field]);
    return rest;
  });
  return { shared, own };
}
