/**
 * Columns under a header, two blanks apart, one row a line. Line breaks and control characters of cells become blanks,
 * so that a row stays a line and no cell can move the cursor. Empty cells stay empty.
 */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows].map((row) => row.map(printable));
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) => line(row, widths)).join('\n');
}

function line(row: readonly string[], widths: readonly number[]): string {
  const cells = widths.map((width, column) => (row[column] ?? '').padEnd(width));
  return cells.join('  ').trimEnd();
}

/** Text that somebody else wrote, without what would steer a terminal. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}
