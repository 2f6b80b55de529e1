/** A value that cannot be read; the message completes the sentence "NAME …". */
export class UnreadableValue extends Error {
  override readonly name = 'UnreadableValue';
}

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const SIZE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** `500ms`, `30s`, `5m`, `1h` to milliseconds. */
export function parseDuration(text: string): number {
  return parseWithUnit(text, DURATION_UNITS, 'must be a duration such as 500ms, 30s, 5m or 1h');
}

/** `64KiB`, `10MiB`, `2GiB`, or plain bytes, to bytes. */
export function parseSize(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  return parseWithUnit(text, SIZE_UNITS, 'must be a size such as 64KiB, 10MiB or 2GiB');
}

export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new UnreadableValue('must be a number');
  return value;
}

export function parseBoolean(text: string): boolean {
  if (/^(?:true|1|yes|on)$/i.test(text)) return true;
  if (/^(?:false|0|no|off)$/i.test(text)) return false;
  throw new UnreadableValue('must be true or false');
}

/** `a, b` to its entries; empty ones do not count. */
export function parseList(text: string): readonly string[] {
  return text.split(',').flatMap((entry) => entry.trim() || []);
}

/** `600`, `0660` to the mode of a file. */
export function parseFileMode(text: string): number {
  if (!/^0?[0-7]{3}$/.test(text)) throw new UnreadableValue('must be an octal mode such as 600 or 660');
  return Number.parseInt(text, 8);
}

function parseWithUnit(text: string, units: Readonly<Record<string, number>>, problem: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim());
  const factor = match ? units[match[2] ?? ''] : undefined;
  if (!match || factor === undefined) throw new UnreadableValue(problem);
  return Number(match[1]) * factor;
}
