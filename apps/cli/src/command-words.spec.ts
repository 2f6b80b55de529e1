import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { spellOutFlags } from './boolean-flags.js';
import { splitCommand } from './command-words.js';

describe('splitCommand', () => {
  it.each([
    [['list', '-q'], 'list', ['-q']],
    [['--host', 'list', 'ps'], 'ps', ['--host', 'list']],
    [['--host=a', '--api-key', 'k', 'rm', 'm'], 'rm', ['m', '--host=a', '--api-key', 'k']],
    [['--version'], '--version', []],
    [['--host'], undefined, []],
    [[], undefined, []],
  ])('finds the command in %j', (args, name, rest) => {
    expect(splitCommand(args)).toEqual({ name, rest });
  });
});

describe('spellOutFlags', () => {
  const command = new Command()
    .option('--json')
    .option('--think')
    .option('--no-think')
    .option('--name <text>');

  it('writes flags with a value as flags, and leaves everything else alone', () => {
    const args = ['--json=true', '--think=false', '--name=true', '--other=true', 'json=true'];
    expect(spellOutFlags(args, command)).toEqual([
      '--json',
      '--no-think',
      '--name=true',
      '--other=true',
      'json=true',
    ]);
  });

  it('leaves a flag out that is said to be off', () => {
    expect(spellOutFlags(['--json=false', 'x'], command)).toEqual(['x']);
  });

  it('touches nothing after two hyphens', () => {
    expect(spellOutFlags(['--', '--json=true'], command)).toEqual(['--', '--json=true']);
  });
});
