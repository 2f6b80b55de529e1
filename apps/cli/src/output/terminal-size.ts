import type { OutputStream } from '../command-context.js';

/** Of a terminal that does not say how large it is, or says 0 as some do that nobody looks at. */
const USUAL = { columns: 80, rows: 24 } as const;

export function terminalSize({ columns = 0, rows = 0 }: Pick<OutputStream, 'columns' | 'rows'>) {
  return { columns: columns > 0 ? columns : USUAL.columns, rows: rows > 0 ? rows : USUAL.rows };
}
