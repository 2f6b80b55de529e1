import type { RecentLine } from '#observability';

/** Reads lines as workers send them, one JSON object a line; what is no such line is left out. */
export function parseLines(text: string): RecentLine[] {
  return text.split('\n').flatMap((line) => parseLine(line) ?? []);
}

export function parseLine(line: string): RecentLine | undefined {
  if (line === '') return undefined;
  try {
    const { time, engine, text } = JSON.parse(line) as Partial<RecentLine>;
    if (typeof time !== 'number' || !Number.isFinite(time) || typeof text !== 'string') return undefined;
    return { time, engine: engine === true, text };
  } catch {
    return undefined;
  }
}

/** All lines in the order of their times; those of one log stay in theirs. */
export function mergeLines(logs: readonly (readonly RecentLine[])[]): RecentLine[] {
  return logs.flat().sort((a, b) => a.time - b.time);
}

/** Lines as they are shown, each with its time in brackets. */
export function formatLines(lines: readonly RecentLine[]): Buffer {
  return Buffer.from(lines.map(({ time, text }) => `[${isoOf(time)}] ${text}\n`).join(''));
}

/** Of clocks that are wrong by ages too. */
function isoOf(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? '0000-00-00T00:00:00.000Z' : date.toISOString();
}
