/** Columns under the names of their fields, from which they differ in their case only: `user_id AS "userId"`. */
export function columnsOf(fields: readonly string[]): string {
  const columns = fields.map((field) => {
    const column = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return column === field ? column : `${column} AS "${field}"`;
  });
  return columns.join(', ');
}
