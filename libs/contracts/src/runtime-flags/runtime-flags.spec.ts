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

  it.each([
    [
      '--ctx-size abc',
      '--ctx-size of llama.cpp takes a whole number from -2147483648 to 2147483647, not "abc"',
    ],
    [
      '-c=99999999999',
      '-c of llama.cpp takes a whole number from -2147483648 to 2147483647, not "99999999999"',
    ],
    ['--temp x', '--temp of llama.cpp takes a number, not "x"'],
    ['--temp=', '--temp of llama.cpp takes a number, not ""'],
    ['--temp', '--temp of llama.cpp takes a number, and has no value'],
    ['--top-p --top-k 3', '--top-p of llama.cpp takes a number, and has no value'],
    ['--top-k 3 --top-p 1e39', '--top-p of llama.cpp takes a number, not "1e39"'],
    ['--repeat-penalty -1', '--repeat-penalty of llama.cpp takes a finite number above 0, not "-1"'],
    [
      '--seed 99999999999999999999',
      '--seed of llama.cpp takes a whole number from -1 to 18446744073709551615',
    ],
    [
      '--cache-type-k foo',
      '-k of llama.cpp takes one of f32, f16, bf16, q8_0, q4_0, q4_1, iq4_nl, q5_0, q5_1',
    ],
    ['-fa maybe', '-fa of llama.cpp takes one of on, off, auto, not "maybe"'],
    ['-ngl most', 'takes a whole number from -2147483648 to 2147483647, or one of auto, all, not "most"'],
    ['--prio 4', '--prio of llama.cpp takes a whole number from -1 to 3, not "4"'],
    ['-np 0', '-np of llama.cpp takes a whole number from 1, or -1, not "0"'],
    ['--sleep-idle-seconds 0', 'takes a whole number from 1, or -1, not "0"'],
    ['--reasoning-budget -2', 'takes a whole number from -1 to 2147483647, not "-2"'],
  ])('refuses %j, which would end llama-server when the model is loaded', (line, problem) => {
    expect(checkRuntimeFlags('llama.cpp', splitShellWords(line))).toContain(problem);
  });

  it.each([
    '-c 0 -n -1 --keep -1 -b 2048 -t -1 --top-k 40.5',
    '--temp .5 --min-p 1. --top-p 1e-3 --dynatemp-range inf',
    '--seed -1 --seed 18446744073709551615 --poll 50',
    '-ngl all -ngl auto -ngl -1 -np -1 --sleep-idle-seconds -1 --prio -1',
    '-fa -c 5 -fa on --flash-attn=1 --fit off -sm tensor --pooling rank --cache-type-v q8_0',
    '--reasoning-format auto --reasoning-budget -1 --repeat-penalty .1 --presence-penalty -2 -ncmoe 0',
    '--samplers anything --chat-template chatml --draft-max 3 --spec-type whatever',
  ])('takes %j, as llama-server does', (line) => {
    expect(checkRuntimeFlags('llama.cpp', splitShellWords(line))).toBeUndefined();
  });

  it('leaves what a value may be to engines of which it is not known', () => {
    expect(checkRuntimeFlags('vllm', ['--max-model-len', '8k'])).toBeUndefined();
  });

  it('knows the values of allowed flags only', () => {
    for (const { allowed, values } of Object.values(RUNTIME_FLAGS))
      expect([...(values?.keys() ?? [])].filter((flag) => !allowed.has(flag))).toEqual([]);
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
