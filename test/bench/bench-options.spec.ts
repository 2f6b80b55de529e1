import { describe, expect, it } from 'vitest';
import { OptionsError, parseOptions, ROWS } from './bench-options.js';

describe('the command line of the benchmark', () => {
  it('measures everything when nothing is said', () => {
    expect(parseOptions([])).toEqual({
      help: false,
      quick: false,
      json: undefined,
      profile: undefined,
      rows: ROWS,
    });
  });

  it('measures the rows that are named, in their own order', () => {
    expect(parseOptions(['--only', 'flood, one-token']).rows).toEqual(['one-token', 'flood']);
  });

  it.each([
    [['--fast'], /^Unknown option '--fast'.*--help/],
    [['everything'], /^Unexpected argument 'everything'.*--help/],
    [['--json'], /--json.*--help/],
    [['--json', ''], /^--json needs a path\.$/],
    [['--only', 'speed'], /^There is no row "speed"; the rows are first-token, /],
  ])('answers %j with a sentence', (line, sentence) => {
    expect(() => parseOptions(line)).toThrow(OptionsError);
    expect(() => parseOptions(line)).toThrow(sentence);
  });
});
