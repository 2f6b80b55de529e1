import { describe, expect, it } from 'vitest';
import { readRuntimeFlags } from './runtime-flags.js';

describe('readRuntimeFlags', () => {
  it("puts llama-server's flags into those of the host, with values beside them or behind =", () => {
    expect(
      readRuntimeFlags([
        '--ctx-size',
        '2048',
        '-t=3',
        '--batch-size=256',
        '-ngl',
        '0',
        '--no-mmap',
        '--mlock',
      ]),
    ).toEqual([
      ['--context-size', '2048'],
      ['--threads', '3'],
      ['--batch-size', '256'],
      ['--gpu-layers', '0'],
      ['--mmap', 'off'],
      ['--mlock', 'on'],
    ]);
  });

  it('takes what answers are drawn with where requests do not say', () => {
    expect(
      readRuntimeFlags(['--temp', '0.7', '--top-p=0.9', '-s', '-1', '--presence-penalty', '-0.5', '-n', '9']),
    ).toEqual([
      ['--temperature', '0.7'],
      ['--top-p', '0.9'],
      ['--seed', '-1'],
      ['--presence-penalty', '-0.5'],
      ['--n-predict', '9'],
    ]);
  });

  it("takes a context of 0 for the model's own", () => {
    expect(readRuntimeFlags(['-c', '0'])).toEqual([]);
  });

  it.each([
    [
      ['--rope-scaling', 'yarn'],
      '"--rope-scaling" cannot be set here. The embedded llama.cpp engine knows the flags --ctx-size, --threads, --batch-size',
    ],
    [['--threads', 'many'], 'The flag --threads cannot be "many".'],
    [['--threads'], 'The flag --threads cannot be without a value.'],
    [['--reasoning-budget', '500'], 'The flag --reasoning-budget cannot be "500".'],
    [['--temp', 'abc'], 'The flag --temp cannot be "abc".'],
    [['--top-p', '1.5'], 'The flag --top-p cannot be "1.5".'],
    [['--mlock=yes'], 'The flag --mlock takes no value.'],
  ])('refuses %j with a sentence', (flags, sentence) => {
    expect(() => readRuntimeFlags(flags)).toThrow(sentence);
  });
});
