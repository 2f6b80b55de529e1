import { describe, expect, it } from 'vitest';
import { prefixLine } from './log-lines.js';

describe('prefixLine', () => {
  it('puts the padded name of the process before its line', () => {
    const prefix = { name: 'worker-1', index: 2, width: 9, colours: false };
    expect(prefixLine('hello', prefix)).toBe('worker-1  | hello');
  });

  it('takes colours out where there is no terminal', () => {
    const prefix = { name: 'w', index: 0, width: 1, colours: false };
    expect(prefixLine('\u001B[31mred\u001B[0m', prefix)).toBe('w | red');
  });

  it('colours the name and leaves the line as it is', () => {
    const prefix = { name: 'w', index: 0, width: 1, colours: true };
    expect(prefixLine('\u001B[31mred', prefix)).toBe('\u001B[36mw |\u001B[0m \u001B[31mred');
  });

  it('gives neighbours different colours, and any number of processes one', () => {
    const coloured = (index: number) => prefixLine('', { name: 'w', index, width: 1, colours: true });
    expect(coloured(0)).not.toBe(coloured(1));
    expect(coloured(1_000)).toContain('w |');
  });
});
