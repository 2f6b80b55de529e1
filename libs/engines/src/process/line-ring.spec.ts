import { describe, expect, it } from 'vitest';
import { LineRing } from './line-ring.js';

function collect(capacity: number, ...texts: string[]) {
  const seen: string[] = [];
  const ring = new LineRing(capacity, (line) => seen.push(line));
  for (const text of texts) ring.push(text);
  return { ring, seen };
}

describe('LineRing', () => {
  it('puts lines together that arrive in pieces', () => {
    const { seen } = collect(9, 'lo', 'ading\nrea', 'dy\r\n');
    expect(seen).toEqual(['loading', 'ready']);
  });

  it('keeps only the last lines', () => {
    const { ring, seen } = collect(2, 'a\nb\nc\n');
    expect(ring.lines).toEqual(['b', 'c']);
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('holds an unfinished line back until it is flushed', () => {
    const { ring, seen } = collect(9, 'abort');
    expect(seen).toEqual([]);
    ring.flush();
    expect(seen).toEqual(['abort']);
  });

  it('cuts a line that never ends, and starts afresh after it', () => {
    const { ring, seen } = collect(9, ...Array.from({ length: 100 }, () => 'x'.repeat(1_000)), '\nnext\n');
    expect(ring.lines[0]).toHaveLength(2_001);
    expect(seen[0]?.endsWith('x…')).toBe(true);
    expect(seen[1]).toBe('next');
  });

  it('drops empty lines', () => {
    expect(collect(9, '\n\na\n\n').seen).toEqual(['a']);
  });
});
