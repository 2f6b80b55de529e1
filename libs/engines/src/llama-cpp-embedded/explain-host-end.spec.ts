import { describe, expect, it } from 'vitest';
import { explainHostEnd } from './explain-host-end.js';

const end = { code: 1, signal: null, asked: false, lastLines: [] };

describe('explainHostEnd', () => {
  it.each([
    [
      'a failed check of llama.cpp',
      { code: null, signal: 'SIGABRT', lastLines: ['vocab.cpp:2539: GGML_ASSERT(a == b) failed'] },
      'gave up (SIGABRT): the model file makes llama.cpp fail its own check "a == b".',
    ],
    [
      'a file that is no model',
      { lastLines: ['error: Invalid GGUF magic. Expected "GGUF" but got "garb".'] },
      'ended with exit code 1: the model file is not a GGUF file.',
    ],
    [
      'too little memory',
      { lastLines: ['error: A context size of 4096 with 4000 sequences is too large for the available RAM'] },
      'there is not enough memory to load the model',
    ],
    ['a failure it has no sentence for', { lastLines: ['error: Odd thing.'] }, 'exit code 1: Odd thing.'],
    ['a crash without words', { code: null, signal: 'SIGSEGV' }, 'crashed (SIGSEGV).'],
  ])('tells %s', (_, changes, sentence) => {
    expect(explainHostEnd({ ...end, ...changes })).toContain(sentence);
  });

  it('says only that it was stopped when it was', () => {
    expect(explainHostEnd({ ...end, asked: true })).toBe('stopped');
  });
});
