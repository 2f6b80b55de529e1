import { type Line, meets, type Target } from './line.js';
import type { Machine } from './machine.js';

const HEADINGS = ['', 'ratio', 'result', 'target', '', 'direct', 'cluster', 'foreign'];

/** Everything that was measured, for people. */
export function printTable(lines: readonly Line[], machine: Machine): string {
  const rows = lines.map(cells);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const print = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const output = [describe(machine), '', print(HEADINGS)];
  let section = '';
  for (const [index, line] of lines.entries()) {
    if (line.section !== section) output.push('', line.section);
    section = line.section;
    output.push(print(rows[index] ?? []));
  }
  return output.join('\n');
}

function cells(line: Line): string[] {
  const { what, ratio, result, unit, target, direct, cluster, foreign } = line;
  return [
    `  ${what}`,
    ratio === undefined ? '' : `×${number(ratio)}`,
    `${number(result)}${unit === '/s' || unit === '%' ? '' : ' '}${unit}`.trimEnd(),
    target === undefined ? '' : printTarget(target),
    target === undefined ? '' : verdict(result, target),
    direct === undefined ? '' : number(direct),
    cluster === undefined ? '' : number(cluster),
    foreign === undefined ? '' : foreign.toFixed(2),
  ];
}

function describe({ cores, processor, node, redis, date, commit }: Machine): string {
  const version = commit === undefined ? '' : `, commit ${commit}`;
  const server = redis === undefined ? '' : `, Redis ${redis}`;
  return `${cores} cores (${processor}), Node ${node}${server}, ${date.slice(0, 16)}Z${version}`;
}

function printTarget({ limit, is }: Target): string {
  return `${is === 'at most' ? '≤' : '≥'} ${number(limit)}`;
}

function verdict(result: number, target: Target): string {
  return Number.isNaN(result) ? '?' : meets(result, target) ? 'met' : 'not met';
}

/** Three digits that count; thousands apart. */
export function number(value: number): string {
  if (Number.isNaN(value)) return '-';
  const size = Math.abs(value);
  const digits = size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
