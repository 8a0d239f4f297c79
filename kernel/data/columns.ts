/** Columns under the names of their fields, from which they differ in their case only: `user_id AS "userId"`. */
export function columnsOf(fields: readonly string[]): string {
  const columns = fields.map((field) => {
    const column = columnOf(field);
    return column === field ? column : `${column} AS "${field}"`;
  });
  return columns.join(', ');
}

/** The column of a field. */
export function columnOf(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
