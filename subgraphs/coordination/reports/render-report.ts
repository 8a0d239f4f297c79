/** What stands in one place of a report: instants as ISO 8601, amounts in the smallest unit. */
export type Cell = string | number | boolean | null;
/** The cells of the columns, in their order. */
export type Row = readonly Cell[];

/** A report as a file. */
export interface ReportFile {
  readonly filename: string;
  readonly mediaType: string;
  readonly content: string;
}

/** A text that begins like this is a formula to some spreadsheet, also behind blanks (OWASP, CSV injection). */
const formula = /^\s*[=+\-@\t\r]/;
/** What has to stand between quotes (RFC 4180, 2.6), and blanks at an end, which some readers drop. */
const quoted = /[",\r\n]|^\s|\s$/;

/** Numbers are what they are, `-5` too; in texts, what could be a formula is made a text by `'` in front of it. */
function writeCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = formula.test(cell) ? `'${cell}` : cell;
  return quoted.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Comma-separated values as in RFC 4180, the names of the columns first; every line ends with CR and LF. */
export function writeCsv(columns: readonly string[], rows: readonly Row[]): string {
  return [columns, ...rows].map((row) => `${row.map(writeCell).join(',')}\r\n`).join('');
}

/** A list of objects, one for each row. */
export function writeJson(columns: readonly string[], rows: readonly Row[]): string {
  return JSON.stringify(
    rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index] ?? null]))),
  );
}

/** The file of a report. Its name holds what the report is about and no letter that a file system minds. */
export function renderReport(
  format: 'CSV' | 'JSON',
  report: { readonly kind: string; readonly rangeFrom: Date; readonly rangeTo: Date },
  columns: readonly string[],
  rows: readonly Row[],
): ReportFile {
  const days = [report.rangeFrom, report.rangeTo].map((instant) => instant.toISOString().slice(0, 10)).join('-to-');
  const stem = `${report.kind.toLowerCase().replaceAll('_', '-')}-${days}`;
  return format === 'CSV'
    ? { filename: `${stem}.csv`, mediaType: 'text/csv; charset=utf-8', content: writeCsv(columns, rows) }
    : { filename: `${stem}.json`, mediaType: 'application/json', content: writeJson(columns, rows) };
}
