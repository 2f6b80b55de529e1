/** Bytes from `start` to the one before `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a `Range` header. `whole` where there is none, or one of a kind that servers may ignore; undefined when it
 * lies behind the end.
 */
export function readRange(header: string | undefined, size: number): ByteRange | 'whole' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (!match) return 'whole';
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return 'whole';
  if (first === '')
    return size === 0 || Number(last) === 0
      ? undefined
      : { start: Math.max(0, size - Number(last)), end: size };
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'whole';
  if (start >= size) return undefined;
  return { start, end: last === '' ? size : Math.min(size, Number(last) + 1) };
}
