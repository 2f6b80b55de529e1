import { describe, expect, it } from 'vitest';
import { OptionsError, parseOptions } from './chaos-options.js';
import { FAULT_NAMES } from './faults/catalogue.js';

describe('the command line of chaos', () => {
  it('makes all faults that fit into two minutes when nothing is said', () => {
    const options = parseOptions([], 7);
    expect(options).toMatchObject({ minutes: 2, seed: 7, engine: 'llama-server', json: undefined });
    expect(options.faults).toContainEqual(['worker-kill']);
    expect(options.faults).toContainEqual(['worker-kill', 'gateway-kill']);
    expect(options.faults).not.toContainEqual(['redis-40']);
  });

  it('makes every fault there is in a long run', () => {
    const single = parseOptions(['--minutes', '5'], 7).faults.filter(({ length }) => length === 1);
    expect(single.flat()).toEqual(FAULT_NAMES);
  });

  it('makes the faults that are named, some of them at once, or none', () => {
    expect(parseOptions(['--faults', 'worker-kill, redis-3+hang-up'], 7).faults).toEqual([
      ['worker-kill'],
      ['redis-3', 'hang-up'],
    ]);
    expect(parseOptions(['--faults', 'none', '--seed', '1'], 7)).toMatchObject({ faults: [], seed: 1 });
  });

  it.each([
    [['--hard'], /^Unknown option '--hard'.*--help/],
    [['everything'], /^Unexpected argument 'everything'.*--help/],
    [['--minutes', 'two'], /^--minutes needs a number\.$/],
    [['--minutes', '0'], /^--minutes must be above 0/],
    [['--seed', '1.5'], /^--seed must be a whole number/],
    [['--engine', 'steam'], /^--engine must be one of llama-server, synthetic\.$/],
    [['--faults', 'flood'], /^There is no fault "flood"; the faults are worker-kill, /],
    [['--json', ''], /^--json needs a path\.$/],
  ])('answers %j with a sentence', (line, sentence) => {
    expect(() => parseOptions(line, 7)).toThrow(OptionsError);
    expect(() => parseOptions(line, 7)).toThrow(sentence);
  });
});
