import { expect, it } from 'vitest';
import { choicesIn, flagsIn, versionIn } from './probe.js';

const HELP = `usage: vllm serve [model_tag] [options]
  --tool-call-parser {hermes,llama3_json,qwen3-coder} or name registered in --tool-parser-plugin
  --data-parallel-size N, -dp N  One-sided, two--sided.
  --uds UDS             Unix domain socket path.`;

it.each([
  ['0.32.0+cpu', '0.32.0+cpu'],
  ["Triton is installed, but doesn't include CPU backend.\n0.19.1\n", '0.19.1'],
  ['vllm', 'unknown'],
])('reads the version in %j', (text, version) => {
  expect(versionIn(text)).toBe(version);
});

it('reads long and short flags in a help, and the words a flag takes', () => {
  const flags = flagsIn(HELP);
  for (const flag of ['--uds', '-dp', '--tool-call-parser', '--tool-parser-plugin']) {
    expect(flags.has(flag)).toBe(true);
  }
  expect(flags.has('--sided')).toBe(false);
  expect([...choicesIn(HELP, '--tool-call-parser')]).toEqual(['hermes', 'llama3_json', 'qwen3-coder']);
  expect([...choicesIn(HELP, '--uds')]).toEqual([]);
});
