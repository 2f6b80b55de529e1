import { describe, expect, it } from 'vitest';
import { DEFAULT_ROWS, OptionsError, parseOptions } from './bench-options.js';

describe('the command line of the benchmark', () => {
  it('measures the cluster when nothing is said', () => {
    expect(parseOptions([])).toEqual({
      help: false,
      quick: false,
      json: undefined,
      profile: undefined,
      rows: DEFAULT_ROWS,
    });
  });

  it('measures the rows that are named, in their own order', () => {
    expect(parseOptions(['--only', 'flood, one-token']).rows).toEqual(['one-token', 'flood']);
  });

  it('measures distribution and engines only when they are named, in either way', () => {
    expect(DEFAULT_ROWS).not.toContain('distribution');
    expect(DEFAULT_ROWS).not.toContain('engines');
    expect(parseOptions(['distribution', '--quick'])).toMatchObject({ rows: ['distribution'], quick: true });
    expect(parseOptions(['--only', 'distribution', 'real']).rows).toEqual(['real', 'distribution']);
  });

  it.each([
    [['--fast'], /^Unknown option '--fast'.*--help/],
    [['everything'], /^There is no row "everything"; the rows are first-token, /],
    [['--json'], /--json.*--help/],
    [['--json', ''], /^--json needs a path\.$/],
    [['--only', 'speed'], /^There is no row "speed"; the rows are first-token, /],
  ])('answers %j with a sentence', (line, sentence) => {
    expect(() => parseOptions(line)).toThrow(OptionsError);
    expect(() => parseOptions(line)).toThrow(sentence);
  });
});
