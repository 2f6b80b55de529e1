import type { ChaosReport } from '../run-chaos.js';

const HEADINGS = ['fault', 'times', 'streams', 'stall p50', 'stall p99', 'recovery', 'idle after'];
const PROBLEMS_SHOWN = 20;
const SENTENCE_SHOWN = 400;

/** Everything that was counted and measured, for people. */
export function printReport(report: ChaosReport): string {
  const { totals, faults, verdicts, problems, leftovers, missed } = report;
  const counts = Object.entries(totals).map(([name, value]) => `  ${words(name).padEnd(16)}${whole(value)}`);
  const rows = faults.map(({ name, times, streams, stallP50, stallP99, recovery, idleAfter }) => [
    name,
    String(times),
    String(streams),
    ...[stallP50, stallP99, recovery, idleAfter].map(seconds),
  ]);
  const judged = verdicts.map(
    ({ what, value, limit, unit, met }) =>
      `  ${met ? 'met    ' : 'NOT MET'}  ${what}: ${whole(value)}${unit} (${limit === Infinity ? 'at least 1' : `at most ${whole(limit)}${unit}`})`,
  );
  const shown = problems
    .slice(0, PROBLEMS_SHOWN)
    .map(
      ({ recipe, requestId, key, faults: during, sentence }) =>
        `  ${recipe} (${requestId ?? key}; ${during.join(', ') || 'no fault'}): ${sentence.slice(0, SENTENCE_SHOWN)}`,
    );
  const more = problems.length - shown.length;
  return [
    ...counts,
    ...section('Faults, in seconds', rows.length === 0 ? [] : columns([HEADINGS, ...rows])),
    ...section(
      'Not reached in this time',
      missed.map((name) => `  ${name}`),
    ),
    ...section('Problems', more > 0 ? [...shown, `  and ${more} more`] : shown),
    ...section(
      'Left behind',
      leftovers.map((sentence) => `  ${sentence}`),
    ),
    ...section('Verdict', judged),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? `  ${cell.padEnd(widths[0] ?? 0)}` : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
}

function seconds(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return '';
  return Number.isNaN(milliseconds) ? '-' : (milliseconds / 1000).toFixed(2);
}

function whole(value: number): string {
  return Number.isNaN(value) ? '-' : Math.round(value).toLocaleString('en-US');
}

/** `bytesLost` to `bytes lost`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
