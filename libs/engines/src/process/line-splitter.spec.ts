import { describe, expect, it } from 'vitest';
import { LineSplitter } from './line-splitter.js';

function split(...texts: string[]) {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const text of texts) splitter.push(text);
  return { splitter, lines };
}

describe('LineSplitter', () => {
  it('puts lines together that arrive in pieces', () => {
    expect(split('lo', 'ading\nrea', 'dy\r\n').lines).toEqual(['loading', 'ready']);
  });

  it('holds an unfinished line back until it is flushed', () => {
    const { splitter, lines } = split('abort');
    expect(lines).toEqual([]);
    splitter.flush();
    expect(lines).toEqual(['abort']);
  });

  it('cuts a line that never ends, and starts afresh after it', () => {
    const { lines } = split(...Array.from({ length: 100 }, () => 'x'.repeat(1_000)), '\nnext\n');
    expect(lines[0]).toHaveLength(2_001);
    expect(lines[0]?.endsWith('x…')).toBe(true);
    expect(lines[1]).toBe('next');
  });

  it('drops empty lines', () => {
    expect(split('\n\na\n\n').lines).toEqual(['a']);
  });
});
