import { describe, expect, it } from 'vitest';
import { ENGINES } from '../vocabulary.js';
import { checkOverrides } from './check-overrides.js';
import { checkRuntimeFlags, RUNTIME_FLAGS } from './check-runtime-flags.js';
import { splitShellWords, UnfinishedWords } from './split-shell-words.js';

describe('checkRuntimeFlags', () => {
  it('takes flags of the engine with their values, numbers below zero among them', () => {
    const lines = ['--temp 0.7 -ngl 99', '--seed=-1 --keep -1', '--jinja --chat-template-kwargs {"a":1}', ''];
    for (const line of lines) expect(checkRuntimeFlags('llama.cpp', splitShellWords(line))).toBeUndefined();
    const vllm = '--max-num-seqs 8 --tool-call-parser hermes --enable-auto-tool-choice';
    expect(checkRuntimeFlags('vllm', splitShellWords(vllm))).toBeUndefined();
    expect(checkRuntimeFlags('sglang', ['--mem-fraction-static', '0.8', '--tp=2'])).toBeUndefined();
  });

  it('refuses flags of another engine, and says whose flags count', () => {
    expect(checkRuntimeFlags('llama.cpp', ['--max-num-seqs', '8'])).toBe(
      'The runtime flag --max-num-seqs is not allowed for llama.cpp, which is the engine that runs this model.',
    );
    expect(checkRuntimeFlags('vllm', ['--ctx-size', '8'])).toContain('--ctx-size is not allowed for vllm');
  });

  it('refuses whatever could name a file, for every engine, also where a value would stand', () => {
    for (const engine of ENGINES) {
      for (const word of ['/etc/passwd', '..\\x', '--seed=/x', '--chat-template=a/b'])
        expect(checkRuntimeFlags(engine, ['--seed', word]), `${engine} ${word}`).toBeDefined();
    }
    expect(checkRuntimeFlags('llama.cpp', ['--temp', 'a/b'])).toContain('could name a file');
  });

  it.each(['--model', '-m', '--lora', '--log-file', '--slot-save-path', '--mmproj', '--hf-repo', '--rpc'])(
    'refuses %s of llama.cpp, which reads or writes elsewhere',
    (flag) => {
      expect(checkRuntimeFlags('llama.cpp', [flag, 'x'])).toContain('is not allowed');
    },
  );

  it('says why a flag is the worker’s to choose', () => {
    expect(checkRuntimeFlags('llama.cpp', ['--api-key', 'x'])).toBe(
      'The runtime flag --api-key cannot be set for llama.cpp: the worker talks to the engine itself.',
    );
    expect(checkRuntimeFlags('vllm', ['--trust-remote-code'])).toContain('run programs that come with');
  });

  it.each([
    [['0.7', '--temp'], 'begin with "0.7", which is no flag'],
    [['--seed=--model'], 'has a flag as its value'],
    [['--'], 'is no flag'],
    [['--temp', 'a\u0000b'], 'control character'],
    [['--temp', 'x'.repeat(5_000)], 'longer than'],
    [Array.from({ length: 300 }, () => '--jinja'), 'more than 256'],
  ])('refuses what is no command line: %j', (flags, problem) => {
    expect(checkRuntimeFlags('llama.cpp', flags)).toContain(problem);
  });

  it('takes none for a server that somebody else runs', () => {
    expect(checkRuntimeFlags('openai', [])).toBeUndefined();
    expect(checkRuntimeFlags('openai', ['--seed', '1'])).toContain('takes no runtime flags');
  });

  it('no flag is both allowed and reserved, and each looks like one', () => {
    for (const { allowed, reserved } of Object.values(RUNTIME_FLAGS)) {
      expect([...reserved.keys()].filter((flag) => allowed.has(flag))).toEqual([]);
      for (const flag of allowed) expect(flag).toMatch(/^(?:-[A-Za-z]+|--[a-z][a-z0-9-]+)$/);
    }
  });
});

describe('splitShellWords', () => {
  it.each([
    ['--temp 0.7', ['--temp', '0.7']],
    ['  a\t b\n', ['a', 'b']],
    [`--grammar 'root ::= "x y"'`, ['--grammar', 'root ::= "x y"']],
    [`-j "{\\"a\\": 1}"`, ['-j', '{"a": 1}']],
    [`a"b c"d''`, ['ab cd']],
    [`''`, ['']],
    ['a\\ b', ['a b']],
    [`"a\\nb"`, ['a\\nb']],
    ['', []],
  ])('takes %j apart', (text, words) => {
    expect(splitShellWords(text)).toEqual(words);
  });

  it.each([`'a`, `"a`, 'a\\'])('refuses %j, which does not end', (text) => {
    expect(() => splitShellWords(text)).toThrow(UnfinishedWords);
  });
});

describe('checkOverrides', () => {
  it('takes plain names at every depth', () => {
    expect(checkOverrides({ rope_scaling: { type: 'dynamic', _x1: [{ a: 1 }] }, n: null })).toBeUndefined();
  });

  it.each([
    { 'a-b': 1 },
    { a: { '1b': 1 } },
    { a: [{ 'x.y': 1 }] },
    { '': 1 },
    JSON.parse('{"a":{"é":1}}') as object,
  ])('refuses %j', (overrides) => {
    expect(checkOverrides(overrides as Record<string, unknown>)).toContain('is no plain name');
  });

  it('refuses what is nested too deep', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(20)}1${'}'.repeat(20)}`) as Record<string, unknown>;
    expect(checkOverrides(deep)).toContain('nested');
  });
});
