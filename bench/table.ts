/** One line of a bench: our figure beside that of a peer or a target, in the same unit. */
export interface Measurement {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly peer: string;
  readonly peerValue: number;
}

/** Rows under a header as a Markdown table. */
export function formatRows(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map(() => '---'), ...rows];
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

/** Measurements as a Markdown table; the ratio is ours to the peer's. */
export function formatTable(measurements: readonly Measurement[]): string {
  const rows = measurements.map(({ what, value, unit, peer, peerValue }) => [
    what,
    `${value.toFixed(2)} ${unit}`,
    `${peer} ${peerValue.toFixed(2)} ${unit}`,
    (value / peerValue).toFixed(2),
  ]);
  return formatRows(['measured', 'here', 'beside', 'ratio'], rows);
}
